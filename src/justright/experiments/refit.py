"""Train the choice of a search again, on the validation rows too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from justright.engine.program import Task
from justright.engine.rows import Split, pooled
from justright.engine.trial import Trial
from justright.experiments.setup import Setup
from justright.regularizers.places import ActsOnStopping
from justright.regularizers.recipe import Recipe
from justright.study import Study

NAME = "chosen"


def without_stopping(recipe: Recipe) -> Recipe:
    """A recipe without a rule for when to stop: there are no rows left to stop by."""
    return Recipe(*(one for one in recipe.techniques if not isinstance(one, ActsOnStopping)))


def refitted(
    setup: Setup, recipe: Recipe, rate: float, epochs: int, seeds: list[int], progress: bool | None
) -> Study:
    """A study of one recipe on training and validation rows together.

    Args:
        setup: the task of the search, with the chosen network.
        recipe: the choice.
        rate: its learning rate.
        epochs: of each training; no rows are left to stop by.
        seeds: of the trainings.
        progress: whether to show a progress bar.
    """
    task = setup.task
    train, validation, test = (_real(task, i) for i in range(3))
    whole = Split(np.concatenate([train, validation]), validation, test)
    rows = pooled(task.rows.inputs, task.rows.targets, [whole], task.rows.sample_weight)
    note = (
        f"Trained on all {len(whole.train)} rows but those of the test, for {epochs} epochs; the "
        "validation rows are among them, so their figures are training figures."
    )
    refit = replace(setup, task=replace(task, rows=rows), notes=(*setup.notes, note), asked=None)
    kept = without_stopping(recipe)
    trials = [Trial(NAME, kept, seed, 0, epochs, rate) for seed in seeds]
    return refit.train(trials, progress)


def _real(task: Task, part: int) -> np.ndarray:
    """Positions of the first split's rows that train, select or judge."""
    rows = task.rows
    index: np.ndarray = np.asarray((rows.train, rows.validation, rows.test)[part][0])
    return index if rows.counts is None else index[: int(rows.counts[0, part])]
