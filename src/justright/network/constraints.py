"""Constraints of a recipe as standard Keras constraints, one a kernel."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import keras

from justright.network.kernels import units_of
from justright.regularizers.exports import ExportsConstraint
from justright.regularizers.recipe import Recipe
from justright.regularizers.strength import Position

# What Keras calls a constraint, and the variables that it acts on.
_KERNELS = {
    "kernel_constraint": ("kernel",),
    "recurrent_constraint": ("recurrent_kernel",),
    "depthwise_constraint": ("depthwise_kernel", "kernel"),
    "pointwise_constraint": ("pointwise_kernel",),
}


def constraint_edits(
    recipe: Recipe, layer: keras.layers.Layer, owner: str, position: Position
) -> Mapping[str, Callable[[Any], Any]]:
    """What to make of the constraints in a layer's configuration, by the names they have there.

    Args:
        recipe: whose constraints.
        layer: to be constrained.
        owner: the layer of the user's network whose strengths it has.
        position: where that stands.
    """
    units = units_of(layer)
    edits: dict[str, Callable[[Any], Any]] = {}
    for key, names in _KERNELS.items():
        kernels = [v for v in layer.weights if v.name in names and id(v) in units]
        axes = dict.fromkeys(units[id(v)].incoming(len(v.shape)) for v in kernels)
        made = [
            [one.keras_constraint(owner, position, along) for along in axes]
            for one in recipe.filling(ExportsConstraint)
        ]
        wanted = [found[0] for found in made if found and found[0] is not None]
        if wanted and len(axes) > 1:
            warnings.warn(
                f"Keras holds one constraint for all kernels of the layer {layer.name!r}, and "
                f"their units lie along different axes: the exported model has none there.",
                stacklevel=2,
            )
        elif wanted:
            edits[key] = partial(_last, layer.name, wanted)
    return edits


def _last(name: str, wanted: list[keras.constraints.Constraint], own: Any) -> Any:
    """The configuration of the last constraint; the others have no place beside it."""
    if own or len(wanted) > 1:
        warnings.warn(
            f"Keras holds one constraint a kernel, and the layer {name!r} has several, of its own "
            f"or of the recipe: the exported model has {type(wanted[-1]).__name__} alone.",
            stacklevel=2,
        )
    return keras.constraints.serialize(wanted[-1])
