"""From probabilities to classes: by thresholds that are given, or tuned on validation rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from justright.evidence.blend import class_shares, prior_exponent

_CANDIDATES = 200
_FACTORS = np.geomspace(1 / 8, 8, 25)
_ROUNDS = 2
_MANY = 20

Score = Callable[[np.ndarray], float]
"""`thresholds → score` of what they decide, higher is better."""


def decided(probabilities: np.ndarray, thresholds: np.ndarray, several: bool) -> np.ndarray:
    """What is predicted.

    Args:
        probabilities: (rows, classes), or (rows, labels) of several labels a row.
        thresholds: (classes,) the class whose probability is the largest multiple of its
            threshold is predicted; equal ones predict the most probable class, and of two
            classes (1 − t, t) predict the second where its probability is above t. Of several
            labels (labels,): those above are predicted.
        several: whether rows have several labels.

    Returns:
        (rows,) positions of classes, or (rows, labels) of 0 and 1.
    """
    if several:
        return (probabilities > thresholds).astype(int)
    if len(thresholds) == 2:
        return (probabilities[:, 1] > thresholds[1]).astype(int)
    found: np.ndarray = np.argmax(probabilities / thresholds, axis=1)
    return found


def tuned(probabilities: np.ndarray, score: Score, several: bool) -> np.ndarray:
    """The thresholds (classes,) or (labels,) that score best on rows, near the usual ones.

    Of two classes, and of each label, every threshold that decides otherwise is tried. Of more
    classes one threshold after the other is multiplied by factors from ⅛ to 8, twice over; of
    more than 20, by fewer factors and once.
    Where several score the same, it is the one nearest to the usual that is taken.

    Args:
        probabilities: of rows that the network has not been trained on.
        score: of thresholds.
        several: whether rows have several labels.
    """
    classes = probabilities.shape[1]
    if several:
        best = np.full(classes, 0.5)
        for label in range(classes):
            tried = [_with(best, label, t) for t in _between(probabilities[:, label])]
            best = _best([best, *tried], best, score)
        return best
    if classes == 2:
        usual = np.array([0.5, 0.5])
        tried = [np.array([1 - t, t]) for t in _between(probabilities[:, 1])]
        return _best([usual, *tried], usual, score)
    best = np.full(classes, 1 / classes)
    factors, rounds = (_FACTORS, _ROUNDS) if classes <= _MANY else (_FACTORS[::4], 1)
    for _ in range(rounds):
        for one in range(classes):
            tried = [_with(best, one, best[one] * factor) for factor in factors]
            best = _best([best, *tried], best, score)
    normed: np.ndarray = best / best.sum()
    return normed


def balanced(p: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The thresholds (classes,) for balanced accuracy: a power of the classes' shares.

    Args:
        p: (rows, classes) of rows that the network has not been trained on.
        y: (rows,) positions of their classes.
        weights: (rows,) what each row counts; None if all count alike.

    Source: as of `prior_exponent`.
    """
    shares = class_shares(y, p.shape[1], weights)
    powers: np.ndarray = shares ** prior_exponent(p, y, weights)
    return powers / powers.sum()


def _between(p: np.ndarray) -> np.ndarray:
    """Numbers between neighboring probabilities, at most 200 of them."""
    values = np.unique(p)
    if len(values) > _CANDIDATES:
        values = np.unique(np.quantile(values, np.linspace(0, 1, _CANDIDATES)))
    between: np.ndarray = (values[1:] + values[:-1]) / 2
    return between


def _with(thresholds: np.ndarray, position: int, value: float) -> np.ndarray:
    changed = thresholds.copy()
    changed[position] = value
    return changed


def _best(tried: list[np.ndarray], usual: np.ndarray, score: Score) -> np.ndarray:
    scores = np.array([score(one) for one in tried])
    far = [float(np.abs(np.log(one / usual)).max()) for one in tried]
    good = [i for i in range(len(tried)) if scores[i] >= scores.max() - 1e-12]
    return tried[min(good, key=lambda i: far[i])]
