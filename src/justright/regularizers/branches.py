"""Branches beside skip connections: what a technique may do with them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import jax

Factors = tuple[jax.Array, jax.Array]
"""What rows of a branch are multiplied by, (rows,) each: forwards, and its gradient backwards."""


@dataclass(frozen=True)
class Branch:
    """One of the branches beside a skip connection: a hidden layer with its activation.

    Attributes:
        layer: the hidden layer's name.
        block: which skip connection of the network, counted from 1 at the input.
        blocks: how many there are.
        number: which branch beside this one, counted from 0.
    """

    layer: str
    block: int
    blocks: int
    number: int


class ActsOnBranches(ABC):
    """Puts skip connections around hidden layers, and weighs the branches beside them.

    A block then gives x + mean of its branches at x. With several techniques of this place the
    network has as many branches as the one that wants most, and their factors multiply.
    """

    @abstractmethod
    def branches(self) -> int:
        """How many branches a block needs; structure, not a strength."""

    def factors(self, branch: Branch, rows: int, key: jax.Array) -> Factors | None:
        """By what a branch is multiplied in training, None for 1.

        The branches of a block share the key.
        """
        return None

    def expected(self, branch: Branch) -> Any:
        """By what a branch is multiplied at prediction."""
        return 1.0


def weighed(x: jax.Array, factors: Factors) -> jax.Array:
    """Multiply `x` (rows, …) forwards by one factor a row, and its gradient by another."""
    shape = (-1,) + (1,) * (x.ndim - 1)
    forwards, backwards = (f.astype(x.dtype).reshape(shape) for f in factors)
    return _weighed(x, forwards, backwards)


@jax.custom_jvp
def _weighed(x: jax.Array, forwards: jax.Array, backwards: jax.Array) -> jax.Array:
    return forwards * x


@_weighed.defjvp
def _weighed_jvp(
    primals: tuple[jax.Array, jax.Array, jax.Array],
    tangents: tuple[jax.Array, jax.Array, jax.Array],
) -> tuple[jax.Array, jax.Array]:
    x, forwards, backwards = primals
    return forwards * x, backwards * tangents[0]
