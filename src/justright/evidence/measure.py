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
        return f"{100 * value:.1f} %" if self.is_share else f"{value:.4g}"

    def show_difference(self, value: float, sign: bool = False) -> str:
        """A difference: `"5.6 points"` (of a percentage), or three digits."""
        plus = "+" if sign else ""
        return f"{100 * value:{plus}.1f} points" if self.is_share else f"{value:{plus}.3g}"

    def show_range(self, low: float, high: float) -> str:
        """The ends of an interval of differences: `"0.2 to 1.4"`."""
        if self.is_share:
            return f"{100 * low:.1f} to {100 * high:.1f}"
        return f"{low:.3g} to {high:.3g}"
