"""A regularization path in the terminal: a line for some of its strengths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from justright.regularizers.axis import short
from justright.report.drawn import Drawn

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

_MOST = 16


def path_table(one: Drawn, table: pd.DataFrame) -> Table:
    """One line a strength, evenly chosen where there are many; those that were chosen always.

    Args:
        one: the trainings as a sweep of one strength.
        table: a path's table.
    """
    from rich import box
    from rich.table import Table

    even = np.linspace(0, len(table) - 1, min(_MOST, len(table))).round().astype(int)
    rows = sorted({*map(int, even), one.spot.best, one.spot.one_standard_error})
    inputs = bool(np.isfinite(table["inputs"]).any())
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    headings = [one.grid.axes[0].words, "train", "validation", *["inputs"] * inputs, "weights"]
    for name in headings:
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("", no_wrap=True)
    for i in rows:
        row = table.iloc[i]
        figures = (row[one.column.replace("val", "train")], row[one.column])
        shown.add_row(
            short(one.grid.values[0][i]),
            *(one.measure.show(value) if np.isfinite(value) else "–" for value in figures),
            *[f"{row['inputs']:.1f}"] * inputs,
            f"{row['weights']:,.0f}",
            "best" if i == one.spot.best else "1 SE" * (i == one.spot.one_standard_error),
        )
    return shown
