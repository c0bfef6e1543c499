"""Strengths as parameters: what `recipe__dropout` reads and writes."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

from justright.errors import RecipeError
from justright.regularizers.axis import Axis, with_values
from justright.regularizers.recipe import Recipe, as_recipe
from justright.regularizers.technique import Technique
from justright.regularizers.text import parse_recipe


def recipe_of(given: Any) -> Recipe:
    """A recipe from one, from a regularizer, or from text as `"dropout=0.4,l2=1e-3"`.

    None is the empty one.

    Raises:
        RecipeError: anything else.
    """
    if given is None:
        return Recipe()
    if isinstance(given, str):
        return parse_recipe(given)
    if isinstance(given, Recipe | Technique):
        return as_recipe(given)
    raise RecipeError(
        f"recipe={given!r}: give a Recipe, a regularizer, or text such as 'dropout=0.4,l2=1e-3'."
    )


def strengths_of(recipe: Recipe) -> dict[str, float]:
    """The strengths that are numbers, by the name that `changed` takes.

    >>> from justright.regularizers import L2, Dropout
    >>> strengths_of(Dropout(0.4) + L2({"hidden": 1e-3}))
    {'dropout': 0.4, 'l2[hidden]': 0.001}
    """
    found = {}
    for name, value in recipe.strengths().items():
        if isinstance(value, Real):
            axis = Axis.of(name, recipe)
            found[axis.key] = float(value)
    return found


def changed(recipe: Recipe, strengths: Mapping[str, Any]) -> Recipe:
    """A recipe with numbers in place of some strengths; techniques that it lacks are added.

    Args:
        recipe: before.
        strengths: by name, as `"dropout"`, `"L2.strength"`, `"elastic_net.l1"`, `"l2[hidden]"`.

    Raises:
        RecipeError: an unknown name, or a value that the technique does not take.
    """
    axes = [Axis.of(name, recipe) for name in strengths]
    values = [axis.checked(value) for axis, value in zip(axes, strengths.values(), strict=True)]
    return with_values(recipe, axes, values)
