"""Where values of a strength stand on an axis: linear, or logarithmic with 0 beyond a break."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from justright.regularizers.axis import Axis
from justright.report.curves import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_TICKS = 9
_WIDE = 20.0  # Largest over smallest value from which an axis is logarithmic.


@dataclass(frozen=True)
class Scale:
    """Positions on an axis for the values of a strength.

    Attributes:
        values: in ascending order.
        positions: of the values.
        breaks: positions of the marks that say where the logarithm ends.
        logarithmic: whether it is one.
    """

    values: np.ndarray
    positions: np.ndarray
    breaks: tuple[float, ...]
    logarithmic: bool

    @classmethod
    def of(cls, values: Sequence[float]) -> Scale:
        """Logarithmic where values lie far apart or one is infinite."""
        ordered = np.unique(np.asarray(values, float))
        inside = (ordered > 0) & np.isfinite(ordered)
        some = ordered[inside]
        wide = len(some) > 1 and some[-1] / some[0] >= _WIDE
        if ordered[0] < 0 or not len(some) or not (wide or np.isinf(ordered[-1])):
            return cls(ordered, ordered, (), False)
        positions = np.zeros(len(ordered))
        positions[inside] = np.log10(some)
        low, high = positions[inside][[0, -1]]
        gap = max(0.13 * (high - low), 0.3)
        positions[ordered == 0] = low - gap
        positions[np.isinf(ordered)] = high + gap
        beyond = ((ordered[0] == 0, low - gap / 2), (np.isinf(ordered[-1]), high + gap / 2))
        return cls(ordered, positions, tuple(mark for there, mark in beyond if there), True)

    def at(self, value: float) -> float:
        """The position of one of the values."""
        return float(self.positions[np.searchsorted(self.values, value)])

    def edges(self, value: float) -> tuple[float, float]:
        """Half way to the neighbors on both sides."""
        i = int(np.searchsorted(self.values, value))
        where = self.positions
        steps = np.diff(where) if len(where) > 1 else np.ones(1)
        before, after = steps[max(i - 1, 0)], steps[min(i, len(steps) - 1)]
        return float(where[i] - before / 2), float(where[i] + after / 2)

    def draw(self, axes: Axes, axis: Axis) -> None:
        """Ticks at the values, and marks where the axis is broken."""
        axes.set_xticks(*self._ticks())
        axes.minorticks_off()
        axes.set_xlabel(axis.words, color=INK)
        low, high = self.edges(self.values[0])[0], self.edges(self.values[-1])[1]
        axes.set_xlim(low, high)
        for position in self.breaks:
            axes.plot(
                [position], [0], marker=[(-0.6, -1), (0.6, 1)], markersize=9, color=INK,
                linestyle="none", transform=axes.get_xaxis_transform(), clip_on=False, zorder=5,
            )  # fmt: skip

    def _ticks(self) -> tuple[list[float], list[str]]:
        """All values, or where they are many powers of ten and what lies beyond the breaks."""
        shown = self.values
        if len(shown) > _MOST_TICKS and self.logarithmic:
            outside = (shown == 0) | np.isinf(shown)
            low, high = self.positions[~outside][[0, -1]]
            powers = np.arange(np.ceil(low - 1e-9), np.floor(high + 1e-9) + 1)
            powers = powers[:: -(-len(powers) // _MOST_TICKS)]
            if len(powers) > 1:
                beyond = [(self.at(v), label(v)) for v in shown[outside]]
                ticks = [*beyond, *((float(p), label(10.0**p)) for p in powers)]
                return [at for at, _ in ticks], [text for _, text in ticks]
        shown = shown[:: -(-len(shown) // _MOST_TICKS)]
        return [self.at(v) for v in shown], [label(v) for v in shown]


def label(value: float) -> str:
    """A value as a tick label: plain, or as a power of ten where it is small."""
    if math.isinf(value):
        return "∞"
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:g}"
    exponent = math.floor(math.log10(abs(value)) + 1e-9)
    factor = value / 10**exponent
    power = f"10^{{{exponent}}}"
    return f"${power}$" if math.isclose(factor, 1) else f"${factor:.3g}·{power}$"
