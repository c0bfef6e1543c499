"""Where in a network a regularizer acts: sites of activations, and kernels."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from justright.regularizers.strength import Position, Strength, strength_at


@dataclass(frozen=True)
class Site:
    """A point after a hidden layer's activation (or at the input) where units can be changed.

    Attributes:
        index: 0 at the input, then counted.
        layer: the layer's name.
        position: input or hidden.
        rank: how many axes activations have there, that of the rows included.
        channels_first: whether the second axis counts channels, not the last.
        count: how many sites the network has, that of the input included.
    """

    index: int
    layer: str
    position: Position
    rank: int = 2
    channels_first: bool = False
    count: int = 1


@dataclass(frozen=True)
class Kernel:
    """A weight matrix or filter bank: what penalties act on. Biases and scales are not kernels.

    Attributes:
        path: of the variable.
        layer: the layer's name.
        position: hidden or output.
        reads_input: whether its last axis but one counts the network's input features.
        reads: the indices of the sites whose activations it multiplies.
    """

    path: str
    layer: str
    position: Position
    reads_input: bool = False
    reads: tuple[int, ...] = ()


Kernels = tuple[Kernel, ...]


def kernels_with(
    kernels: Kernels,
    strength: Strength,
    default: Collection[Position] = ("hidden", "output"),
) -> Iterator[tuple[str, Any]]:
    """Yield `(path, strength)` for the kernels on which a strength acts: all, if it is a number."""
    for kernel in kernels:
        value = strength_at(strength, kernel.layer, kernel.position, default)
        if value is not None:
            yield kernel.path, value
