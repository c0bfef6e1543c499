"""A `keras.utils.PyDataset`: its own batches, as they are."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from justright.data.arrays import checked_targets
from justright.data.piece import Piece, finite_rows
from justright.errors import DataError


@dataclass(frozen=True)
class DatasetBatches:
    """The batches of a PyDataset; each pass is an epoch for it.

    Attributes:
        part: what they are for: train, validation or test.
        dataset: a `keras.utils.PyDataset`.
        count: how many batches it has.
        row_shape: of one row of X.
        first: (rows, …) batch 0, as it was at first.
    """

    part: str
    dataset: Any
    count: int
    row_shape: tuple[int, ...]
    first: np.ndarray
    rows: None = None
    keeps_batches: bool = True
    standardize: bool = False

    @classmethod
    def of(cls, dataset: Any, part: str) -> DatasetBatches:
        """Read the first batch, for its shape.

        Raises:
            DataError: no end, no batches, batches that are not pairs `(X, y)`.
        """
        count = dataset.num_batches
        kind = type(dataset).__name__
        if count is None:
            raise DataError(
                f"{part}: the PyDataset {kind} has no end (num_batches is None), so no pass over "
                "it ends. Give it a __len__ that says how many batches make an epoch."
            )
        if count < 1:
            raise DataError(f"{part}: the PyDataset {kind} has no batches. Give at least one row.")
        X, _ = _pair(dataset[0], f"batch 0 of {part} ({kind})")
        rows = finite_rows(X, f"X of batch 0 of {part} ({kind})")
        return cls(part, dataset, int(count), rows.shape[1:], rows)

    @property
    def name(self) -> str:
        """The part, and the class."""
        return f"{self.part} ({type(self.dataset).__name__})"

    def pieces(self, order: np.random.Generator | None) -> Iterator[Piece]:
        """Its batches."""
        self.dataset.on_epoch_begin()
        batches = np.arange(self.count)
        for i in batches if order is None else order.permutation(batches):
            yield self._batch(int(i))
        self.dataset.on_epoch_end()

    def _batch(self, i: int) -> Piece:
        where = f"batch {i} of {self.name}"
        X, y = _pair(self.dataset[i], where)
        rows = finite_rows(X, f"X of {where}")
        if rows.shape[1:] != self.row_shape:
            raise DataError(
                f"Rows of X have shape {self.row_shape} in batch 0 and {rows.shape[1:]} in "
                f"{where}. Give all batches the same features."
            )
        if i == 0 and not np.array_equal(rows, self.first):
            self._warn_of_change()
        return Piece(0, rows, checked_targets(y, len(rows), f"y of {where}", f"X of {where}"))

    def _warn_of_change(self) -> None:
        warnings.warn(
            f"{self.name} gives other rows for batch 0 than before: it shuffles or draws by "
            "itself. Where trials take turns in the lanes, later ones then see other batches than "
            "earlier ones, and a second run sees others again. Leave shuffling and augmentation "
            "to justright, for trials that can be compared.",
            stacklevel=2,
        )


def _pair(batch: Any, where: str) -> tuple[Any, Any]:
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        given = f"{len(batch)} parts" if isinstance(batch, tuple | list) else type(batch).__name__
        raise DataError(
            f"{where} is {given}; a pair (X, y) is wanted, one input and one target without "
            "weights of rows. Let __getitem__ return such a pair."
        )
    return batch[0], batch[1]
