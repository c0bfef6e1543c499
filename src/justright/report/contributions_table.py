"""What each technique brings, in the terminal: a line a technique."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.contributions import ALONE, SHAPLEY, TAKEN_OUT
from justright.evidence.measure import Measure

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

_HEADS = {ALONE: "alone", SHAPLEY: "Shapley", TAKEN_OUT: "if taken out"}


def contributions_table(table: pd.DataFrame, figure: str, measure: Measure) -> Table:
    """One line a technique: each contribution with its interval.

    Args:
        table: as `Contributions` has it.
        figure: what they are in, in words.
        measure: how it reads.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    unit = " in points" if measure.is_share else ""
    known = np.isfinite(table["high"])
    spread = "with 95 % intervals" if known.all() else "with 95 % intervals where runs allow them"
    spread = spread if known.any() else "runs are too few for intervals"
    shown = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, caption_justify="left",
        caption=f"Better {figure}{unit}, {spread}",
    )  # fmt: skip
    kinds = [kind for kind in _HEADS if (table["contribution"] == kind).any()]
    shown.add_column("technique", overflow="fold")
    for kind in kinds:
        shown.add_column(_HEADS[kind], justify="right", no_wrap=True)
    cells = table.set_index(["technique", "contribution"])
    for name in dict.fromkeys(table["technique"]):
        shown.add_row(
            # Text, because a name is no markup.
            Text(name),
            *(
                _cell(cells.loc[(name, kind)], measure) if (name, kind) in cells.index else "–"
                for kind in kinds
            ),
        )
    return shown


def _cell(row: pd.Series, measure: Measure) -> str:
    value = measure.show_difference(row["mean"]).removesuffix(" points")
    if not np.isfinite(row["high"]):
        return value
    return f"{value} ({measure.show_range(row['low'], row['high'])})"
