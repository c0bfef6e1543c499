"""A source in blocks of batches, pass after pass: how the engine reads more than memory holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import jax
import numpy as np

from justright.data.piece import bytes_of_row
from justright.data.survey import Pair, Survey, without
from justright.engine.keys import pass_order
from justright.engine.stream import Block, shareable
from justright.errors import DataError

BLOCK_BYTES = 2 * 2**20
# Rows are shuffled among so many pieces, which come from anywhere in the source.
SHUFFLED_PIECES = 16


@dataclass(frozen=True)
class StreamedRows:
    """The training rows of a source, in batches.

    Attributes:
        survey: of the source.
        batch_size: rows a batch, at most.
        shuffle: whether each pass takes the rows in a new order: pieces in any order, and
            the rows of some pieces among each other; a source that keeps its batches gives
            them in any order.
        encode: from targets, and what to call them, to the form that the loss takes.
    """

    survey: Survey
    batch_size: int
    shuffle: bool
    encode: Callable[[np.ndarray, str], np.ndarray]

    @property
    def rows(self) -> int:
        """How many rows a pass has."""
        return self.survey.rows

    @property
    def batches(self) -> int:
        """How many batches a pass has."""
        kept = self.survey.source.keeps_batches
        return self.survey.batches if kept else -(-self.rows // self.batch_size)

    @cached_property
    def shapes(self) -> Block:
        """Shapes and dtypes of every block."""
        row_shape = self.survey.source.row_shape
        target = self.encode(self.survey.targets[:1], "y of train")
        fitting = BLOCK_BYTES // (self.batch_size * bytes_of_row(row_shape))
        lead = (max(1, min(self.batches, fitting)), self.batch_size)
        full = self.rows == self.batches * self.batch_size

        def shaped(shape: tuple[int, ...], dtype: np.typing.DTypeLike) -> jax.ShapeDtypeStruct:
            return jax.ShapeDtypeStruct(shape, dtype)

        return Block(
            inputs=shaped((*lead, *row_shape), np.float32),
            targets=shaped((*lead, *target.shape[1:]), target.dtype),
            weights=None if full else shaped(lead, np.float32),
            used=shaped((), np.int32),
        )

    def blocks(self, epoch: int) -> Iterator[Block]:
        """One pass; `epoch` is counted from 0.

        Raises:
            DataError: rows that cannot be trained on, which the survey did not meet.
        """
        filling = _Filling(self.shapes)
        keeps, name = self.survey.source.keeps_batches, self.survey.source.name
        for X, y in self._groups(pass_order(epoch) if self.shuffle else None):
            if keeps:
                self._check_batch(len(X), name)
            yield from filling.add(X, self.encode(y, f"y of {name}"))
            if keeps:
                yield from filling.end_batch()
        yield from filling.end_batch()
        yield from filling.end_pass()

    def _groups(self, order: np.random.Generator | None) -> Iterator[Pair]:
        """Rows that stay together: in the source's order, or shuffled."""
        source, scale = self.survey.source, self.survey.scale
        gathered: list[Pair] = []
        for piece in source.pieces(order):
            X, y = without(piece, self.survey.left_out)
            gathered.append((X if scale is None else scale.applied(X), y))
            if order is None or source.keeps_batches:
                yield gathered.pop()
            elif len(gathered) == SHUFFLED_PIECES:
                yield _shuffled(gathered, order)
        if gathered and order is not None:
            yield _shuffled(gathered, order)

    def _check_batch(self, rows: int, name: str) -> None:
        even = self.shapes.weights is None
        if rows > self.batch_size or (even and rows < self.batch_size):
            raise DataError(
                f"{name} gives a batch of {rows} rows, and in the first pass "
                f"{'all' if even else 'the largest'} had {self.batch_size}. Give batches of the "
                "same sizes in every epoch."
            )


def _shuffled(pairs: list[Pair], order: np.random.Generator) -> Pair:
    """The rows among each other; each piece is let go once its rows have their places."""
    places = order.permutation(sum(len(y) for _, y in pairs))
    X = np.empty((len(places), *pairs[0][0].shape[1:]), np.float32)
    y = np.empty((len(places), *pairs[0][1].shape[1:]), np.result_type(*[y for _, y in pairs]))
    while pairs:
        rows, targets = pairs.pop()
        at, places = places[: len(rows)], places[len(rows) :]
        X[at], y[at] = rows, targets
    return X, y


class _Filling:
    """A block that is being filled with rows.

    A batch that is not full is filled up with copies of its last row, which count for nothing.
    """

    def __init__(self, shapes: Block) -> None:
        self._shapes = shapes
        self._steps, self._batch = shapes.inputs.shape[:2]
        self._start()

    def add(self, X: np.ndarray, y: np.ndarray) -> Iterator[Block]:
        """Put rows in; yield each block that they fill."""
        while len(X):
            room = slice(self._rows, self._rows + len(X))
            taken = len(self._inputs[room])
            self._inputs[room], self._targets[room] = X[:taken], y[:taken]
            self._weights[room] = 1
            self._rows += taken
            X, y = X[taken:], y[taken:]
            yield from self._full()

    def end_batch(self) -> Iterator[Block]:
        """Fill the batch up; yield the block if that fills it."""
        short = -self._rows % self._batch
        if short:
            for whole in (self._inputs, self._targets):
                whole[self._rows : self._rows + short] = whole[self._rows - 1]
            self._rows += short
            yield from self._full()

    def end_pass(self) -> Iterator[Block]:
        """Yield the block as it is, if a batch is in it."""
        if self._rows:
            yield self._block()

    def _full(self) -> Iterator[Block]:
        if self._rows == self._steps * self._batch:
            yield self._block()

    def _start(self) -> None:
        inputs, targets = self._shapes.inputs, self._shapes.targets
        lead = self._steps * self._batch
        # Anew for each block: the devices read the one before where it is.
        self._inputs = shareable((lead, *inputs.shape[2:]), inputs.dtype)
        self._targets = shareable((lead, *targets.shape[2:]), targets.dtype)
        self._weights = shareable((lead,), np.float32)
        self._rows = 0

    def _block(self) -> Block:
        def batched(rows: np.ndarray) -> np.ndarray:
            return rows.reshape(self._steps, self._batch, *rows.shape[1:])

        block = Block(
            inputs=batched(self._inputs),
            targets=batched(self._targets),
            weights=None if self._shapes.weights is None else batched(self._weights),
            used=np.int32(self._rows // self._batch),
        )
        self._start()
        return block
