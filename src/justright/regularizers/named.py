"""The strengths of a recipe by name, as tables write them: read, and put in place."""

from __future__ import annotations

from collections.abc import Mapping

import jax

from justright.regularizers.recipe import Recipe
from justright.regularizers.strength import Limits, by_name, limits_of
from justright.regularizers.technique import fields_of


def limits_by_name(recipe: Recipe) -> dict[str, Limits]:
    """What each strength of a recipe may be, in the order of `Recipe.strengths`.

    >>> from justright.regularizers import L2
    >>> limits_by_name(Recipe(L2({"hidden": 0.1})))["L2.strength[hidden]"].low
    0.0
    """
    found: dict[str, Limits] = {}
    for one in recipe.techniques:
        for field in fields_of(type(one)):
            limits = limits_of(field)
            if limits is not None:
                owner = f"{type(one).__name__}.{field.name}"
                found |= dict.fromkeys(by_name(owner, getattr(one, field.name)), limits)
    return found


def with_strengths(recipe: Recipe, values: Mapping[str, float]) -> Recipe:
    """The recipe with other numbers for some strengths; they are not checked.

    >>> from justright.regularizers import Dropout, L2
    >>> with_strengths(Dropout(0.4) + L2(0.1), {"L2.strength": 0.2})
    Recipe(Dropout(rate=0.4), L2(strength=0.2))
    """
    numbers, structure = jax.tree.flatten(recipe)
    named = zip(recipe.strengths(), numbers, strict=True)
    changed: Recipe = jax.tree.unflatten(structure, [values.get(name, n) for name, n in named])
    return changed
