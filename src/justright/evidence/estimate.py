"""A mean over seeds and splits, and what is known of its error when splits share rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import chdtri, gammaln, ndtr, stdtr, stdtrit

from justright.evidence.interval import CONFIDENCE, Interval

# So few nodes give tails to four digits (`tests/test_estimate.py`).
_NODES, _NODES_WITHIN = 160, 40
_FAR = 1e-10
# Figures come in single precision: differences that cancel leave so much of the largest.
_ROUNDING = 1e-7


@dataclass(frozen=True)
class Estimate:
    """The mean of some figure, and the parts of its variance.

    With one split the values of its seeds are independent, and the error is Student's. With
    several, a figure is mean + what its split does to it + what its seed does to it. Seeds are
    drawn anew in each split, so their part is independent; that of the splits is not, because
    splits share rows. With J splits of S seeds each, the variance of the mean is

        V = β/J + r · (β − ω/S),   β the variance of the splits' means, ω that of seeds,

    where r is Nadeau and Bengio's correction (`Overlap`). With one seed a split, or seeds that
    change nothing, V = (1/J + r) β, and the error is theirs: Student's t with J − 1 degrees of
    freedom. Seeds are no reason to widen it by r, so what they contribute is taken out, and the
    uncertainty of that is carried along: the error is distributed as Z √V*, where β* and ω* in V*
    are what β and ω may be after what was seen (a generalized pivotal quantity; β − ω/S is at
    least 0).

    How often a 95 % interval covers the mean, simulated (`tests/test_calibration.py`):

    - 95 % for seeds of one split, and for one seed a split where splits correlate as r says;
      93 to 97 % for several seeds a split, and up to 99 % where next to all of the variance is
      seeds' and splits are many;
    - 94 to 100 % for ridge regressions on random splits: the more, the less what the judged rows
      vary tells of the difference; 97 to 100 % for one K-fold, whose test parts share no rows;
    - 92 to 96 % for ridge regressions on fixed test rows, where training rows alone differ;
    - 82 to 91 % for a learner that takes one feature of eight on 40 to 60 rows, and so jumps from
      split to split (without r: 49 to 79 %): no correction holds for all learners.

    Attributes:
        mean: over splits of the means over seeds.
        count: how many values.
        units: how many independent values: splits if there are several, or else seeds.
        of_splits: whether there are several splits.
        between: variance of the units' means (β).
        within: the part of it that seeds explain (ω/S), 0 if that is not known.
        freedom: degrees of freedom of `within`.
        ratio: r.

    Source: Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52,
        2003 (corrected resampled t-test); Bouckaert and Frank, PAKDD 2004 (the same for repeated
        K-fold); Weerahandi, "Generalized confidence intervals", JASA 88, 1993.
    """

    mean: float
    count: int
    units: int
    of_splits: bool = False
    between: float = math.nan
    within: float = 0.0
    freedom: int = 0
    ratio: float = 0.0

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        """What covers the mean so often; infinite for fewer than two units."""
        reach = self._reach(0.5 + confidence / 2)
        if math.isinf(reach):
            return Interval(self.mean, -reach, reach, self.units, self.of_splits)
        low, high = self.mean - reach, self.mean + reach
        return Interval(self.mean, low, high, self.units, self.of_splits)

    def p_value(self) -> float:
        """Of a mean of 0, two-sided; NaN for fewer than two units."""
        return min(2 * self._beyond(abs(self.mean)), 1.0)

    def p_outside(self, margin: float) -> float:
        """Of a mean outside ±margin: two one-sided tests, the larger p-value.

        Source: Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987.
        """
        return max(self._beyond(margin + self.mean), self._beyond(margin - self.mean))

    @property
    def of_rows(self) -> float:
        """The part of `between` that splits explain, without seeds; at least 0."""
        return max(self.between - self.within, 0.0)

    @property
    def variance(self) -> float:
        """Of the mean, as estimated; NaN of no values."""
        if not self.units:
            return math.nan
        shared = self.ratio * self.of_rows if self.of_rows else 0.0
        return self.between / self.units + shared

    @property
    def _plain(self) -> bool:
        """Whether the error is Student's."""
        return self.ratio == 0 or self.within == 0 or self.freedom == 0

    def _reach(self, share: float) -> float:
        """The error that is not exceeded with this probability, more than a half."""
        if self.units < 2 or math.isinf(self.ratio):
            return math.inf
        quantile = float(stdtrit(self.units - 1, share))
        widest = quantile * math.sqrt(self.between * (1 / self.units + self.ratio))
        if self._plain or widest == 0:
            return widest
        narrowest = quantile * math.sqrt(self.between / self.units)
        rest = 1 - share
        # Imported here, for it takes as long as half of JAX.
        from scipy.optimize import brentq

        # The ends are bounds, up to the accuracy of the nodes.
        ends = 0.99 * narrowest, 1.01 * widest
        return float(brentq(lambda error: self._beyond(error) - rest, *ends, rtol=1e-6))

    def _beyond(self, error: float) -> float:
        """How probable an error above this is."""
        if self.units < 2:
            return math.nan
        if math.isinf(self.ratio):
            return 0.5
        if self.between == 0:
            return 0.0 if error > 0 else 1.0 if error < 0 else 0.5
        if self._plain:
            scale = math.sqrt(self.between * (1 / self.units + self.ratio))
            return float(stdtr(self.units - 1, -error / scale))
        between, chance = _nodes(self.units - 1, _NODES)
        within, chance_within = _nodes(self.freedom, _NODES_WITHIN)
        between, within = self.between * between[:, None], self.within * within
        variance = between / self.units + self.ratio * np.maximum(between - within, 0)
        return float(chance @ ndtr(-error / np.sqrt(variance)) @ chance_within)


