"""A prediction with its draws: intervals, and how likely targets are under it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, ndtr

from justright.data.arrays import checked_targets
from justright.errors import DataError
from justright.evidence.interval import CONFIDENCE

# Halvings of the range that holds a quantile: to 10⁻¹² of it.
_HALVINGS = 40
_DEVIATIONS = 8.0


@dataclass(frozen=True)
class Prediction:
    """What a network predicts for rows.

    Attributes:
        mean: (rows, …), the outputs, or their mean over the samples.
        spread: (rows, …), the standard deviation over the samples (divided by one less than
            there are); None without samples.
        draws: (samples, rows, …); None without samples, or where they would take more than
            1 GB.
    """

    mean: np.ndarray
    spread: np.ndarray | None
    draws: np.ndarray | None = None

    def interval(
        self, confidence: float = CONFIDENCE, precision: float | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the central interval over the samples, output by output.

        Args:
            confidence: the share of the samples that lies between them, in (0, 1).
            precision: τ of numbers, one over the variance of the targets around the network's
                outputs: with it the interval is one for new targets, without one for outputs.

        Returns:
            Two arrays (rows, …).

        Raises:
            DataError: no samples, or a confidence or precision that is none.
        """
        draws = self._drawn()
        if not 0 < confidence < 1:
            raise DataError(f"confidence={confidence!r} lies between 0 and 1, as 0.95 does.")
        tails = ((1 - confidence) / 2, (1 + confidence) / 2)
        if precision is None:
            low, high = np.quantile(draws, tails, axis=0)
        else:
            deviation = 1 / np.sqrt(_checked(precision))
            low, high = (_mixture_quantile(draws, deviation, share) for share in tails)
        return low, high

    def log_likelihood(self, y: object, precision: float) -> float:
        """The mean log-likelihood of targets, if they are normal around each draw.

        log(1/S · Σₛ N(y; drawₛ, 1/τ)), the mean over rows.

        Args:
            y: (rows,) or (rows, outputs) of numbers.
            precision: τ, in one over the targets' unit squared.

        Raises:
            DataError: no samples, targets that do not fit, a precision that is none.

        Source: Gal & Ghahramani, "Dropout as a Bayesian approximation: representing model
        uncertainty in deep learning", ICML 2016, equation 8.
        """
        return float(self._likelihood(y)(_checked(precision)))

    def fitted_precision(self, y: object) -> float:
        """The τ under which targets are most likely.

        Args:
            y: (rows,) or (rows, outputs) of numbers, of rows that did not train.

        Raises:
            DataError: no samples, or targets that do not fit.
        """
        # Imported here, for it takes as long as half of JAX.
        from scipy.optimize import minimize_scalar

        likelihood = self._likelihood(y)
        errors = np.square(self.mean - _like(y, self.mean))
        # The best τ is no smaller than what all errors, draws' spread included, ask for.
        start = np.log(1 / max(float(errors.mean()), np.finfo(float).tiny))
        found = minimize_scalar(
            lambda log: -likelihood(np.exp(log)), bounds=(start - 7, start + 14), method="bounded"
        )
        return float(np.exp(found.x))

    def _likelihood(self, y: object) -> Callable[[float], float]:
        draws = self._drawn()
        targets = _like(y, self.mean)
        squares = np.square(draws - targets, dtype=float)
        squares = squares.reshape(*squares.shape[:2], -1).sum(axis=2)
        outputs = self.mean[0].size

        def likelihood(precision: float) -> float:
            logs = logsumexp(-0.5 * precision * squares, axis=0) - np.log(len(draws))
            return float(logs.mean() + 0.5 * outputs * np.log(precision / (2 * np.pi)))

        return likelihood

    def _drawn(self) -> np.ndarray:
        if self.draws is not None:
            return self.draws
        if self.spread is None:
            raise DataError(
                "This prediction has no samples. Ask for some: study.predict(X, recipe, "
                "samples=100)."
            )
        raise DataError(
            "The draws would take more than 1 GB and were not kept. Predict fewer rows at a time, "
            "or draw fewer samples."
        )


def _like(y: object, mean: np.ndarray) -> np.ndarray:
    targets = checked_targets(y, len(mean), "y", "The prediction")
    if targets.dtype.kind not in "iuf" or targets.size != mean.size:
        raise DataError(
            f"y is {targets.dtype} of shape {targets.shape}, and the outputs are numbers of shape "
            f"{mean.shape}. Give a number for each."
        )
    return targets.reshape(mean.shape)


def _checked(precision: float) -> float:
    if not np.isfinite(precision) or precision <= 0:
        raise DataError(f"precision={precision!r}: it is one over a variance, a number above 0.")
    return float(precision)


def _mixture_quantile(draws: np.ndarray, deviation: float, share: float) -> np.ndarray:
    """Where a mixture of normal distributions around the draws has so much below it."""
    low = draws.min(axis=0) - _DEVIATIONS * deviation
    high = draws.max(axis=0) + _DEVIATIONS * deviation
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = ndtr((middle - draws) / deviation).mean(axis=0) < share
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2
