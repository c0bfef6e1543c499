"""Intervals for a mean over seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean and the interval that covers it.

    Attributes:
        mean: of the values.
        low, high: ends of the interval; infinite for fewer than two values.
        count: how many values.
    """

    mean: float
    low: float
    high: float
    count: int

    @property
    def enough(self) -> bool:
        """Whether the values are enough to claim anything: three, or six if all are alike.

        Figures such as accuracy move in steps, so a few equal values are no sign
        that the next would be equal too.
        """
        alike = self.high - self.low <= 1e-6 * max(abs(self.mean), 1e-3)
        return self.count >= (6 if alike else 3)


def mean_interval(values: np.ndarray, confidence: float = CONFIDENCE) -> Interval:
    """Student's t interval for the mean of independent values.

    Args:
        values: (n,); NaN (failed trials) are left out.
        confidence: how often such an interval covers the mean.

    >>> mean_interval(np.array([1.0, 2.0, 3.0]))
    Interval(mean=2.0, low=-0.484..., high=4.484..., count=3)

    Source: Student, "The probable error of a mean", Biometrika, 1908.
    """
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    count = len(values)
    if count == 0:
        return Interval(np.nan, -np.inf, np.inf, 0)
    mean = float(values.mean())
    if count == 1:
        return Interval(mean, -np.inf, np.inf, 1)
    error = float(values.std(ddof=1) / np.sqrt(count))
    reach = float(stdtrit(count - 1, 0.5 + confidence / 2)) * error
    return Interval(mean, mean - reach, mean + reach, count)


def wilson_interval(share: float, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share of independent rows.

    >>> [round(end, 3) for end in wilson_interval(0.9, 10)]
    [0.596, 0.982]

    Source: Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association, 1927.
    """
    z = 1.96
    middle = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
    reach = z / (1 + z**2 / rows) * np.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2))
    return float(max(0.0, middle - reach)), float(min(1.0, middle + reach))
