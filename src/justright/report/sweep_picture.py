"""The figure of a sweep: a curve, a heat map, or parallel coordinates, by how much is varied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from justright.report.curves import INK
from justright.report.drawn import Drawn
from justright.report.sweep_curve import draw_curve
from justright.report.sweep_lines import draw_lines
from justright.report.sweep_map import draw_map

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_sweep(one: Drawn) -> Figure:
    """Draw a sweep."""
    if len(one.grid.axes) == 1:
        figure = draw_curve(one)
    elif len(one.grid.axes) == 2:
        figure = draw_map(one.grid, one.table, one.spot, one.measure, one.column, one.gap)
    else:
        figure = draw_lines(one.grid, one.table, one.spot, one.measure, one.column)
    *others, last = [axis.words for axis in one.grid.axes]
    by = f"{', '.join(others)} and {last}" if others else last
    title = f"{one.measure.words.capitalize()} by {by}, {one.over}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK)
    return figure
