"""How an estimator finds its network: one function, from prepared rows to what predicts.

Everything that is a matter of judgment stands here: which space is searched, how the budget is
spent, whether the choice is trained again on all rows. Estimators know `Problem`, `Solution` and
`solve`, and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from justright.engine.outcome import Outcome
from justright.engine.rows import Split
from justright.engine.trial import Trial
from justright.estimators.outputs import Link, Outputs, link_of
from justright.experiments.choice import in_order, key_of, standing
from justright.experiments.found import Search
from justright.experiments.record import By
from justright.experiments.refit import NAME, refitted
from justright.experiments.search import search
from justright.experiments.setup import Setup, Training
from justright.experiments.space import RATE, Point, Spec
from justright.network.default import HIDDEN, default_network
from justright.regularizers.places import ActsOnStopping
from justright.regularizers.recipe import Recipe
from justright.study import Study

if TYPE_CHECKING:
    import keras
    import pandas as pd

Score = Callable[[np.ndarray, np.ndarray], float]
"""`(positions, probabilities or values) → score`, higher is better."""

CANDIDATES, SEEDS = 5, 2


@dataclass(frozen=True)
class Problem:
    """What an estimator asks for.

    Attributes:
        X: (rows, …) of float32, prepared by what saw the rows of `split.train` alone.
        y: (rows,) of text, the numbers of the classes with leading zeros; (rows, labels) of 0
            and 1; or (rows,) or (rows, outputs) of floats, standardized.
        split: positions of the rows that train and of those that select; none that judge.
        weights: (rows,) what each row counts; None if all count alike.
        network: a Keras model, or None.
        hidden: units of the hidden layers of the network that stands in; None to choose.
        recipe: the only one to train, or None to choose.
        space: what to choose from, as in `search`.
        budget: as in `search`.
        epochs, batch_size, optimizer, loss: as in `compare`.
        learning_rate: None for the optimizer's own, or to choose.
        by: by which validation figures the search goes, as in `search`; None for both.
        score: chooses among the search's best in their stead; None for the search's own choice.
        refit: whether the choice is trained again on all rows.
        seed: the same one gives the same solution, where the budget counts trainings.
        progress: whether to show a progress bar.
    """

    X: np.ndarray
    y: np.ndarray
    split: Split
    weights: np.ndarray | None = None
    network: keras.Model | None = None
    hidden: tuple[int, ...] | None = None
    recipe: Recipe | None = None
    space: Spec | None = None
    budget: int | str = 60
    epochs: int = 100
    batch_size: int | None = None
    optimizer: Any = None
    loss: Any = None
    learning_rate: float | None = None
    by: By | None = None
    score: Score | None = None
    refit: bool = True
    seed: int = 0
    progress: bool | None = False


@dataclass(frozen=True)
class Solution:
    """What was found.

    Attributes:
        model: plain Keras, from prepared rows to outputs; it predicts.
        link: from its outputs to probabilities.
        recipe: that it was trained with.
        study: the search, or the study of the one recipe.
        history: one row an epoch of the training that was judged, as in `Study.curves`.
        unseen: (rows, outputs) probabilities or values for each row by networks that were not
            trained on it, NaN where there are none: thresholds, calibration and the gap are
            read off these, so they must not be those of `model` after a refit.
        seen: the same by networks like those, for rows that they were trained on.
        metric_name, loss_name: of the training.
        notes: what was decided on the way, in sentences.
    """

    model: keras.Model
    link: Link
    recipe: Recipe
    study: Search | Study
    history: pd.DataFrame
    unseen: np.ndarray
    seen: np.ndarray
    metric_name: str
    loss_name: str
    notes: tuple[str, ...]


def with_outputs(outputs: np.ndarray) -> np.ndarray:
    """Positions of the rows for which there are outputs."""
    return np.flatnonzero(~np.isnan(outputs).any(axis=1))


def solve(problem: Problem) -> Solution:
    """Find a network for a problem: search for a recipe, or train the one that is given.

    Raises:
        DataError: rows or targets that cannot be trained on, or no training that ended.
        ModelError: a network that does not fit.
        RecipeError: a recipe or a space that is not valid.
    """
    if problem.recipe is not None:
        return _trained(problem, problem.recipe)
    return _searched(problem)


@dataclass(frozen=True)
class _Choice:
    """A recipe with its task: what is trained, judged, and trained again."""

    setup: Setup
    recipe: Recipe
    rate: float

    def trained(self, seeds: Sequence[int], progress: bool | None) -> Study:
        """A study of one recipe on the training rows."""
        setup = self.setup
        trials = [Trial(NAME, self.recipe, s, 0, setup.epochs, self.rate) for s in seeds]
        return setup.train(trials, progress)


def _trained(problem: Problem, recipe: Recipe) -> Solution:
    setup = Setup.of(
        problem.network,
        (problem.X, problem.y),
        hidden=problem.hidden or HIDDEN,
        **_training(problem),
    )
    choice = _Choice(setup, recipe, problem.learning_rate or setup.learning_rate)
    study = choice.trained([problem.seed], problem.progress)
    return _solution(problem, choice, study, study)


def _searched(problem: Problem) -> Solution:
    model = problem.network
    if model is None and problem.hidden is not None:
        model = default_network(problem.X.shape[1:], problem.y, problem.hidden)
    found = search(
        model,
        (problem.X, problem.y),
        space=problem.space,
        budget=problem.budget,
        objective=problem.by,
        seed=problem.seed,
        progress=problem.progress,
        **_training(problem),
    )
    shapes = found.hunt.explorer.shapes
    choices = [
        _Choice(
            shapes.of(point),
            found.hunt.explorer.settings.space.recipe(point),
            float(problem.learning_rate or point.get(RATE) or shapes.setup.learning_rate),
        )
        for point in _candidates(found, problem.score is not None)
    ]
    first = 1 + max(one.seed for one in found.records)
    seeds = [first + i for i in range(SEEDS if len(choices) > 1 else 1)]
    studies = [choice.trained(seeds, False) for choice in choices]
    best = int(np.argmax([_mean_score(problem, study) for study in studies]))
    return _solution(problem, choices[best], studies[best], found)


def _candidates(found: Search, several: bool) -> list[Point]:
    """The search's choice, and where another score decides the best behind it."""
    if not several:
        return [found.point]
    ranked = [point for point, _ in standing(found.finals, found.scale)]
    if not ranked:
        ranked = [r.point for r in in_order(found.explored, found.scale, "best") if r.complete]
    distinct = {key_of(point): point for point in [found.point, *ranked]}
    return list(distinct.values())[:CANDIDATES]