def estimate(values: np.ndarray, splits: np.ndarray | None = None, ratio: float = 0.0) -> Estimate:
    """The mean of figures of runs.

    Args:
        values: (n,); NaN (failed runs) are left out.
        splits: (n,), the split of each; one split if None.
        ratio: Nadeau and Bengio's correction for splits that share rows, ρ/(1 − ρ) of the
            correlation ρ between two splits' figures: n_test/n_train.

    >>> estimate(np.array([1.0, 2.0, 3.0])).interval()
    Interval(mean=2.0, low=-0.484..., high=4.484..., count=3, of_splits=False)

    Source: for one split, Student, "The probable error of a mean", Biometrika, 1908.
    """
    values = np.asarray(values, float)
    known = ~np.isnan(values)
    several = splits is not None and len(np.unique(splits)) > 1
    groups = np.asarray(splits)[known] if several else np.arange(known.sum())
    values = values[known]
    _, of, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    units = len(sizes)
    if units == 0:
        return Estimate(math.nan, 0, 0, several)
    means = np.bincount(of, values) / sizes
    mean = float(means.mean())
    if abs(mean) <= _ROUNDING * np.abs(values).max():
        mean = 0.0
    if units == 1:
        return Estimate(mean, len(values), 1, several)
    freedom = len(values) - units
    scatter = float(((values - means[of]) ** 2).sum())
    return Estimate(
        mean=mean,
        count=len(values),
        units=units,
        of_splits=several,
        between=float(means.var(ddof=1)),
        within=scatter / freedom * float((1 / sizes).mean()) if freedom else 0.0,
        freedom=freedom,
        ratio=ratio if several else 0.0,
    )


@lru_cache(maxsize=64)
def _nodes(freedom: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """What a variance may be in units of what was seen, freedom/χ², and how probable each is.

    The trapezoid rule on log χ², where the density falls off on both sides.
    """
    low, high = np.log(chdtri(freedom, 1 - _FAR)), np.log(chdtri(freedom, _FAR))
    logs = np.linspace(low, high, count)
    chance = np.exp(freedom / 2 * logs - np.exp(logs) / 2 - gammaln(freedom / 2))
    return freedom * np.exp(-logs), chance / chance.sum()
