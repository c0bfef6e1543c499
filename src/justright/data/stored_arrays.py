"""Arrays on disk: NumPy memory maps, HDF5 data sets, and what else is read by slices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from justright.data.arrays import as_array, check_length, check_shape, checked_targets
from justright.data.piece import Piece, finite_rows, rows_in_piece
from justright.errors import DataError


def is_stored(values: object) -> bool:
    """Whether an array lies on disk: a NumPy memory map, or stored in chunks as HDF5 does."""
    sliced = all(hasattr(values, name) for name in ("shape", "dtype", "chunks", "__getitem__"))
    return isinstance(values, np.memmap) or sliced


@dataclass(frozen=True)
class StoredArrays:
    """X and y that are read by slices.

    Attributes:
        part: what they are for: train, validation or test.
        X: (rows, …) of numbers.
        y: (rows,) or (rows, outputs); it may be in memory.
    """

    part: str
    X: Any
    y: Any
    keeps_batches: bool = False
    standardize: bool = False

    @classmethod
    def of(cls, pair: tuple[Any, Any], part: str) -> StoredArrays:
        """Check shapes and types; no row is read.

        Raises:
            DataError: no rows, fewer than two dimensions, another number of targets.
        """
        X, y = pair
        source = cls(part, X, y if is_stored(y) else np.atleast_1d(as_array(y, f"y of {part}")))
        check_shape(tuple(X.shape), f"X of {source.name}")
        check_length(f"X of {source.name}", X.shape[0], f"y of {part}", source.y.shape[0])
        if np.dtype(X.dtype).kind not in "biuf":
            raise DataError(
                f"X of {source.name} holds {X.dtype}, which are not real numbers. Store it as "
                "float32."
            )
        return source

    @property
    def name(self) -> str:
        """The part, and the file where one is known."""
        file = getattr(self.X, "filename", None)
        return f"{self.part} ({Path(file).name})" if file else self.part

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.X.shape[0])

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of one row of X."""
        return tuple(map(int, self.X.shape[1:]))

    def pieces(self, order: np.random.Generator | None) -> Iterator[Piece]:
        """Slices of some megabytes."""
        size = rows_in_piece(self.row_shape)
        starts = np.arange(0, self.rows, size)
        for first in starts if order is None else order.permutation(starts):
            X = finite_rows(self.X[first : first + size], f"X of {self.name}", int(first))
            y = self.y[first : first + size]
            where = f"y of {self.part}"
            yield Piece(
                int(first), X, checked_targets(y, len(X), where, f"X of {self.name}", int(first))
            )
