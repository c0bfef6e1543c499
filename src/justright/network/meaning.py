"""What a recipe cannot mean on a network is refused, before it would change nothing, unsaid."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence

import keras

from justright.errors import RecipeError
from justright.network.anatomy import Anatomy
from justright.network.surgery import calls_of
from justright.regularizers.places import ActsOnActivations
from justright.regularizers.recipe import Recipe
from justright.regularizers.strength import POSITIONS, PerLayer, Position, strength_at
from justright.regularizers.technique import Technique

Where = tuple[str, Position]
"""A layer's name and where it stands."""

_ANYWHERE: tuple[Position, ...] = ("hidden", "output")


def check_meaning(recipe: Recipe, model: keras.Model, anatomy: Anatomy) -> None:
    """Refuse strengths that act nowhere, and arithmetic on inputs that are no quantities.

    Args:
        recipe: any.
        model: a Functional model.
        anatomy: of that model.

    Raises:
        RecipeError: a strength, or a part of one that differs by layer, for which the network
            has no place; or token numbers that would be mixed, moved or scaled.
    """
    for one in recipe.techniques:
        places = _places(one, anatomy)
        for name in one.strength_names():
            value = getattr(one, name)
            if all(strength_at(value, *place, _ANYWHERE) is None for place in places):
                raise RecipeError(
                    f"{type(one).__name__}.{name} finds nowhere to act in the network, whose "
                    f"layers are {', '.join(anatomy.layers)}. Add a hidden layer, name another "
                    "place, or take it out of the recipe."
                )
            if isinstance(value, PerLayer):
                _check_each_acts(f"{type(one).__name__}.{name}", one, value, places)
    reckoning = [one for one in recipe.techniques if _reckons_with_inputs(one)]
    if reckoning and (embedding := _embedding(model)):
        raise RecipeError(
            f"{type(reckoning[0]).__name__} reckons with the inputs, and the layer {embedding!r} "
            "reads them as token numbers, whose sums, shares and slopes mean nothing. Take it out "
            "of the recipe, or let it act on hidden layers, where it can."
        )


def _places(one: Technique, anatomy: Anatomy) -> Sequence[Where]:
    if isinstance(one, ActsOnActivations):
        return [(site.layer, site.position) for site in anatomy.sites if one.fits(site)]
    return [(name, anatomy.position(name)) for name in anatomy.layers]


def _check_each_acts(
    owner: str, one: Technique, strength: PerLayer, places: Sequence[Where]
) -> None:
    """Refuse a number that no place gets.

    A word such as `hidden` may find no such layer in one of several networks; one that no
    network has a place for is refused.
    """
    possible = ("input", "hidden") if isinstance(one, ActsOnActivations) else _ANYWHERE
    for i, pattern in enumerate(strength.patterns):
        if pattern in POSITIONS:
            if pattern not in possible:
                raise RecipeError(
                    f"{owner} has a number for {pattern!r}, where {type(one).__name__} never acts: "
                    f"it acts at {' and '.join(possible)}. Take that number out."
                )
            continue
        wanted = [layer for layer, _ in places if fnmatch.fnmatchcase(layer, pattern)]
        if not wanted:
            raise RecipeError(
                f"{owner} has a number for {pattern!r}, where {type(one).__name__} cannot act: it "
                f"acts at {', '.join(layer for layer, _ in places)}. Take that number out."
            )
        before = PerLayer(strength.patterns[:i], strength.patterns[:i])
        taken = [strength_at(before, *place, ()) for place in places if place[0] in wanted]
        if None not in taken:
            raise RecipeError(
                f"{owner} has a number for {pattern!r} that never acts, because {taken[0]!r} "
                "stands before it, and the first that matches decides. Put it first."
            )


def _reckons_with_inputs(one: Technique) -> bool:
    """Whether a technique adds to the inputs, scales or mixes them, or takes slopes by them."""
    at_input = isinstance(one, ActsOnActivations) and any(
        strength_at(getattr(one, name), "input", "input", ()) is not None
        for name in one.strength_names()
        if isinstance(getattr(one, name), PerLayer)
    )
    return at_input or one.reckons_with_inputs()


def _embedding(model: keras.Model) -> str | None:
    """The first layer that looks the network's inputs up in a table, if there is one."""
    calls, _ = calls_of(model)
    made = {tensor for call in calls for tensor in call.outputs}
    reached = {tensor for call in calls for tensor in call.inputs} - made
    for call in calls:
        if reached & set(call.inputs):
            if isinstance(call.layer, keras.layers.Embedding):
                return str(call.layer.name)
            if not call.layer.weights:
                reached |= set(call.outputs)
    return None
