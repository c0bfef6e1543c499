"""Activity L2: a penalty on the squared activations."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.regularizers.activity_l1 import of_activations
from justright.regularizers.places import ActsOnLoss, Forward
from justright.regularizers.strength import Strength, strength
from justright.regularizers.technique import Technique, technique


@technique
class ActivityL2(Technique, ActsOnLoss):
    """Add λ·Σh² to the loss, over what hidden units send on, the mean over rows.

    As Keras' `activity_regularizer=L2(λ)` in each hidden layer: the sum over units
    (and places), divided by the rows of the batch. h is what leaves the
    activation, before dropout and its kin.

    Args:
        strength: λ ≥ 0, on hidden layers, or a mapping that differs by layer. 0
            changes nothing.

    Raises:
        RecipeError: a negative λ, or one that names no hidden layer.

    When: activations grow large, as in recurrent networks.
    Cost: no extra pass.
    Try: `activity_l2=1e-3`

    Source: Merity, McCann, Socher, "Revisiting activation regularization for
    language RNNs", 2017, section 3 (there the norm, here its square as in Keras).
    """

    strength: Strength = strength(smooth=True, meaning="the strength of a penalty")

    def penalty(self, forward: Forward) -> jax.Array:
        """λ·Σh², a scalar."""
        return of_activations("ActivityL2", self.strength, forward, jnp.square)
