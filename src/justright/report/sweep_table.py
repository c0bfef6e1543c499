"""A sweep in the terminal: a line a point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.measure import Measure
from justright.evidence.sweet_spot import SweetSpot
from justright.regularizers.axis import short
from justright.regularizers.grid import Grid

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

_MOST = 20


def sweep_table(
    grid: Grid, table: pd.DataFrame, spot: SweetSpot, measure: Measure, column: str, gap: Measure
) -> Table:
    """One line a point: strengths, train and validation figure, gap, and how often it is best.

    Of more than 20 points those are shown that do best on the validation rows, the reference,
    and the strongest within one standard error.

    Args:
        grid: what was varied.
        table: a sweep's table.
        spot: which points were chosen.
        measure: how the figure that chooses reads.
        column: where it stands in the table.
        gap: how gaps read.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows = _shown(grid, table, spot, measure, column)
    left_out = len(table) - len(rows)
    shown = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, caption_justify="left",
        caption=f"{left_out} more points are not shown" if left_out else None,
    )  # fmt: skip
    for axis in grid.axes:
        shown.add_column(axis.key.replace("_", " "), justify="right", overflow="fold")
    unit = " in points" if gap.is_share else ""
    for name in ("train", "validation", f"gap{unit}", "is best"):
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("", no_wrap=True)
    for i in rows:
        row = table.iloc[i]
        figures = (row[column.replace("val", "train")], row[column])
        shown.add_row(
            *(short(value) for value in grid.points[i].values),
            *(measure.show(value) if np.isfinite(value) else "–" for value in figures),
            gap.show_difference(row["gap"]).removesuffix(" points")
            if np.isfinite(row["gap"])
            else "–",
            f"{100 * row['wins']:.0f} %" if spot.resampled else "–",
            Text(", ".join(_remarks(i, row, spot))),
        )
    return shown


def _shown(
    grid: Grid, table: pd.DataFrame, spot: SweetSpot, measure: Measure, column: str
) -> list[int]:
    if len(table) <= _MOST:
        return list(range(len(table)))
    order = table[column].to_numpy(float) * (-1 if measure.higher_is_better else 1)
    best = np.argsort(order, kind="stable")[: _MOST - 2]
    return sorted({*map(int, best), grid.reference, spot.one_standard_error})


def _remarks(i: int, row: pd.Series, spot: SweetSpot) -> list[str]:
    said = ["best"] * (i == spot.best)
    said += ["1 SE"] * (i == spot.one_standard_error != spot.best)
    said += ["underfits"] * bool(row["underfits"])
    return said + [f"{row['failed']} failed"] * bool(row["failed"])
