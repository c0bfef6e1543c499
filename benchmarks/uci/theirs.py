"""The published protocol: a grid of dropout rates and τ, chosen on a fifth of the training rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import justright as jr
from justright.experiments.setup import Setup
from justright.study import Study
from uci.passes import Passes
from uci.tables import Blocks, Table

BATCH = 128
LENGTH_SCALE = 1e-2


@dataclass(frozen=True)
class Effort:
    """How much to train and to draw; the published is the default.

    Attributes:
        epochs: a share of the published number.
        selecting: passes on the rows that select.
        judging: passes on the test rows.
        splits: at most so many.
        one_precision: whether a rate trains once and not once for each τ, which enters training
            only through an L2 of about 1e-6.
    """

    epochs: float = 1.0
    selecting: int = 10_000
    judging: int = 10_000
    splits: int = 20
    one_precision: bool = False


@dataclass(frozen=True)
class Cell:
    """A point of the grid."""

    rate: float
    precision: float

    @property
    def name(self) -> str:
        """What a study calls it."""
        return f"rate {self.rate:g}, tau {self.precision:g}"

    def recipe(self, rows: int) -> jr.Recipe:
        """Dropout on inputs and hidden units, and the L2 that τ and the rate ask for."""
        strength = LENGTH_SCALE**2 * (1 - self.rate) / (2 * rows * self.precision)
        return jr.Dropout({"input": self.rate, "hidden": self.rate}) + jr.L2(strength)


@dataclass(frozen=True)
class Selected:
    """What the rows that select say.

    Attributes:
        likelihood, rmse: of each cell in each split, (cells, splits); NaN where not trained.
        curves: of a trained cell and a split, the log-likelihood by further τ.
    """

    likelihood: np.ndarray
    rmse: np.ndarray
    curves: dict[tuple[Cell, int], np.ndarray]


def network(features: int, *hidden: int) -> Any:
    """ReLU layers and a linear output."""
    import keras

    layers = [
        keras.layers.Dense(units, activation="relu", name=f"hidden_{i}")
        for i, units in enumerate(hidden, start=1)
    ]
    return keras.Sequential([keras.Input((features,)), *layers, keras.layers.Dense(1, name="out")])


def setup_for(table: Table, blocks: Blocks, epochs: int) -> Setup:
    """The task of training on some folds with the published network."""
    return Setup.of(
        network(table.X.shape[1], table.hidden),
        (blocks.X, blocks.y),
        splits=blocks.folds,
        epochs=epochs,
        batch_size=min(BATCH, blocks.training_rows),
        optimizer="adam",
        metric="mean_squared_error",
    )


def selected(
    table: Table,
    cells: list[Cell],
    effort: Effort,
    precisions: Sequence[float] = (),
    splits: Sequence[int] | None = None,
) -> Selected:
    """Train each cell on each split's inner training rows, and judge it on the others.

    Args:
        table: the data.
        cells: what to train.
        effort: how much.
        precisions: further τ to judge each training by.
        splits: which of the splits; all if None.
    """
    blocks = Blocks.of(table, table.inner()[: effort.splits])
    setup = setup_for(table, blocks, _epochs(table, effort))
    trained = _trained_cells(table, cells, effort)
    trials = [
        trial
        for number, cell in enumerate(trained)
        for trial in setup.trials(cell.name, cell.recipe(blocks.training_rows), [number])
        if splits is None or trial.split in splits
    ]
    study = setup.train(trials)
    passes = Passes(study, effort.selecting)
    likelihood, rmse = (np.full((len(cells), len(blocks.folds)), np.nan) for _ in range(2))
    curves: dict[tuple[Cell, int], np.ndarray] = {}
    for result in study.results:
        split = result.trial.split
        cell = trained[result.trial.seed]
        alike = [i for i, one in enumerate(cells) if _trains_as(one, cell, effort)]
        taus = [*(cells[i].precision for i in alike), *precisions]
        found = passes.score(result, blocks.held(split), blocks.scale[split], taus)
        likelihood[alike, split] = found.likelihood[: len(alike)]
        rmse[alike, split] = found.rmse
        curves[cell, split] = found.likelihood[len(alike) :]
    return Selected(likelihood, rmse, curves)


def judged(table: Table, chosen: list[Cell], effort: Effort) -> tuple[np.ndarray, np.ndarray]:
    """Train each split's cell on all its training rows, and judge it on its test rows.

    Returns:
        The test root mean square error and log-likelihood, (splits,) each.
    """
    blocks = Blocks.of(table, table.splits[: effort.splits])
    setup = setup_for(table, blocks, _epochs(table, effort))
    trials = [
        trial
        for split, cell in enumerate(chosen)
        for trial in setup.trials(cell.name, cell.recipe(blocks.training_rows), [0])
        if trial.split == split
    ]
    study: Study = setup.train(trials)
    passes = Passes(study, effort.judging)
    rmse, likelihood = np.zeros(len(chosen)), np.zeros(len(chosen))
    for result in study.results:
        split = result.trial.split
        tau = [chosen[split].precision]
        found = passes.score(result, blocks.held(split), blocks.scale[split], tau)
        rmse[split], likelihood[split] = found.rmse, found.likelihood[0]
    return rmse, likelihood


def middle(table: Table) -> float:
    """The τ in the middle of the published grid."""
    return sorted(table.precisions)[len(table.precisions) // 2]


def _trained_cells(table: Table, cells: list[Cell], effort: Effort) -> list[Cell]:
    if not effort.one_precision:
        return cells
    return [Cell(rate, middle(table)) for rate in dict.fromkeys(cell.rate for cell in cells)]


def _trains_as(one: Cell, trained: Cell, effort: Effort) -> bool:
    return one.rate == trained.rate and (effort.one_precision or one == trained)


def _epochs(table: Table, effort: Effort) -> int:
    return max(1, round(effort.epochs * table.epochs))
