"""What the pictures of a sweep and of a path are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.measure import Measure
from justright.evidence.sweet_spot import SweetSpot
from justright.regularizers.grid import Grid

if TYPE_CHECKING:
    import pandas as pd


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