def _mean_score(problem: Problem, study: Study) -> float:
    """The mean validation score of a study's trainings; it is the worst where one failed."""
    if problem.score is None:
        return 0.0
    held = problem.split.validation
    scores = []
    for result in study.results:
        if result.outcome is Outcome.FAILED:
            return -np.inf
        model = study.model(NAME, result.trial.seed)
        outputs = Outputs(model, link_of(study.task.objective)).of(problem.X[held])
        scores.append(problem.score(held, outputs))
    return float(np.mean(scores))


def _solution(problem: Problem, choice: _Choice, study: Study, whole: Search | Study) -> Solution:
    model, link = study.model(NAME), link_of(study.task.objective)
    judged = Outputs(model, link).of(problem.X)
    best = min(
        (one for one in study.results if np.isfinite(one.at_chosen("val_loss"))),
        key=lambda one: one.at_chosen("val_loss"),
    )
    curves = study.curves
    history = curves[curves["seed"] == best.trial.seed].reset_index(drop=True)
    notes = study.notes
    if problem.refit:
        stops = choice.recipe.filling(ActsOnStopping)
        epochs = best.chosen_epoch if stops else choice.setup.epochs
        again = refitted(
            choice.setup, choice.recipe, choice.rate, max(1, epochs), [best.trial.seed], False
        )
        model, notes = again.model(NAME), again.notes
    target = study.task.objective
    return Solution(
        model=model,
        link=link,
        recipe=choice.recipe,
        study=whole,
        history=history,
        unseen=_only(judged, problem.split.validation),
        seen=_only(judged, problem.split.train),
        metric_name=target.metric_name,
        loss_name=target.loss_name,
        notes=notes,
    )


def _only(outputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
    kept = np.full(outputs.shape, np.nan)
    kept[rows] = outputs[rows]
    return kept


def _training(problem: Problem) -> Training:
    split, size = problem.split, problem.batch_size
    return {
        "splits": [(split.train, split.validation)],
        "epochs": problem.epochs,
        "batch_size": None if size is None else min(size, len(split.train)),
        "optimizer": problem.optimizer,
        "loss": problem.loss,
        "sample_weight": problem.weights,
    }
