"""The networks of a search: each size is built once, and only as many programs as pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import keras

from justright.engine.duration import COMPILE_SECONDS
from justright.experiments.dimension import Amount, Pick
from justright.experiments.setup import Setup
from justright.experiments.space import SIZES, Point, Space
from justright.network.blueprint import Blueprint

_SEEDS = 8
# However small the trainings are, and as many as programs are kept at a time.
FEWEST, MOST = 4, 20


def hidden_units(width: int, depth: int) -> tuple[int, ...]:
    """The hidden layers of a network: each half as wide as the one before, at least 4 units.

    >>> hidden_units(128, 2)
    (128, 64)
    """
    return tuple(max(4, width >> i) for i in range(depth))


@dataclass
class Shapes:
    """The task of a search with each size of network.

    Attributes:
        setup: with the network that was given, or the default one.
        sized: whether the size is chosen.
    """

    setup: Setup
    sized: bool
    _made: dict[tuple[int, ...] | None, Setup] = field(default_factory=dict)

    def hidden(self, point: Point) -> tuple[int, ...] | None:
        """The units of the hidden layers; None where the network is given."""
        if not self.sized or not all(size in point for size in SIZES):
            return None
        width, depth = (int(point[size] or 1) for size in SIZES)
        return hidden_units(width, depth)

    def of(self, point: Point) -> Setup:
        """The task with a point's network."""
        hidden = self.hidden(point)
        if hidden not in self._made:
            setup = self.setup if hidden is None else resized(self.setup, hidden)
            # Every batch begins with the same seed.
            start = lru_cache(_SEEDS)(setup.start) if callable(setup.start) else setup.start
            self._made[hidden] = replace(setup, start=start)
        return self._made[hidden]


def resized(setup: Setup, hidden: tuple[int, ...]) -> Setup:
    """The same task with other hidden layers in the default network."""
    old = setup.task.blueprint.model
    dense = [layer for layer in old.layers if isinstance(layer, keras.layers.Dense)]
    before = [layer for layer in old.layers if isinstance(layer, keras.layers.Flatten)]
    model = keras.Sequential(
        [
            keras.Input(old.input_shape[1:]),
            *(keras.layers.Flatten.from_config(layer.get_config()) for layer in before),
            *(
                keras.layers.Dense(units, activation="relu", name=f"hidden_{i}")
                for i, units in enumerate(hidden, start=1)
            ),
            keras.layers.Dense.from_config(dense[-1].get_config()),
        ],
        name=old.name,
    )
    blueprint = Blueprint.of(model, tuple(old.input_shape[1:]))
    task = replace(setup.task, blueprint=blueprint)
    return replace(setup, task=task, start=blueprint.initial_values)


def programs_that_pay(trainings: int, seconds: float) -> int:
    """How many programs so many trainings pay for: compiling takes no longer than training."""
    return min(MOST, max(FEWEST, int(trainings * seconds / COMPILE_SECONDS)))


def within(space: Space, points: Sequence[Point], known: Sequence[Point], most: int) -> list[Point]:
    """Points whose structures are known, or among the first new ones that pay.

    A point of another structure takes that of the nearest known one and keeps all else.

    Args:
        space: where they lie.
        points: as a sampler wants them, in order.
        known: the points tried so far.
        most: how many structures there may be.
    """
    models: dict[Any, Point] = {}
    for one in known:
        models.setdefault(space.structure(one), one)
    kept: list[Point] = []
    for point in points:
        one = point
        if space.structure(point) not in models and len(models) >= most:
            near = min(models.values(), key=lambda m: _distance(space, point, m))
            one = _in_structure_of(space, point, near)
        models.setdefault(space.structure(one), one)
        kept.append(one)
    return kept


def _structural(space: Space) -> list[Amount | Pick]:
    own = {
        name
        for one in space.ingredients
        if one.has_own_program
        for name in (*one.dimensions, one.name)
    }
    return [d for d in space.dimensions if d.name in own or d.name in SIZES]


def _distance(space: Space, a: Point, b: Point) -> float:
    total = 0.0
    for one in _structural(space):
        x, y = a.get(one.name), b.get(one.name)
        if isinstance(one, Pick) and one.ordered:
            steps = abs(one.position_of(x) - one.position_of(y))
            total += steps / max(1, len(one.options) - 1)
        else:
            total += (x is None) != (y is None)
    return total


def _in_structure_of(space: Space, point: Point, model: Point) -> Point:
    """A point with the structure of another: what is on in both keeps its strength."""
    moved = dict(point)
    for one in _structural(space):
        here, there = moved.get(one.name), model.get(one.name)
        if one.name in SIZES or (here is None) != (there is None):
            moved[one.name] = there
    return space.admitted({name: value for name, value in moved.items() if value is not None})
