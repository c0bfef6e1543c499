"""Where in a network a regularizer acts: sites of activations, and kernels."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

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
class Units:
    """How a kernel counts the units of its layer: all that one of them reads is its column.

    Attributes:
        axes: of the kernel, from its end, that count units: the last one of a dense kernel or of
            a convolution's, channels and multipliers of a depthwise one's.
        apart: those of them that count inputs, too, so that units differ in what they read:
            the channels of a depthwise kernel.
    """

    axes: tuple[int, ...]
    apart: tuple[int, ...] = ()

    def incoming(self, rank: int) -> tuple[int, ...]:
        """The axes along which the weights lie that one unit reads with."""
        return tuple(axis for axis in range(rank) if axis - rank not in self.axes)

    def matrices(self, kernel: jax.Array) -> jax.Array:
        """The kernel as matrices (matrices, inputs, units): one, but where units are apart."""
        rank = kernel.ndim
        apart = [axis + rank for axis in self.apart]
        incoming = self.incoming(rank)
        beside = [axis + rank for axis in self.axes if axis not in self.apart]
        sizes = [math.prod(kernel.shape[axis] for axis in axes) for axes in (apart, incoming)]
        return jnp.transpose(kernel, (*apart, *incoming, *beside)).reshape(*sizes, -1)


UNITS_LAST = Units((-1,))


@dataclass(frozen=True)
class Kernel:
    """A weight matrix or filter bank: what penalties act on. Biases and scales are not kernels.

    Attributes:
        path: of the variable.
        layer: the layer's name.
        position: hidden or output.
        reads_input: whether its last axis but one counts the network's input features.
        reads: the indices of the sites whose activations it multiplies.
        units: which of its axes count units.
    """

    path: str
    layer: str
    position: Position
    reads_input: bool = False
    reads: tuple[int, ...] = ()
    units: Units = UNITS_LAST


Kernels = tuple[Kernel, ...]


def kernels_with(
    kernels: Kernels,
    strength: Strength,
    default: Collection[Position] = ("hidden", "output"),
) -> Iterator[tuple[str, Any]]:
    """Yield `(path, strength)` for the kernels on which a strength acts: all, if it is a number."""
    return ((kernel.path, value) for kernel, value in acted_on(kernels, strength, default))


def acted_on(
    kernels: Kernels,
    strength: Strength,
    default: Collection[Position] = ("hidden", "output"),
) -> Iterator[tuple[Kernel, Any]]:
    """As `kernels_with`, with all that is known of each kernel."""
    for kernel in kernels:
        value = strength_at(strength, kernel.layer, kernel.position, default)
        if value is not None:
            yield kernel, value
