"""Intervals for a mean over seeds and splits."""

from __future__ import annotations

import math
from dataclasses import dataclass

CONFIDENCE = 0.95
FEWEST, _FEWEST_ALIKE = 3, 6


@dataclass(frozen=True)
class Interval:
    """A mean and the interval that covers it.

    Attributes:
        mean: of the values.
        low, high: ends of the interval; infinite for fewer than two values.
        count: of what is independent: splits where there are several, or else runs.
        of_splits: whether splits are counted.
    """

    mean: float
    low: float
    high: float
    count: int
    of_splits: bool = False

    @property
    def enough(self) -> bool:
        """Whether the values are enough to claim anything: three, or six if all are alike.

        Figures such as accuracy move in steps, so a few equal values are no sign
        that the next would be equal too.
        """
        if not math.isfinite(self.high - self.low):
            return False
        alike = self.high - self.low <= 1e-6 * max(abs(self.mean), 1e-3)
        return self.count >= (_FEWEST_ALIKE if alike else FEWEST)

    @property
    def ends(self) -> tuple[float, float]:
        """Low and high where the values are enough to claim anything; else infinite."""
        return (self.low, self.high) if self.enough else (-math.inf, math.inf)

    def too_few(self, what: str) -> str:
        """Why there is no interval: `"2 runs, too few for an interval"`; empty where there is one.

        Args:
            what: the values are, as for `counted`.
        """
        if self.enough:
            return ""
        alike = ", all alike" if self.count >= FEWEST and math.isfinite(self.mean) else ""
        return f"{self.counted(what)}{alike}, too few for an interval"

    @property
    def negative(self) -> Interval:
        """That of the mean with the other sign."""
        return Interval(-self.mean, -self.high, -self.low, self.count, self.of_splits)

    def counted(self, what: str) -> str:
        """How many, in words: `"1 run"`, `"3 pairs"`, or `"2 splits"`.

        Args:
            what: the values are, where splits are not counted.
        """
        return f"{self.count} {'split' if self.of_splits else what}{'' if self.count == 1 else 's'}"


def wilson_interval(share: float, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share of independent rows.

    >>> [round(end, 3) for end in wilson_interval(0.9, 10)]
    [0.596, 0.982]

    Source: Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association, 1927.
    """
    z = 1.96
    middle = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
    reach = z / (1 + z**2 / rows) * math.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)
