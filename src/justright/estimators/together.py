"""Several networks that predict together: what the default strategy finds when nothing is given."""

from __future__ import annotations

from justright.estimators.outputs import link_of
from justright.estimators.problem import Problem, Solution
from justright.experiments.automatic import automatic


def together(problem: Problem) -> Solution:
    """One Keras model of networks of several recipes, chosen by cross-validation on all rows."""
    found = automatic(
        problem.X,
        problem.y,
        groups=problem.groups,
        budget=problem.budget,
        epochs=problem.epochs,
        batch_size=problem.batch_size,
        score=problem.score,
        seed=problem.seed,
        progress=problem.progress,
        loss=problem.loss,
        sample_weight=problem.weights,
    )
    objective = found.objective
    return Solution(
        way="together",
        model=found.model(),
        link=link_of(objective),
        recipe=found.recipe,
        study=found.study,
        history=found.history,
        unseen=found.held,
        seen=found.seen,
        metric_name=objective.metric_name,
        loss_name=objective.loss_name,
        notes=found.notes,
    )
