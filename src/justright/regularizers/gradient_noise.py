"""Gradient noise: add noise to the gradient that fades as training goes on."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.regularizers.places import ActsOnGradient, Backward, Weights
from justright.regularizers.random import fold_in, normal
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class GradientNoise(Technique, ActsOnGradient):
    """Add noise of variance η/(1 + t)^γ to each element of the gradient in step t = 0, 1, ….

    Args:
        eta: η ≥ 0, the variance in the first step. The paper tries 0.01, 0.3 and 1;
            0 changes nothing.
        gamma: γ ≥ 0, how fast it fades; 0.55 is the paper's, 0 keeps it.

    Raises:
        RecipeError: a negative η or γ.

    When: a deep network gets stuck, depending on its initial weights.
    Cost: no extra pass; a normal number a weight.
    Try: `gradient_noise=0.01:0.55`

    Source: Neelakantan, Vilnis, Le, Sutskever, Kaiser, Kurach, Martens, "Adding
    gradient noise improves learning for very deep networks", 2015, equation 1.
    """

    eta: float = strength(by_layer=False, meaning="a variance")
    gamma: float = strength(0.55, neutral=None, by_layer=False, meaning="an exponent")

    def gradient(self, gradient: Weights, backward: Backward, key: jax.Array) -> Weights:
        """Add noise, a draw for each element."""
        time = 1 + backward.moment.step.astype(jnp.float32)
        stddev = jnp.sqrt(self.eta * time**-self.gamma)
        return {
            path: g + stddev * normal(fold_in(key, i), g.shape)
            for i, (path, g) in enumerate(gradient.items())
        }
