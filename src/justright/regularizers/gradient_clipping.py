"""Gradient clipping: bound the length of the gradient."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from justright.regularizers.places import ActsOnGradient, Backward, Weights
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class GradientClipping(Technique, ActsOnGradient):
    """Shorten a gradient that is longer than c: g ← g·min(1, c/‖g‖).

    ‖g‖ is the Euclidean norm over all trained weights together, so the direction
    stays: `global_clipnorm` of Keras' optimizers, `clip_grad_norm_` of PyTorch.

    Args:
        max_norm: c > 0. 1 is usual; infinity changes nothing.

    Raises:
        RecipeError: c of 0 or less.

    When: the loss jumps, as in recurrent networks or with large learning rates.
    Cost: no extra pass.
    Try: `gradient_clipping=1`

    Source: Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent
    neural networks", ICML 2013, algorithm 1.
    """

    max_norm: float = strength(
        low_included=False, neutral=math.inf, by_layer=False, meaning="the largest norm"
    )

    def gradient(self, gradient: Weights, backward: Backward, key: jax.Array) -> Weights:
        """Scale all of the gradient alike."""
        factor = jnp.minimum(1, self.max_norm / global_norm(gradient))
        return {path: g * factor for path, g in gradient.items()}


def global_norm(gradient: Weights) -> jax.Array:
    """The Euclidean norm of all arrays together."""
    return jnp.sqrt(sum((jnp.sum(jnp.square(g)) for g in gradient.values()), jnp.zeros(())))
