"""How an estimator finds its network, from prepared rows to what predicts.

Everything that is a matter of judgment stands here and below: what is tried, how the budget is
spent, whether the choice is trained again on all rows. Estimators know `Problem`, `Solution`,
`divides` and `solve`, and no more.
"""

from __future__ import annotations

from typing import Any

from justright.estimators.problem import Problem, Solution
from justright.estimators.single import searched, trained
from justright.estimators.together import together

_DECIDING = ("recipe", "network", "hidden", "space", "optimizer", "learning_rate")


def divides(parameters: dict[str, Any], dimensions: int) -> bool:
    """Whether the strategy divides the rows itself.

    It does for a table of which nothing is said: no network, no recipe, no way to train. Rows
    are then prepared once, by all of them, so that a transformer that is given, which may look
    at targets, rules it out.

    Args:
        parameters: of an estimator.
        dimensions: of its rows, 2 for a table.
    """
    free = all(parameters[name] is None for name in _DECIDING)
    return dimensions == 2 and free and isinstance(parameters["preprocess"], str | None)


def solve(problem: Problem) -> Solution:
    """Find networks for a problem: several by cross-validation, or one by a search or a recipe.

    Raises:
        DataError: rows or targets that cannot be trained on, or no training that ended.
        ModelError: a network that does not fit.
        RecipeError: a recipe or a space that is not valid.
    """
    if problem.split is None:
        return together(problem)
    if problem.recipe is not None:
        return trained(problem, problem.recipe)
    return searched(problem)
