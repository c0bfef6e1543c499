"""A stream: training rows that come in blocks, pass after pass, and are never all in memory."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from typing import NamedTuple, Protocol

import jax
import numpy as np

from justright.engine.layout import Layout
from justright.engine.rows import Array

# A device reads memory of the host in place where it begins at a multiple of this many bytes:
# then all CPU devices share one copy of a block.
_ALIGNMENT = 64


class Block(NamedTuple):
    """Some batches of a pass, on their way through every lane.

    Shapes: inputs (steps, batch, …) of float32; targets (steps, batch, …) as the objective
    encodes them; weights (steps, batch), what each row counts, None where every batch is
    full; used, a scalar: how many of the steps hold a batch.
    """

    inputs: Array
    targets: Array
    weights: Array | None
    used: Array


class Stream(Protocol):
    """Training rows in batches, the same ones in the same order for all lanes."""

    @property
    def rows(self) -> int:
        """How many rows a pass has."""

    @property
    def batches(self) -> int:
        """How many batches a pass has."""

    @property
    def shapes(self) -> Block:
        """Shapes and dtypes of every block."""

    def blocks(self, epoch: int) -> Iterator[Block]:
        """One pass; `epoch` is counted from 0."""


def ahead(stream: Stream, layout: Layout, reader: Executor, epoch: int) -> Iterator[Block]:
    """The blocks of a pass on the devices; while one is used, `reader` prepares the next."""
    blocks = stream.blocks(epoch)

    def prepared() -> Block | None:
        block = next(blocks, None)
        return None if block is None else jax.device_put(block, layout.everywhere())

    coming = reader.submit(prepared)
    while (block := coming.result()) is not None:
        coming = reader.submit(prepared)
        yield block


def shareable(shape: tuple[int, ...], dtype: np.typing.DTypeLike) -> np.ndarray:
    """Zeros that the CPU devices can read where they are."""
    dtype = np.dtype(dtype)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    room = np.zeros(size + _ALIGNMENT, np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    return room[start : start + size].view(dtype).reshape(shape)
