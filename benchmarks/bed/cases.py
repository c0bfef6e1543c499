"""Trainings of known condition, made by construction.

Where rows are noisy, a quarter of the labels are drawn anew, or a normal number of 0.6 of the
target's deviation is added to it: a world in which nobody can be perfect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bed.worlds import Pair, World

BATCH = 25


@dataclass(frozen=True)
class Case:
    """One construction on one data set.

    Attributes:
        world: where the rows come from.
        condition: what the training is made to have, by `jr.diagnose`'s name.
        how: by which construction.
        rows: seed of the rows and of what is drawn of them.
    """

    world: World
    condition: str
    how: str
    rows: int


@dataclass(frozen=True)
class Made:
    """What to train: `model` may be None for the default network."""

    train: Pair
    validation: Pair
    model: Any
    recipe: Any
    optimizer: Any
    epochs: int

    @property
    def batch_size(self) -> int:
        """Rows a step."""
        return min(BATCH, len(self.train[0]))


CONSTRUCTIONS = {
    "stopped": "fine",
    "regularized": "fine",
    "tiny data": "overfitting",
    "memorized noise": "overfitting",
    "too strong L2": "underfitting",
    "too small": "underfitting",
    "too slow": "underfitting",
    "rate 0.1": "unstable",
    "rate 1": "unstable",
    "SGD, rate 1": "unstable",
    "rows in both parts": "leak",
    "target among features": "leak",
    "shuffled": "shuffled_labels",
    "training labels shuffled": "shuffled_labels",
    "ten rows": "too_little_validation",
}
"""Each construction and the condition that it makes."""


def cases(worlds: Sequence[World], draws: Sequence[int] = (0,)) -> Iterator[Case]:
    """Every construction on every data set that it makes sense for.

    Args:
        worlds: data sets.
        draws: seeds of the rows, each of them a case of its own.
    """
    for world in worlds:
        for how, condition in CONSTRUCTIONS.items():
            if how == "too small" and not world.curved:
                continue  # Where a line is enough, one unit is not too small.
            for rows in draws:
                yield Case(world, condition, how, rows)


def made(case: Case) -> Made:
    """Rows, network, recipe and settings of a case."""
    import justright as jr

    draws = np.random.default_rng([case.rows, *map(ord, case.how)])
    train, validation = _parts(case, draws)
    epochs, rate, model, recipe = 150, 1e-3, None, jr.Recipe()
    light = jr.Dropout(0.2) + jr.L2(1e-4)
    match case.how:
        case "stopped" | "ten rows":
            recipe = light + jr.EarlyStopping(20)
        case "regularized":
            recipe, epochs = jr.Dropout(0.3) + jr.L2(1e-3), 60
        case "tiny data" | "memorized noise":
            rate, epochs = 3e-3, 300
        case "too strong L2":
            recipe = jr.Dropout(0.0) + jr.L2(1.0)
        case "too small":
            model = _one_unit(train)
        case "too slow":
            rate, epochs = 1e-5, 40
        case "rate 0.1":
            rate = 0.1
        case "rate 1":
            rate = 1.0
        case "SGD, rate 1":
            return Made(train, validation, model, recipe, _momentum(1.0), epochs)
    return Made(train, validation, model, recipe, _adam(rate), epochs)


def _parts(case: Case, draws: np.random.Generator) -> tuple[Pair, Pair]:
    X, y = case.world.rows(case.rows)
    order = draws.permutation(len(X))
    X, y = X[order], y[order]
    if case.how in ("tiny data", "memorized noise", "rows in both parts", "target among features"):
        y = _noisy(y, draws)
    if case.how == "shuffled":
        y = draws.permutation(y)
    count = 40 if case.how == "tiny data" else case.world.train
    held = 10 if case.how == "ten rows" else case.world.validation
    train = np.arange(count)
    validation = np.arange(case.world.train, case.world.train + held)
    mean, deviation = X[train].mean(axis=0), X[train].std(axis=0)
    X = (X - mean) / np.where(deviation > 0, deviation, 1)
    if case.how == "rows in both parts":
        train[: len(validation)] = validation
    if case.how == "target among features":
        X[:, draws.integers(X.shape[1])] = _copied(y, draws)
    if case.how == "training labels shuffled":
        y[train] = draws.permutation(y[train])
    if y.dtype.kind == "f":
        y = (y - y[train].mean()) / y[train].std()
    return (X[train], y[train]), (X[validation], y[validation])


def _noisy(y: np.ndarray, draws: np.random.Generator) -> np.ndarray:
    if y.dtype.kind == "f":
        return y + 0.6 * y.std() * draws.normal(size=len(y))
    anew = draws.random(len(y)) < 0.25
    return np.where(anew, draws.permutation(y), y)


def _copied(y: np.ndarray, draws: np.random.Generator) -> np.ndarray:
    """The target in other units, a little blurred."""
    blurred = y + 0.02 * y.std() * draws.normal(size=len(y))
    return (blurred - blurred.mean()) / blurred.std()


def _one_unit(train: Pair) -> Any:
    from justright.network.default import default_network

    X, y = train
    return default_network(X.shape[1:], y, hidden=(1,))


def _adam(rate: float) -> Any:
    import keras

    return keras.optimizers.Adam(rate)


def _momentum(rate: float) -> Any:
    import keras

    return keras.optimizers.SGD(rate, momentum=0.9)
