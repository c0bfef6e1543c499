"""A study in the terminal: a table of recipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.measure import Measure
from justright.evidence.overlap import Overlap
from justright.evidence.summary import Row, rows_of

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

# Longer ones are folded, or the names would have no room in 80 columns.
_WIDEST_GAP = 24


def results_table(table: pd.DataFrame, measure: Measure, has_test: bool, overlap: Overlap) -> Table:
    """One line a recipe: the metric on each part, the gap with its interval, epochs run."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    shown.add_column("recipe", overflow="fold", min_width=12)
    for part in ("train", "validation", *(["test"] if has_test else [])):
        shown.add_column(part, justify="right", no_wrap=True)
    unit = " in points" if measure.is_share else ""
    rows = rows_of(table, overlap)
    gaps = [_gap(row, measure) for row in rows]
    one_line = max(map(len, gaps)) <= _WIDEST_GAP
    shown.add_column(f"gap{unit} (95 %)", justify="right", no_wrap=one_line)
    shown.add_column("epochs", justify="right", no_wrap=True)
    for row, gap in zip(rows, gaps, strict=True):
        figures = [row.train, row.validation, *([row.test] if has_test else [])]
        shown.add_row(
            # Text, because a name is no markup.
            Text(row.recipe + (f" ({row.failed} failed)" if row.failed else "")),
            *(measure.show(value) if np.isfinite(value) else "–" for value in figures),
            gap,
            f"{row.epochs:.0f}" if np.isfinite(row.epochs) else "–",
        )
    return shown


def _gap(row: Row, measure: Measure) -> str:
    gap = row.gap
    if gap.count == 0:
        return "–"
    value = measure.show_difference(gap.mean).removesuffix(" points")
    if not gap.enough:
        return value
    return f"{value} ({measure.show_range(gap.low, gap.high)})"
