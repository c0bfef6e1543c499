"""Constraints of a recipe as standard Keras constraints, one a kernel."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import keras

from justright.regularizers.exports import ExportsConstraint
from justright.regularizers.max_norm import unit_axes
from justright.regularizers.recipe import Recipe
from justright.regularizers.strength import Position

# What Keras calls a constraint, and the variable that it acts on.
_KERNELS = {
    "kernel_constraint": ("kernel",),
    "recurrent_constraint": ("recurrent_kernel",),
    "depthwise_constraint": ("depthwise_kernel", "kernel"),
    "pointwise_constraint": ("pointwise_kernel",),
}


def constraint_edits(
    recipe: Recipe, layer: keras.layers.Layer, position: Position
) -> Mapping[str, Callable[[Any], Any]]:
    """What to make of the constraints in a layer's configuration, by the names they have there."""
    ranks = {v.name: len(v.shape) for v in layer.weights}
    edits: dict[str, Callable[[Any], Any]] = {}
    for key, names in _KERNELS.items():
        kernel = next((name for name in names if name in ranks), None)
        if kernel is None:
            continue
        axes = unit_axes(kernel, ranks[kernel])
        made = [
            one.keras_constraint(layer.name, position, axes)
            for one in recipe.filling(ExportsConstraint)
        ]
        wanted = [constraint for constraint in made if constraint is not None]
        if wanted:
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
