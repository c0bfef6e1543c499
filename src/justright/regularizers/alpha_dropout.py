"""Alpha dropout: dropout for networks that normalize themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from justright.regularizers.dropout import LEVELS, WHERE, random_levels
from justright.regularizers.exports import ExportsLayer
from justright.regularizers.location import Site
from justright.regularizers.places import ActsOnActivations
from justright.regularizers.strength import Strength, strength, strength_at
from justright.regularizers.technique import Technique, technique

if TYPE_CHECKING:
    import keras

# −λα of the SELU activation: what it sends on for inputs far below 0.
SATURATION = -1.0507009873554805 * 1.6732632423543772


@technique
class AlphaDropout(Technique, ActsOnActivations, ExportsLayer):
    """Set units to SELU's lowest value with probability `rate`, and keep mean and variance.

    Kept or dropped, units are then scaled and shifted by a and b, so that
    activations of mean 0 and variance 1 stay so: for networks of `selu` layers
    with `lecun_normal` weights. Elsewhere dropped units are not 0, and plain
    dropout is the better choice.

    Args:
        rate: fraction dropped, in [0, 1). It acts after the activation of each
            hidden layer; a mapping can add `"input"` or differ by layer. 0.05 to
            0.1 is the paper's; 0 changes nothing.

    Raises:
        RecipeError: a rate outside [0, 1).

    When: hidden layers are `selu`; elsewhere take dropout.
    Cost: no extra pass; half a random word a unit.
    Try: `alpha_dropout=0.1`

    Source: Klambauer, Unterthiner, Mayr, Hochreiter, "Self-normalizing neural
    networks", NIPS 2017, section 2 ("new dropout technique"); as
    `keras.layers.AlphaDropout`.
    """

    rate: Strength = strength(high=1.0, high_included=False, meaning="a drop probability")

    def activation(self, x: jax.Array, site: Site, key: jax.Array) -> jax.Array:
        """Drop units of `x` (rows, …, units) independently."""
        rate = strength_at(self.rate, site.layer, site.position, WHERE)
        if rate is None:
            return x
        threshold = jnp.minimum(jnp.round(jnp.asarray(rate, jnp.float32) * LEVELS), LEVELS - 1)
        kept = random_levels(key, x.shape) >= threshold.astype(jnp.uint32)
        rate = threshold / LEVELS
        a = 1 / jnp.sqrt((1 - rate) * (1 + rate * SATURATION**2))
        b = -a * rate * SATURATION
        return (a * jnp.where(kept, x, SATURATION) + b).astype(x.dtype)

    def keras_layer(self, site: Site) -> keras.layers.Layer | None:
        """`keras.layers.AlphaDropout` with the same rate."""
        import keras

        rate = strength_at(self.rate, site.layer, site.position, WHERE)
        return None if rate is None else keras.layers.AlphaDropout(rate)
