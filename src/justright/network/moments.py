"""Prediction with weights that have a variance: pre-activations drawn by their two moments."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import keras

from justright.errors import RecipeError
from justright.network.anatomy import LINEAR, is_kernel
from justright.network.blueprint import Blueprint
from justright.network.structure import Structure
from justright.network.surgery import Edits, copy_layer, rebuild
from justright.network.weights import assign
from justright.regularizers.exports import PredictsByMoments
from justright.regularizers.random import fold_in, normal
from justright.regularizers.recipe import Recipe

DRAWS = 200
"""So many draws are averaged: they are off by 7 % of a unit's own spread."""


class MomentMatched(keras.layers.Layer):
    """A dense or convolutional layer, each row `DRAWS` times with a pre-activation of its own.

    h ~ N(μ, v·(W∘W)(x∘x)), where μ is what the layer computes and v the variance of a weight
    divided by its square. All rows take the same normal numbers, so that what one of them is
    given does not depend on the others.

    Args:
        layer: gives the configuration.
        variance: v.
        key: for the draws.
    """

    def __init__(self, layer: keras.layers.Layer, variance: float, key: jax.Array) -> None:
        super().__init__(name=layer.name)
        self.linear = type(layer).from_config(layer.get_config() | {"activation": "linear"})
        self.follow = layer.activation
        self._variance = variance
        self._key = key

    def call(self, x: jax.Array) -> jax.Array:
        """From (rows, …) to (draws · rows, …, units)."""
        mean = self.linear(x)
        squares = [
            jnp.square(jnp.asarray(v)) if is_kernel(v.name) else jnp.zeros(v.shape, v.dtype)
            for v in self.linear.trainable_variables
        ]
        spread, _ = self.linear.stateless_call(squares, [], jnp.square(x))
        stddev = jnp.sqrt(self._variance * spread)
        drawn = mean + stddev * normal(self._key, (DRAWS, 1, *mean.shape[1:]))
        return self.follow(drawn.reshape(-1, *mean.shape[1:]))


class MeanOfDraws(keras.layers.Layer):
    """From (draws · rows, …) to their mean (rows, …)."""

    def call(self, x: jax.Array) -> jax.Array:
        """Average what `MomentMatched` has drawn."""
        return x.reshape(DRAWS, -1, *x.shape[1:]).mean(axis=0)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Keras does not know how many rows there are, nor that draws divide them."""
        return shape


def variances(blueprint: Blueprint, structure: Structure, recipe: Recipe) -> dict[str, float]:
    """The layers whose weights have a variance at prediction, and how large it is.

    Raises:
        RecipeError: a layer that is neither dense nor convolutional, or is separable.
    """
    able = recipe.filling(PredictsByMoments)
    found = {}
    for layer in structure.model.layers if able else ():
        owner = structure.owner(layer.name)
        position = blueprint.anatomy.position(owner)
        spread = [v for one in able if (v := one.weight_variance(owner, position)) is not None]
        if spread and any(is_kernel(v.name) for v in layer.trainable_weights):
            _check_linear(layer)
            found[layer.name] = sum(spread)
    return {name: value for name, value in found.items() if value}


def _check_linear(layer: keras.layers.Layer) -> None:
    if type(layer) not in LINEAR:
        raise RecipeError(
            f"The layer {layer.name!r} is a {type(layer).__name__}, and pre-activations are "
            "drawn where what reaches the activation is linear in one kernel: in dense and "
            'convolutional layers. Use inference="mean", or name the layers to act on.'
        )


def moment_matched(
    model: keras.Model, input_shape: tuple[int, ...], spreads: dict[str, float], key: jax.Array
) -> keras.Model:
    """A copy of a trained model that predicts by moments; averages stand after activations.

    Args:
        model: the exported one.
        input_shape: of a row.
        spreads: of `variances`.
        key: for the draws.
    """
    blueprint = Blueprint.of(model, input_shape)
    ends = dict(blueprint.anatomy.ends)
    keys = {name: fold_in(key, i) for i, name in enumerate(spreads)}

    def replace(layer: keras.layers.Layer) -> keras.layers.Layer:
        if layer.name not in spreads:
            return copy_layer(layer)
        return MomentMatched(layer, spreads[layer.name], keys[layer.name])

    after = {ends.get(name, name): lambda: [MeanOfDraws()] for name in spreads}
    copy = rebuild(blueprint.model, Edits(after=after, replace=replace))
    assign(copy, blueprint.own_values or {})
    return copy
