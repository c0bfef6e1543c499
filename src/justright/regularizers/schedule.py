"""Schedules: strengths that change from epoch to epoch.

A schedule stands wherever a number may stand. Its own numbers are traced, so another start
or end does not recompile; the engine puts the epoch's number in its place before a
technique sees it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import jax
import jax.numpy as jnp

from justright.errors import RecipeError
from justright.whole import is_whole


@dataclass(frozen=True)
class Schedule(ABC):
    """A strength that goes from one value to another.

    Args:
        start: the value of the first epoch.
        end: the value of the last epochs.
        epochs: after how many epochs `end` is reached, at least 1.

    Raises:
        RecipeError: epochs that are not a whole number of at least 1.
    """

    start: Any
    end: Any
    epochs: Any

    def __init_subclass__(cls) -> None:
        jax.tree_util.register_pytree_node(cls, cls._flatten, cls._unflatten)

    def __post_init__(self) -> None:
        # JAX rebuilds a schedule with tracers through `_unflatten`, which bypasses this.
        epochs, kind = self.epochs, type(self).__name__
        if not is_whole(epochs) or epochs < 1:
            raise RecipeError(
                f"{kind}(epochs={epochs!r}): a schedule takes a whole number of epochs, at least 1."
            )

    @abstractmethod
    def at(self, epoch: jax.Array | int) -> jax.Array:
        """The value in an epoch, counted from 0."""

    @classmethod
    def key(cls) -> str:
        """The name in recipe texts and columns: `linear`."""
        return cls.__name__.lower()

    def with_values(self, convert: Callable[[Any], Any]) -> Self:
        """The same way between other values."""
        return replace(self, start=convert(self.start), end=convert(self.end))

    def numbers(self) -> dict[str, Any]:
        """Its numbers by what they are, for a table's columns."""
        return {"start": self.start, "end": self.end, "epochs": self.epochs}

    def __str__(self) -> str:
        return f"{self.start:g} to {self.end:g} in {self.epochs} epochs ({self.key()})"

    def _flatten(self) -> tuple[tuple[Any, ...], None]:
        return (self.start, self.end, self.epochs), None

    @classmethod
    def _unflatten(cls, _: None, values: tuple[Any, ...]) -> Self:
        one = object.__new__(cls)
        for name, value in zip(("start", "end", "epochs"), values, strict=True):
            object.__setattr__(one, name, value)
        return one

    def _between(self, share: jax.Array) -> jax.Array:
        """`start` where the share of the way is 0, `end` at 1, and in no case beyond them."""
        start, end = jnp.float32(self.start), jnp.float32(self.end)
        value = jnp.clip(
            start + share * (end - start), jnp.minimum(start, end), jnp.maximum(start, end)
        )
        return jnp.where(share >= 1, end, value)

    def _share(self, epoch: jax.Array | int) -> jax.Array:
        return jnp.minimum(jnp.float32(epoch) / jnp.float32(self.epochs), 1)


class Linear(Schedule):
    """From `start` to `end` in equal steps: start + (end − start)·min(epoch/epochs, 1).

    Args:
        start: the value of the first epoch (epoch 0).
        end: the value of epoch number `epochs` and all later ones.
        epochs: how many steps lie between, at least 1.

    Raises:
        RecipeError: epochs that are not a whole number of at least 1; the technique refuses
            values that its strength may not take.

    >>> [float(Linear(0, 0.5, 2).at(epoch)) for epoch in range(4)]
    [0.0, 0.25, 0.5, 0.5]
    """

    def at(self, epoch: jax.Array | int) -> jax.Array:
        """The value in an epoch, counted from 0."""
        return self._between(self._share(epoch))


class Cosine(Schedule):
    """From `start` to `end`, slowly at both ends: along half a period of a cosine.

    start + (end − start)·(1 − cos(π·min(epoch/epochs, 1)))/2.

    Args:
        start: the value of the first epoch (epoch 0).
        end: the value of epoch number `epochs` and all later ones.
        epochs: how many steps lie between, at least 1.

    Raises:
        RecipeError: epochs that are not a whole number of at least 1; the technique refuses
            values that its strength may not take.

    Source: Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR
    2017, equation 5, for one period.
    """

    def at(self, epoch: jax.Array | int) -> jax.Array:
        """The value in an epoch, counted from 0."""
        share = self._share(epoch)
        return self._between(jnp.where(share >= 1, 1, (1 - jnp.cos(math.pi * share)) / 2))


class Step(Schedule):
    """`start` for so many epochs, then `end`.

    Args:
        start: the value of the first epochs.
        end: the value of all later ones.
        epochs: how many epochs have `start`, at least 1.

    Raises:
        RecipeError: epochs that are not a whole number of at least 1; the technique refuses
            values that its strength may not take.

    >>> [float(Step(0, 0.5, 2).at(epoch)) for epoch in range(4)]
    [0.0, 0.0, 0.5, 0.5]
    """

    def at(self, epoch: jax.Array | int) -> jax.Array:
        """The value in an epoch, counted from 0."""
        return jnp.where(jnp.float32(epoch) < self.epochs, self.start, self.end)

    def __str__(self) -> str:
        return f"{self.start:g}, {self.end:g} after {self.epochs} epochs"


SCHEDULES: Mapping[str, type[Schedule]] = {kind.key(): kind for kind in (Linear, Cosine, Step)}
"""The schedules by their names in recipe texts."""


def is_schedule(value: object) -> bool:
    """Whether a strength, or a part of a recipe, is a schedule."""
    return isinstance(value, Schedule)


def settled(tree: Any, epoch: jax.Array | int) -> Any:
    """A recipe or technique with each schedule's number of one epoch in its place."""
    return jax.tree.map(
        lambda part: part.at(epoch) if is_schedule(part) else part, tree, is_leaf=is_schedule
    )
