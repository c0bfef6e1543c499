"""Gaussian noise on inputs or activations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax

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
class GaussianNoise(Technique, ActsOnActivations, ExportsLayer):
    """Add noise of mean 0 to each unit in training: x ← x + σ·n, n ~ N(0, 1).

    `GaussianNoise({"input": 0.1})` is the classical noise on the inputs; a plain
    number acts after the activation of each hidden layer, like all of dropout's
    kin. Prediction has no noise.

    Args:
        stddev: σ ≥ 0, in units of what it is added to, or a mapping by layer,
            `"input"` or `"hidden"`. 0 changes nothing.

    Raises:
        RecipeError: a negative σ.

    When: inputs are measured with noise, or dropout switches off too much.
    Cost: no extra pass; a normal number a unit.
    Try: `gaussian_noise=0.1`

    Source: Bishop, "Training with noise is equivalent to Tikhonov regularization",
    Neural Computation 7, 1995, equation 3; as `keras.layers.GaussianNoise`.
    """

    stddev: Strength = strength(smooth=True, meaning="a standard deviation")

    def activation(self, x: jax.Array, site: Site, key: jax.Array) -> jax.Array:
        """Add noise to `x` (rows, …, units), a draw for each element."""
        stddev = strength_at(self.stddev, site.layer, site.position, WHERE)
        return x if stddev is None else x + (stddev * normal(key, x.shape)).astype(x.dtype)

    def keras_layer(self, site: Site) -> keras.layers.Layer | None:
        """`keras.layers.GaussianNoise` with the same standard deviation."""
        import keras

        stddev = strength_at(self.stddev, site.layer, site.position, WHERE)
        return None if stddev is None else keras.layers.GaussianNoise(stddev)
