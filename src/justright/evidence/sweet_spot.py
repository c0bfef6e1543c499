"""Where on a grid of strengths the best lies, and how sure that is: functions of scores alone.

Scores are arrays (points, seeds, splits) without gaps, in which larger is better. All points
have the same seeds and splits, so they compare in pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from justright.errors import DataError
from justright.evidence.estimate import Estimate, estimate
from justright.evidence.interval import CONFIDENCE

DRAWS = 4000
_EQUAL = 1e-9
_FEWEST = 3


@dataclass(frozen=True)
class SweetSpot:
    """The best of some points, and how sure that is.

    Attributes:
        best: its position.
        one_standard_error: that of the point that regularizes most among those that are not
            worse than the best by more than its standard error.
        wins: how often each point is the best when seeds and splits are drawn anew, (points,);
            0 where trials failed.
        resampled: whether there were enough seeds or splits to draw from: three.
    """

    best: int
    one_standard_error: int
    wins: np.ndarray
    resampled: bool


def find_sweet_spot(
    scores: np.ndarray, tie: np.ndarray, strength: np.ndarray, ratio: float = 0.0
) -> SweetSpot:
    """Find it.

    Args:
        scores: what chooses, (points, seeds, splits), NaN for trials that failed.
        tie: decides among points that are equal, likewise.
        strength: how strongly each point regularizes, as `strengths_of` says, (points,).
        ratio: Nadeau and Bengio's correction for splits that share rows (`Overlap`).

    Raises:
        DataError: trials fail in every seed.
    """
    points, seeds = without_failures(scores)
    kept = scores[np.ix_(points, seeds)]
    best = best_point(kept, tie[np.ix_(points, seeds)], strength[points])
    nearly = one_standard_error(kept, best, strength[points], ratio)
    won = np.zeros(len(scores))
    won[points] = wins(kept, ratio)
    return SweetSpot(
        int(points[best]), int(points[nearly]), won, units_of(kept).shape[-1] >= _FEWEST
    )


def without_failures(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which points may be chosen, and the seeds in which all of those ended well.

    Points at which more trials fail than elsewhere are no candidates: what is left of them
    would be the mean of their lucky seeds.

    Args:
        scores: (points, seeds, splits), NaN for a trial that failed.

    Returns:
        Their positions, and of which seeds to take the scores.

    Raises:
        DataError: trials fail in every seed.
    """
    failed = np.isnan(scores)
    count = failed.sum(axis=(1, 2))
    points = np.flatnonzero(count == count.min())
    seeds = np.flatnonzero(~failed[points].any(axis=(0, 2)))
    if not len(seeds):
        raise DataError(
            "Trials fail in every seed, so no point can be chosen: their loss becomes infinite or "
            "not a number. Use a smaller learning rate, or leave the largest strengths out."
        )
    return points, seeds


def units_of(scores: np.ndarray) -> np.ndarray:
    """What is independent: means (…, splits) over seeds, or the seeds of one split.

    Seeds are drawn anew in each split, so what they disturb is in the means of the splits.

    Args:
        scores: (…, seeds, splits).
    """
    return scores.mean(axis=-2) if scores.shape[-1] > 1 else scores[..., 0]


def estimate_over_runs(scores: np.ndarray, ratio: float = 0.0) -> Estimate:
    """The mean of scores (seeds, splits), with the error that `Estimate` knows."""
    splits = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    return estimate(scores.ravel(), splits.ravel(), ratio)


def standard_error(scores: np.ndarray, ratio: float = 0.0) -> float:
    """The standard error of the mean of scores (seeds, splits); NaN for a single unit."""
    return math.sqrt(estimate_over_runs(scores, ratio).variance)


def best_point(scores: np.ndarray, tie: np.ndarray, strength: np.ndarray) -> int:
    """The point with the best mean; among equals the better by `tie`, then the least strong.

    Args:
        scores: (points, seeds, splits).
        tie: a second figure, likewise.
        strength: how strongly each point regularizes, (points,).
    """
    means, second = scores.mean(axis=(1, 2)), tie.mean(axis=(1, 2))
    equal = [int(i) for i in np.flatnonzero(means >= means.max() - _EQUAL)]
    return min(equal, key=lambda i: (-second[i], strength[i]))


