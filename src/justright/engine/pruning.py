"""Give up trials that do worse than others, at fixed epochs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from justright.engine.program import CAPACITY
from justright.engine.trial import Trial
from justright.errors import DataError


@dataclass(frozen=True)
class Pruning:
    """When running trials are looked at, and which of them are given up.

    Attributes:
        every: epochs between two looks, from 1 to 200. Looks are at fixed epochs and not at
            times, so that a run with pruning gives the same numbers again.
        gives_up: from a trial and its curves so far (epochs, 5), whether to end it.
    """

    every: int
    gives_up: Callable[[Trial, np.ndarray], bool]

    def __post_init__(self) -> None:
        if not 1 <= self.every <= CAPACITY:
            raise DataError(
                f"Pruning(every={self.every!r}): every lies between 1 and {CAPACITY} epochs."
            )
