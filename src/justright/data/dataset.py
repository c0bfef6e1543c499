"""Rows that were read, with what was found out about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Pair = tuple[Any, np.ndarray]


@dataclass(frozen=True)
class Dataset:
    """Rows and targets, not divided.

    Attributes:
        name: of the file or the set.
        head: what it is, in words.
        X: (rows, …) of numbers, or a frame.
        y: (rows,) labels or numbers.
        features: the names of the columns of X; empty where they have none.
        groups: (rows,) which rows belong together, or None.
        preprocess: what makes numbers for a network of them, as in `compare`; None where they are
            taken as they are.
        validation, test: rows that are to select or judge, where there are some of their own.
        told: what was decided on the way, in sentences.
        target: the name of what is predicted; "" where it has none.
        kept: (rows,) positions of the rows in the table that was given, and `of` how many that
            had; None where none was left out.
    """

    name: str
    head: str
    X: Any
    y: np.ndarray
    features: tuple[str, ...] = ()
    groups: np.ndarray | None = None
    preprocess: Any = None
    validation: Pair | None = None
    test: Pair | None = None
    told: tuple[str, ...] = ()
    target: str = ""
    kept: np.ndarray | None = None
    of: int = 0

    def of_kept(self, given: Any) -> Any:
        """What belongs to the rows one by one, without that of rows that were left out.

        Args:
            given: an array or list, of all rows of the table or of those that are left.
        """
        if self.kept is None or given is None or np.ndim(given) != 1 or len(given) != self.of:
            return given
        return np.asarray(given)[self.kept]
