"""A grid of strengths: every combination of the values of some axes, as recipes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from justright.errors import RecipeError
from justright.regularizers.axis import Axis, short, with_values
from justright.regularizers.recipe import Recipe
from justright.regularizers.usual import values_of

_EXAMPLE = 'Name a strength: {"Dropout.rate": [0, 0.2, 0.5]}.'

Over = Mapping[str, Iterable[float] | None] | str | Sequence[str]
"""From names of strengths to their values; None, or a name alone, for usual ones."""


@dataclass(frozen=True)
class Point:
    """A combination of strengths.

    Attributes:
        name: what a study calls it: `"dropout=0.2,l2=0.001"`.
        values: of the strengths, in the order of the axes.
        recipe: the base recipe with these values.
    """

    name: str
    values: tuple[float, ...]
    recipe: Recipe


@dataclass(frozen=True)
class Grid:
    """Every combination of the values of some axes.

    Attributes:
        axes: the strengths that are varied.
        values: of each axis, in ascending order.
        base: what all points have beside them.
    """

    axes: tuple[Axis, ...]
    values: tuple[tuple[float, ...], ...]
    base: Recipe

    @classmethod
    def of(cls, over: Over, base: Recipe, zero: bool) -> Grid:
        """Read what a user gives.

        Args:
            over: the strengths and their values.
            base: what all points have beside them.
            zero: whether the neutral values are added.

        Raises:
            RecipeError: unknown strengths, values out of range, or nothing to vary.
        """
        over = [over] if isinstance(over, str) else over
        if not isinstance(over, Iterable):
            raise RecipeError(f"over={over!r} names no strength. {_EXAMPLE}")
        named: Mapping[str, Any] = over if isinstance(over, Mapping) else dict.fromkeys(over)
        if not named:
            raise RecipeError(f"Nothing to vary. {_EXAMPLE}")
        axes = tuple(Axis.of(name, base) for name in named)
        names = [axis.name for axis in axes]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise RecipeError(f"{' and '.join(twice)} came twice. Give it one list of values.")
        pairs = zip(axes, named.values(), strict=True)
        return cls(axes, tuple(values_of(axis, given, zero) for axis, given in pairs), base)

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """All combinations, the last axis fastest."""
        return tuple(
            Point(self._name(values), values, with_values(self.base, self.axes, values))
            for values in itertools.product(*self.values)
        )

    @property
    def coordinates(self) -> np.ndarray:
        """The values of all points, (points, axes)."""
        return np.array([point.values for point in self.points])

    @property
    def stronger(self) -> list[int]:
        """For each axis 1 where larger is stronger, −1 where smaller is, 0 if unknown."""
        return [axis.stronger for axis in self.axes]

    @property
    def reference(self) -> int:
        """The point with every strength off, or at its weakest where off was refused."""
        weakest = [
            max(values) if axis.stronger < 0 else min(values)
            for axis, values in zip(self.axes, self.values, strict=True)
        ]
        return [point.values for point in self.points].index(tuple(weakest))

    def is_off(self, point: Point) -> bool:
        """Whether every strength that is varied has its neutral value at a point."""
        return all(v == a.neutral for a, v in zip(self.axes, point.values, strict=True))

    def _name(self, values: Sequence[float]) -> str:
        pairs = zip(self.axes, values, strict=True)
        return ",".join(f"{axis.key}={short(value)}" for axis, value in pairs)