def one_standard_error(
    scores: np.ndarray, best: int, strength: np.ndarray, ratio: float = 0.0
) -> int:
    """The point that regularizes most of those that are not worse by more than a standard error.

    The standard error is that of the best point's mean; of points that are equally strong, the
    one with the best mean.

    Source: Breiman, Friedman, Olshen, Stone, "Classification and regression trees", 1984,
    section 3.4.3; Friedman, Hastie, Tibshirani, "Regularization paths for generalized linear
    models via coordinate descent", Journal of Statistical Software 33, 2010 (`lambda.1se`).
    """
    means, error = scores.mean(axis=(1, 2)), standard_error(scores[best], ratio)
    reach = _EQUAL if np.isnan(error) else error + _EQUAL
    near = [int(i) for i in np.flatnonzero(means >= means[best] - reach)]
    return max(near, key=lambda i: (strength[i], means[i]))


def strengths_of(coordinates: np.ndarray, stronger: Sequence[int]) -> np.ndarray:
    """How strongly each point regularizes, (points,): its mean rank over axes, 0 to 1.

    Args:
        coordinates: (points, axes), the values of the strengths.
        stronger: for each axis 1 where larger is stronger, −1 where smaller is, 0 if unknown.
    """
    ranks = []
    for column, sign in zip(coordinates.T, stronger, strict=True):
        directed = sign * column if sign else np.zeros(len(column))
        values = np.unique(directed)
        ranks.append(np.searchsorted(values, directed) / max(len(values) - 1, 1))
    return np.asarray(np.mean(ranks, axis=0))


def wins(scores: np.ndarray, ratio: float = 0.0, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """How often each point is the best when splits, or the seeds of one, are drawn anew, (points,).

    A paired bootstrap: all points have the same draws. Deviations from the mean are scaled so
    that their variance is Var·(1/n + ratio) of the n units. Points that are equal share a win.
    A single unit has nothing to resample: its best point wins always.

    Args:
        scores: (points, seeds, splits).
        ratio: Nadeau and Bengio's correction for splits that share rows (`Overlap`).
        draws: how many resamples.
        seed: of the draws.

    Source: Efron & Tibshirani, "An introduction to the bootstrap", 1993, chapter 6.
    """
    units = units_of(scores)
    count, means = units.shape[1], units.mean(axis=1)
    drawn = np.repeat(means[None], draws, axis=0)
    if count > 1:
        rng = np.random.default_rng(seed)
        weights = rng.multinomial(count, np.full(count, 1 / count), draws) / count
        scale = np.sqrt(count / (count - 1) * (1 + count * ratio))
        drawn += scale * (weights @ units.T - means)
    first = drawn >= drawn.max(axis=1, keepdims=True) - _EQUAL
    return np.asarray((first / first.sum(axis=1, keepdims=True)).mean(axis=0))


def likely_values(
    values: np.ndarray, won: np.ndarray, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Between which values of a strength the best lies: 2.5 % of the wins at each end left out.

    Args:
        values: of the strength, (points,).
        won: the share of wins of each point.
        confidence: the share of the wins that lies between the two at least.

    >>> likely_values(np.array([0.0, 0.2, 0.5, 0.8]), np.array([0.01, 0.7, 0.29, 0.0]))
    (0.2, 0.5)
    """
    different = np.unique(values)
    share = np.array([won[values == value].sum() for value in different]).cumsum()
    tail, last = (1 - confidence) / 2, len(different) - 1
    low, high = np.searchsorted(share, [tail + _EQUAL, 1 - tail - _EQUAL])
    return float(different[min(int(low), last)]), float(different[min(int(high), last)])


def underfitting(
    train: np.ndarray,
    validation: np.ndarray,
    reference: int,
    ratios: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    """At which points training and validation are both worse than at the reference, (points,).

    Both paired 95 % intervals lie below zero, of at least three seeds or splits.

    Args:
        train, validation: scores (points, seeds, splits).
        reference: the point with the strengths off.
        ratios: of train and validation figures, corrections for splits that share rows.
    """

    def falls(scores: np.ndarray, ratio: float) -> bool:
        change = estimate_over_runs(scores, ratio).interval()
        return change.count >= _FEWEST and change.high < 0

    changes = zip(train - train[reference], validation - validation[reference], strict=True)
    return np.array(
        [falls(fit, ratios[0]) and falls(held, ratios[1]) for fit, held in changes], bool
    )
