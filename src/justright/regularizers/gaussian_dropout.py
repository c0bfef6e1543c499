"""Gaussian dropout: multiply units by noise of mean 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from justright.regularizers.dropout import WHERE
from justright.regularizers.exports import ExportsLayer
from justright.regularizers.location import Site
from justright.regularizers.places import ActsOnActivations
from justright.regularizers.random import normal
from justright.regularizers.strength import Strength, strength, strength_at
from justright.regularizers.technique import Technique, technique

if TYPE_CHECKING:
    import keras


@technique
class GaussianDropout(Technique, ActsOnActivations, ExportsLayer):
    """Multiply each unit by n ~ N(1, rate/(1 − rate)) in training.

    Mean and variance of the factor are those of dropout with the same rate, but
    no unit is ever switched off. Prediction multiplies by nothing.

    Args:
        rate: that of the dropout whose variance it has, in [0, 1), as in Keras. It
            acts after the activation of each hidden layer; a mapping can add
            `"input"` or differ by layer. 0 changes nothing.

    Raises:
        RecipeError: a rate outside [0, 1).

    When: dropout helps, but layers are too narrow to lose whole units.
    Cost: no extra pass; a normal number a unit.
    Try: `gaussian_dropout=0.3`

    Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout: a
    simple way to prevent neural networks from overfitting", JMLR 15, 2014,
    section 10; as `keras.layers.GaussianDropout`.
    """

    rate: Strength = strength(
        high=1.0, high_included=False, smooth=True, meaning="a drop probability"
    )

    def activation(self, x: jax.Array, site: Site, key: jax.Array) -> jax.Array:
        """Multiply each element of `x` (rows, …, units) by its own draw."""
        rate = strength_at(self.rate, site.layer, site.position, WHERE)
        if rate is None:
            return x
        stddev = jnp.sqrt(rate / (1 - rate))
        return x * (1 + stddev * normal(key, x.shape)).astype(x.dtype)

    def keras_layer(self, site: Site) -> keras.layers.Layer | None:
        """`keras.layers.GaussianDropout` with the same rate."""
        import keras

        rate = strength_at(self.rate, site.layer, site.position, WHERE)
        return None if rate is None else keras.layers.GaussianDropout(rate)
