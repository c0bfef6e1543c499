"""The way back: a plain Keras model with standard layers and the trained weights."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import keras
import numpy as np

from justright.errors import ModelError
from justright.network.anatomy import has_kernel
from justright.network.blueprint import Blueprint
from justright.network.constraints import constraint_edits
from justright.network.moments import variances
from justright.network.objective import Objective
from justright.network.structure import Structure, structure_of
from justright.network.surgery import Edits, LayerFactory, copy_layer, rebuild
from justright.network.weights import Arrays, assign
from justright.regularizers.branches import ActsOnBranches, Branch
from justright.regularizers.exports import ExportsLayer, ExportsPenalty
from justright.regularizers.learned import settled
from justright.regularizers.location import Site
from justright.regularizers.recipe import Recipe
from justright.regularizers.weight_decay import WeightDecay

_PENALTY_KEYS = (
    "kernel_regularizer",
    "recurrent_regularizer",
    "depthwise_regularizer",
    "pointwise_regularizer",
)


def plain_model(
    blueprint: Blueprint,
    recipe: Recipe,
    values: Arrays,
    objective: Objective,
    optimizer: keras.optimizers.Optimizer,
) -> keras.Model:
    """A Keras model that predicts what was trained and can be trained on.

    Dropout stands as `keras.layers.Dropout`, batch normalization as
    `keras.layers.BatchNormalization`, L1 and L2 as `kernel_regularizer`, a bounded norm as
    `kernel_constraint`, and weight decay in the optimizer that the model is compiled
    with. What a branch beside a skip connection is multiplied by stands as
    `keras.layers.Rescaling`. Trained on in Keras, L1 acts by its subgradient, which keeps
    no exact zeros. What acts on batches, on gradients or on other updates has left its
    mark in the weights, and is not in the model.

    Args:
        blueprint: the user's network.
        recipe: what to put into it.
        values: the trained variables by path.
        objective: gives loss and metric.
        optimizer: configuration of the one to compile with.

    Returns:
        A Sequential model if the user's was one and the recipe has not put skip connections
        into it, and a Functional one otherwise.
    """
    return compiled(network_of(blueprint, recipe, values), recipe, objective, optimizer)


def network_of(blueprint: Blueprint, recipe: Recipe, values: Arrays) -> keras.Model:
    """As `plain_model`, and not compiled."""
    recipe = settled(recipe, blueprint.anatomy.sites, values)
    structure = structure_of(blueprint, recipe)
    edits = Edits(
        at_input=_at_site(recipe, blueprint.anatomy.sites[0]),
        before_activation=structure.before_activation,
        after=_layers_after(blueprint, structure, recipe),
        replace=lambda layer: _regularized(blueprint, structure, recipe, layer),
    )
    model = rebuild(structure.model, edits)
    assign(model, values)
    if blueprint.sequential and not structure.branches:
        first = model.layers[0]
        entry = keras.Input(batch_shape=first.batch_shape, dtype=model.input.dtype, name=first.name)
        layers = [x for x in model.layers if not isinstance(x, keras.layers.InputLayer)]
        model = keras.Sequential([entry, *layers], name=blueprint.model.name)
    if variances(blueprint, structure, recipe):
        warnings.warn(
            "Standard Keras layers predict with the weights as they are: the exported model takes "
            "the mean rule, and Study.predict the Gaussian one.",
            stacklevel=2,
        )
    return model


def compiled(
    model: keras.Model,
    recipe: Recipe,
    objective: Objective,
    optimizer: keras.optimizers.Optimizer,
) -> keras.Model:
    """A model, compiled as `plain_model` says."""
    loss, metrics = objective.for_keras()
    model.compile(optimizer=_with_decay(optimizer, recipe), loss=loss, metrics=metrics)
    # Saved without its variables, it would be read with a warning that some are missing.
    model.optimizer.build(model.trainable_variables)
    return model


def _layers_after(
    blueprint: Blueprint, structure: Structure, recipe: Recipe
) -> dict[str, LayerFactory]:
    after = {end: _at_branch(recipe, branch) for end, branch in structure.branches.items()}
    sites = zip(blueprint.anatomy.sites[1:], structure.ends, strict=True)
    return after | {end: _at_site(recipe, site) for site, end in sites}


def _at_branch(recipe: Recipe, branch: Branch) -> LayerFactory:
    factors = [float(one.expected(branch)) for one in recipe.filling(ActsOnBranches)]
    scale = math.prod(factors)
    return lambda: [] if scale == 1 else [keras.layers.Rescaling(scale)]


def _at_site(recipe: Recipe, site: Site) -> LayerFactory:
    def layers() -> list[keras.layers.Layer]:
        made = (one.keras_layer(site) for one in recipe.filling(ExportsLayer))
        return [layer for layer in made if layer is not None]

    return layers


def _regularized(
    blueprint: Blueprint, structure: Structure, recipe: Recipe, layer: keras.layers.Layer
) -> keras.layers.Layer:
    """A copy of a layer with the recipe's penalties and constraints on its kernels."""
    name = structure.owner(layer.name)
    if not has_kernel(layer) or not layer.trainable:
        return copy_layer(layer)
    position = blueprint.anatomy.position(name)
    edits = dict(constraint_edits(recipe, layer, name, position))
    pairs = [one.l1_l2(name, position) for one in recipe.filling(ExportsPenalty)]
    l1, l2 = (float(sum(amounts)) for amounts in zip(*pairs, strict=True)) if pairs else (0.0, 0.0)
    if l1 or l2:
        edits |= dict.fromkeys(_PENALTY_KEYS, partial(_joined, name, l1, l2))
    if not edits:
        return copy_layer(layer)
    return type(layer).from_config(_edited(layer.get_config(), edits))


