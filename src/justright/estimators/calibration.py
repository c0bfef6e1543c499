"""How far probabilities can be trusted: on rows that the judged network was not trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_BINS = 15
_DRAWS = 200


@dataclass(frozen=True)
class Calibration:
    """Probabilities against what came, on validation rows.

    Attributes:
        rows: how many.
        log_loss: −ln of the probability of what came, the mean.
        brier: squared distance of the probabilities from what came, summed over classes, the
            mean: from 0 to 2.
        error: the expected calibration error: rows are sorted by the probability of the class
            that is predicted and cut into bins of equal size (15, or as many as leave 10 rows
            each); the mean over rows of |share that was right − mean probability| of their bin.
            Of several labels, every label of a row counts as a row of two classes.
        by_chance: the same for probabilities that are exactly right, the mean over 200 draws of
            what might have come: of few rows it is far from 0, and an `error` near it shows
            no miscalibration.

    Source: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML
    2017, equation 3; bins of equal size: Nixon et al., "Measuring calibration in deep
    learning", CVPR workshops 2019; draws: Bröcker and Smith, "Increasing the reliability of
    reliability diagrams", Weather and Forecasting 2007.
    """

    rows: int
    log_loss: float
    brier: float
    error: float
    by_chance: float

    def __str__(self) -> str:
        return (
            f"log-loss {self.log_loss:.3g}, calibration error {100 * self.error:.1f} points on "
            f"{self.rows} validation rows, where exact probabilities would show about "
            f"{100 * self.by_chance:.1f}"
        )


def calibration_of(probabilities: np.ndarray, codes: np.ndarray) -> Calibration:
    """Probabilities against what came.

    Args:
        probabilities: (rows, classes).
        codes: (rows,) which class came.
    """
    rows, classes = probabilities.shape
    came = probabilities[np.arange(rows), codes]
    small = np.finfo(np.float32).eps
    confidence = probabilities.max(axis=1)
    order = np.argsort(confidence, kind="stable")
    sure = confidence[order]
    right = (probabilities.argmax(axis=1) == codes)[order]
    # The class that is predicted comes with the probability that it is given.
    might = np.random.default_rng(0).random((_DRAWS, rows)) < sure
    return Calibration(
        rows=rows,
        log_loss=float(-np.log(np.clip(came, small, 1)).mean()),
        brier=float(np.square(probabilities - np.eye(classes)[codes]).sum(axis=1).mean()),
        error=float(_error(sure, right[None])[0]),
        by_chance=float(_error(sure, might).mean()),
    )


def calibration_of_labels(probabilities: np.ndarray, y: np.ndarray) -> Calibration:
    """The same of several labels a row: each is a row of two classes.

    Args:
        probabilities: (rows, labels).
        y: (rows, labels) of 0 and 1.
    """
    p = probabilities.ravel()
    return calibration_of(np.column_stack([1 - p, p]), y.ravel().astype(int))


def _error(sure: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The calibration error (draws,) of sorted confidences (rows,) and hits (draws, rows)."""
    rows = len(sure)
    bins = np.array_split(np.arange(rows), max(1, min(_BINS, rows // 10)))
    shares = [
        len(one) / rows * np.abs(right[:, one].mean(axis=1) - sure[one].mean()) for one in bins
    ]
    total: np.ndarray = np.sum(shares, axis=0)
    return total
