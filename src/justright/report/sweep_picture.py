"""The figure of a sweep: a curve, a heat map, or parallel coordinates, by how much is varied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.measure import Measure
from justright.evidence.sweet_spot import SweetSpot
from justright.regularizers.grid import Grid
from justright.report.curves import INK
from justright.report.sweep_curve import draw_curve
from justright.report.sweep_lines import draw_lines
from justright.report.sweep_map import draw_map

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawn:
    """What is drawn of a sweep.

    Attributes:
        grid: what was varied.
        table: a sweep's table.
        runs: train and validation figures of all trials, (2, points, runs).
        spot: which points were chosen.
        measure: how the figure that chooses reads.
        column: where it stands in the table.
        gap: how gaps read.
        at_edge: whether the best lies at the edge of the grid.
        over: which runs, in words.
    """

    grid: Grid
    table: pd.DataFrame
    runs: np.ndarray
    spot: SweetSpot
    measure: Measure
    column: str
    gap: Measure
    at_edge: bool
    over: str


def draw_sweep(one: Drawn) -> Figure:
    """Draw a sweep."""
    if len(one.grid.axes) == 1:
        figure = draw_curve(one.grid, one.table, one.runs, one.spot, one.measure, one.at_edge)
    elif len(one.grid.axes) == 2:
        figure = draw_map(one.grid, one.table, one.spot, one.measure, one.column, one.gap)
    else:
        figure = draw_lines(one.grid, one.table, one.spot, one.measure, one.column)
    *others, last = [axis.words for axis in one.grid.axes]
    by = f"{', '.join(others)} and {last}" if others else last
    title = f"{one.measure.words.capitalize()} by {by}, {one.over}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK)
    return figure
