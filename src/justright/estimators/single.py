"""One network: of a recipe that is given, or of the best that a search finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from justright.engine.outcome import Outcome
from justright.engine.rows import Split
from justright.engine.trial import Trial
from justright.estimators.outputs import Outputs, link_of
from justright.estimators.problem import Problem, Solution
from justright.experiments.choice import in_order, key_of, standing
from justright.experiments.found import Search
from justright.experiments.refit import NAME, refitted
from justright.experiments.search import search
from justright.experiments.setup import Setup, Training
from justright.experiments.space import RATE, Point
from justright.network.default import HIDDEN, default_network
from justright.regularizers.places import ActsOnStopping
from justright.regularizers.recipe import Recipe
from justright.study import Study

CANDIDATES, SEEDS = 5, 2
BUDGET = 60


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


def trained(problem: Problem, recipe: Recipe) -> Solution:
    """The network of one recipe."""
    setup = Setup.of(
        problem.network,
        (problem.X, problem.y),
        hidden=problem.hidden or HIDDEN,
        **_training(problem),
    )
    choice = _Choice(setup, recipe, problem.learning_rate or setup.learning_rate)
    study = choice.trained([problem.seed], problem.progress)
    return _solution(problem, choice, study, study)


def searched(problem: Problem) -> Solution:
    """The network of the best recipe that a search finds."""
    model = problem.network
    if model is None and problem.hidden is not None:
        model = default_network(problem.X.shape[1:], problem.y, problem.hidden)
    found = search(
        model,
        (problem.X, problem.y),
        space=problem.space,
        budget=BUDGET if problem.budget is None else problem.budget,
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
    held = _split(problem).validation
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
    target, split = study.task.objective, _split(problem)
    return Solution(
        way="given" if problem.recipe is not None else "search",
        model=model,
        link=link,
        recipe=choice.recipe,
        study=whole,
        history=history,
        unseen=_only(judged, split.validation),
        seen=_only(judged, split.train),
        metric_name=target.metric_name,
        loss_name=target.loss_name,
        notes=notes,
    )


def _only(outputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
    kept = np.full(outputs.shape, np.nan)
    kept[rows] = outputs[rows]
    return kept


def _split(problem: Problem) -> Split:
    if problem.split is None:
        raise ValueError("One network wants a split, with rows that select.")
    return problem.split


def _training(problem: Problem) -> Training:
    split, size = _split(problem), problem.batch_size
    training: Training = {
        "splits": [(split.train, split.validation)],
        "batch_size": None if size is None else min(size, len(split.train)),
        "optimizer": problem.optimizer,
        "loss": problem.loss,
        "sample_weight": problem.weights,
    }
    if problem.epochs is not None:
        training["epochs"] = problem.epochs
    return training
