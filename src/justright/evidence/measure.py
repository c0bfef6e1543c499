"""How to read a metric: its name, which way is better, and how to write it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A metric as people read it.

    Attributes:
        name: such as `"accuracy"`.
        higher_is_better: which way is better.
    """

    name: str
    higher_is_better: bool

    @property
    def words(self) -> str:
        """The name in words."""
        return self.name.replace("_", " ")

    @property
    def is_share(self) -> bool:
        """Whether it is a share of rows, written in percent."""
        return self.name == "accuracy"

    def advantage(self, a: float, b: float) -> float:
        """By how much `a` is better than `b`."""
        return a - b if self.higher_is_better else b - a

    def show(self, value: float) -> str:
        """A value: `"94.4 %"`, or four digits."""
        return f"{100 * value:.1f} %" if self.is_share else _digits(value, 4)

    def show_interval(self, low: float, high: float) -> tuple[str, str]:
        """The ends of an interval of values; no share lies outside 0 to 100 %."""
        ends = (max(low, 0.0), min(high, 1.0)) if self.is_share else (low, high)
        return self.show(ends[0]), self.show(ends[1])

    def show_difference(self, value: float) -> str:
        """A difference: `"5.6 points"` (of a percentage), or three digits."""
        return f"{_points([value])[0]} points" if self.is_share else _digits(value, 3)

    def show_range(self, low: float, high: float) -> str:
        """The ends of an interval of differences: `"0.2 to 1.4"`."""
        return " to ".join(self._ends(low, high))

    def show_ways(self, low: float, high: float, along: str, against: str) -> str:
        """The ends of an interval of differences in words: `"0.2 lower to 1.4 higher"`.

        Args:
            low, high: the ends; where both lie on one side of 0, they alone are shown.
            along: what a difference above 0 is called.
            against: what one below 0 is called.
        """
        if low >= 0 or high <= 0:
            return self.show_range(low, high)
        below, above = self._ends(-low, high)
        return f"{below} {against} to {above} {along}"

    def _ends(self, *ends: float) -> list[str]:
        return _points(list(ends)) if self.is_share else [_digits(end, 3) for end in ends]

    def direction(self, advantage: float) -> str:
        """Which way a figure with this advantage lies: `"higher"` or `"lower"`."""
        return "higher" if (advantage > 0) == self.higher_is_better else "lower"


def minus(number: str) -> str:
    """A number as people read it: with a minus sign, which 0 has not.

    >>> minus("-0.3"), minus("-0.0"), minus("-2e-05")
    ('−0.3', '0.0', '−2e-05')
    """
    if not number.startswith("-"):
        return number
    return f"−{number[1:]}" if any(one in "123456789" for one in number) else number[1:]


def _digits(value: float, digits: int) -> str:
    """Significant digits, large numbers written out: `"0.312"`, `"65,020"`."""
    if not 10**digits <= abs(value) < 1e6:
        return minus(f"{value:.{digits}g}")
    return minus(f"{float(f'{value:.{digits}g}'):,.0f}")


def _points(shares: list[float]) -> list[str]:
    """In hundredths, with as many decimals as it takes that only 0 reads as 0."""
    smallest = min((abs(100 * share) for share in shares if share), default=1.0)
    decimals = next((d for d in (1, 2, 3) if round(smallest, d)), 1)
    return [minus(f"{100 * share:.{decimals}f}") for share in shares]
