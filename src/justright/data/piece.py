"""Pieces: what a source hands out one after the other, since all of it may not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np

from justright.data.arrays import checked_inputs

# Small enough that a few pieces weigh little, large enough that reading one is no overhead.
PIECE_BYTES = 2**20


class Piece(NamedTuple):
    """Rows that are read together.

    Attributes:
        first: the position of the first row in the source; 0 in a source that keeps batches.
        X: (rows, …) of float32, all finite.
        y: (rows,) of labels or numbers, or (rows, outputs).
    """

    first: int
    X: np.ndarray
    y: np.ndarray


class Source(Protocol):
    """Rows that are read piece by piece, as often as wanted."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def rows(self) -> int | None:
        """How many rows it has; None where only reading it tells."""

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of one row of X."""

    @property
    def keeps_batches(self) -> bool:
        """Whether its pieces are batches to train on as they are."""

    @property
    def standardize(self) -> bool:
        """Whether columns are to have mean 0 and deviation 1 over the training rows."""

    def pieces(self, order: np.random.Generator | None) -> Iterator[Piece]:
        """Every row once.

        Args:
            order: draws the order of the pieces; None for the source's own.

        Raises:
            DataError: rows that cannot be trained on; the message says which.
        """


def rows_in_piece(row_shape: tuple[int, ...]) -> int:
    """How many rows of float32 make a piece."""
    return max(1, PIECE_BYTES // bytes_of_row(row_shape))


def bytes_of_row(row_shape: tuple[int, ...]) -> int:
    """What one row of X takes as float32."""
    return 4 * int(np.prod(row_shape, dtype=np.int64))


def finite_rows(X: object, where: str, first: int = 0) -> np.ndarray:
    """Rows as float32, checked without a copy where they are float32 already.

    Args:
        X: rows of a piece.
        where: what to call them in an error message.
        first: the position of their first row.

    Raises:
        DataError: what `checked_inputs` refuses.
    """
    array = np.asarray(X)
    if array.ndim > 1 and array.size and array.dtype.kind in "biuf":
        with np.errstate(over="ignore"):
            single = array.astype(np.float32, copy=False)
        if np.isfinite(single).all():
            return single
    return checked_inputs(array, where, first)
