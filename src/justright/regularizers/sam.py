"""SAM: sharpness-aware minimization."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.regularizers.gradient_clipping import global_norm
from justright.regularizers.places import ActsOnGradient, Backward, Weights
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique

_TINY = 1e-12  # As in the usual implementations: no gradient, no step.


@technique
class SAM(Technique, ActsOnGradient):
    """Use the gradient at the worst weights nearby: at w + ρ·g/‖g‖ instead of w.

    So the loss is low around the weights that are found, not only at them. It
    costs a second forward and backward pass in each step, on the same batch with
    the same noise. What stands before it in the recipe acts on both gradients.

    Args:
        rho: ρ ≥ 0, the distance in the Euclidean norm over all weights. 0.05 is
            usual; 0 changes nothing.

    Raises:
        RecipeError: a negative ρ.

    When: there is time for twice the work, and the last points of accuracy matter.
    Cost: 1 extra pass forward and back.
    Try: `sam=0.05`

    Source: Foret, Kleiner, Mobahi, Neyshabur, "Sharpness-aware minimization for
    efficiently improving generalization", ICLR 2021, equations 2 and 3 for p = 2.
    """

    rho: float = strength(by_layer=False, smooth=True, meaning="a distance")

    def gradient(self, gradient: Weights, backward: Backward, key: jax.Array) -> Weights:
        """The gradient a step of length ρ uphill."""
        step = self.rho / (global_norm(gradient) + _TINY)
        uphill = {path: w + step * gradient[path] for path, w in backward.weights.items()}
        there = backward.again(uphill, backward.batch)
        # A second pass compiles to other roundings than the first.
        acts = jnp.asarray(self.rho) > 0
        return {path: jnp.where(acts, there[path], g) for path, g in gradient.items()}
