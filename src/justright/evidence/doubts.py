"""What in a recipe or a network makes the evidence doubtful before anything is trained."""

from __future__ import annotations

from typing import Any

import keras

from justright.network.own import own_regularization
from justright.regularizers.branches import ActsOnBranches
from justright.regularizers.places import (
    ActsOnActivations,
    ActsOnBatch,
    ActsOnGradient,
    ActsOnLoss,
    ActsOnStepWeights,
    ActsOnStopping,
    ActsOnStructure,
    ActsOnUpdate,
)
from justright.regularizers.recipe import Recipe
from justright.regularizers.skip_connections import SkipConnections

_NOISY = (ActsOnActivations, ActsOnStepWeights, ActsOnBatch, ActsOnBranches)
_BESIDE = (ActsOnLoss, ActsOnUpdate, ActsOnGradient)
_NORMALIZATIONS = (
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.GroupNormalization,
    keras.layers.UnitNormalization,
)


def doubts_of(recipe: Recipe, model: keras.Model, optimizer: Any) -> list[str]:
    """Why the trained network is not the mode of a posterior with a Gaussian prior, in sentences.

    Args:
        recipe: what L2 is added to.
        model: the network, built.
        optimizer: a Keras optimizer.
    """
    said = []
    noisy = _names(recipe, _NOISY)
    if noisy:
        said.append(
            f"{noisy} disturbs training, so that what is minimized is not the posterior that the "
            "evidence is of."
        )
    beside = _names(recipe, _BESIDE, besides=_NOISY)
    own = own_regularization(model)
    if optimizer.weight_decay:
        own = (*own, f"the weight decay of {type(optimizer).__name__}")
    if beside or own:
        said.append(
            f"{', '.join(filter(None, (beside, *own)))} acts beside L2: the prior is not the "
            "Gaussian that it is taken for."
        )
    normalizing = _names(recipe, (ActsOnStructure,))
    layers = [layer.name for layer in model.layers if isinstance(layer, _NORMALIZATIONS)]
    if normalizing or layers:
        said.append(
            f"{', '.join(filter(None, (normalizing, *layers)))} takes the scale out of the weights "
            "before it: L2 there changes how fast they turn, and no prior."
        )
    stopping = _names(recipe, (ActsOnStopping,))
    if stopping:
        said.append(f"{stopping} ends training before it has come to rest.")
    return said


def _names(
    recipe: Recipe, places: tuple[type[Any], ...], besides: tuple[type[Any], ...] = ()
) -> str:
    return " and ".join(
        type(one).__name__
        for one in recipe.techniques
        if isinstance(one, places) and not isinstance(one, (*besides, SkipConnections))
    )
