"""Confidence penalty: reward outputs that are less certain."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.errors import RecipeError
from justright.regularizers.places import ActsOnLoss, Forward, mean_over_rows
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class ConfidencePenalty(Technique, ActsOnLoss):
    """Subtract β·H(p) from the loss, the entropy of the predicted probabilities.

    H is the mean over rows of −Σ p·log p over the classes; for yes-or-no outputs
    over both answers, and the mean over several such outputs, as in their loss.
    Natural logarithms. The penalty that is logged is negative.

    Args:
        beta: β ≥ 0. 0.1 is usual; 0 changes nothing.

    Raises:
        RecipeError: a negative β, or targets that are numbers.

    When: a classifier is too sure, and label smoothing blurs which errors are near.
    Cost: no extra pass.
    Try: `confidence_penalty=0.1`

    Source: Pereyra, Tucker, Chorowski, Kaiser, Hinton, "Regularizing neural
    networks by penalizing confident output distributions", 2017, section 3.
    """

    beta: float = strength(by_layer=False, smooth=True, meaning="the strength of a penalty")

    def penalty(self, forward: Forward) -> jax.Array:
        """−β·H, a scalar."""
        logs = forward.log_probabilities()
        if logs is None:
            raise RecipeError(
                "ConfidencePenalty wants probabilities of classes, and the targets are numbers. "
                "Take it out of the recipe, or give classes as targets."
            )
        entropy = -jnp.sum(jnp.exp(logs) * logs, axis=-1)
        return -self.beta * mean_over_rows(entropy.reshape(len(entropy), -1).mean(1), forward.batch)