def _edited(config: dict[str, Any], edits: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """Change what a layer's configuration says of its kernels, wrapped layers' included."""
    changed: dict[str, Any] = {}
    for key, value in config.items():
        if key in edits:
            changed[key] = edits[key](value)
        elif isinstance(value, dict):
            changed[key] = _edited(value, edits)
        elif isinstance(value, list):
            changed[key] = [_edited(v, edits) if isinstance(v, dict) else v for v in value]
        else:
            changed[key] = value
    return changed


def _joined(name: str, l1: float, l2: float, own: Any) -> Any:
    """The configuration of the recipe's penalty together with the layer's own."""
    if own:
        penalty = keras.regularizers.get(own)
        standard = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)
        if not isinstance(penalty, standard):
            raise ModelError(
                f"The layer {name!r} has a regularizer of its own kind, {type(penalty).__name__}, "
                "which no standard Keras regularizer joins with the recipe's penalty. Take it "
                "out of the layer or the penalty out of the recipe."
            )
        l1 += float(np.asarray(getattr(penalty, "l1", 0.0)))
        l2 += float(np.asarray(getattr(penalty, "l2", 0.0)))
    joined = keras.regularizers.L1L2(l1, l2) if l2 else keras.regularizers.L1(l1)
    return keras.regularizers.serialize(joined if l1 else keras.regularizers.L2(l2))


def _with_decay(
    optimizer: keras.optimizers.Optimizer, recipe: Recipe
) -> keras.optimizers.Optimizer:
    fresh = type(optimizer).from_config(optimizer.get_config())
    for decay in recipe.filling(WeightDecay):
        if isinstance(decay.strength, float):
            fresh.weight_decay = (fresh.weight_decay or 0.0) + decay.strength
            # As in the recipe; a saved file does not keep this, Keras has no place for it.
            fresh.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        else:
            warnings.warn(
                "Keras has no weight decay that differs by layer: the exported model is compiled "
                "without the recipe's.",
                stacklevel=2,
            )
    return fresh
