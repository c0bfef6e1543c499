"""The figure of three strengths or more: parallel coordinates, a line a point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.measure import Measure
from justright.evidence.sweet_spot import SweetSpot
from justright.regularizers.grid import Grid
from justright.report.curves import INK, VALIDATION
from justright.report.strength_scale import label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLORS = "cividis"
_STEPS = 40
_FAN = 0.2  # Of the way from one value to the next.


def draw_lines(
    grid: Grid, table: pd.DataFrame, spot: SweetSpot, measure: Measure, column: str
) -> Figure:
    """Draw a line for each point from strength to strength, and on to what it reaches.

    Args:
        grid: of several axes.
        table: a sweep's table.
        spot: which points were chosen.
        measure: how the figure that chooses reads.
        column: where it stands in the table.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    scores = table[column].to_numpy(float)
    sign = 1 if measure.higher_is_better else -1
    paths = _paths(grid, scores, sign)
    alive = np.flatnonzero(np.isfinite(scores))
    order = alive[np.argsort(sign * scores[alive])]
    figure = Figure(figsize=(2.2 * len(grid.axes) + 3.0, 4.8), layout="constrained")
    axes = figure.subplots()
    colors = _COLORS if sign > 0 else f"{_COLORS}_r"
    lines = LineCollection(
        [paths[i] for i in order], cmap=colors, norm=Normalize(*np.quantile(scores[alive], [0, 1])),
        linewidths=np.linspace(0.6, 1.8, len(order)), alpha=np.linspace(0.35, 0.9, len(order)),
    )  # fmt: skip
    lines.set_array(scores[order])
    axes.add_collection(lines)
    for i, style, name in marks(spot):
        axes.plot(*paths[i].T, color=VALIDATION, linewidth=2.5, linestyle=style, label=name)
    _draw_axes(axes, grid, scores, measure)
    figure.legend(loc="outside lower right", ncols=2, frameon=False, fontsize=9, handlelength=3)
    return figure


def marks(spot: SweetSpot) -> list[tuple[int, str, str]]:
    """The points to mark: position, style of the line, and what they are."""
    if spot.best == spot.one_standard_error:
        return [(spot.best, "-", "best, none stronger within 1 SE")]
    return [(spot.one_standard_error, "--", "strongest within 1 SE"), (spot.best, "-", "best")]


def _paths(grid: Grid, scores: np.ndarray, better: int) -> np.ndarray:
    """A smooth line for each point, (points, places, 2).

    On an axis of a strength the lines through one value fan out a little, in the order of what
    they reach.
    """
    coordinates = grid.coordinates
    fan = (_share(np.argsort(np.argsort(better * scores))) - 0.5) * _FAN
    heights = []
    for i, values in enumerate(grid.values):
        at = np.searchsorted(values, coordinates[:, i])
        heights.append(at / max(len(values) - 1, 1) + fan / max(len(values) - 1, 1))
    heights.append(_share(better * scores))
    ends = np.stack(heights, axis=1)
    ease = (1 - np.cos(np.linspace(0, np.pi, _STEPS))) / 2
    between = ends[:, :-1, None] + (ends[:, 1:] - ends[:, :-1])[:, :, None] * ease
    across = np.arange(ends.shape[1] - 1)[:, None] + np.linspace(0, 1, _STEPS)
    y = between.reshape(len(ends), -1)
    return np.stack([np.broadcast_to(across.ravel(), y.shape), y], axis=-1)


def _share(values: np.ndarray) -> np.ndarray:
    """From 0 for the smallest to 1 for the largest."""
    low, high = np.nanmin(values), np.nanmax(values)
    return (values - low) / (high - low) if high > low else np.full(len(values), 0.5)


def _draw_axes(axes: Axes, grid: Grid, scores: np.ndarray, measure: Measure) -> None:
    places = len(grid.axes)
    for i, values in enumerate(grid.values):
        axes.axvline(i, color=INK, linewidth=1)
        for j, value in enumerate(values):
            _tick(axes, i, j / max(len(values) - 1, 1), label(value), "right")
    axes.axvline(places, color=INK, linewidth=1)
    low, high = np.nanmin(scores), np.nanmax(scores)
    worst, best = (low, high) if measure.higher_is_better else (high, low)
    for share in np.linspace(0, 1, 5):
        _tick(axes, places, share, measure.show(worst + share * (best - worst)), "left")
    names = [axis.words for axis in grid.axes] + [f"validation\n{measure.words}"]
    axes.set_xticks(range(places + 1), names)
    axes.tick_params(length=0, colors=INK, labelsize=10)
    axes.set_yticks([])
    axes.set_xlim(-0.25, places + 0.4)
    axes.set_ylim(-0.08, 1.08)
    axes.spines[:].set_visible(False)


def _tick(axes: Axes, place: float, height: float, text: str, side: str) -> None:
    away = 5 if side == "left" else -5
    axes.annotate(
        text, (place, height), (away, 0), textcoords="offset points", ha=side, va="center",
        fontsize=9, color=INK, zorder=4,
        bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "linewidth": 0, "alpha": 0.8},
    )  # fmt: skip
