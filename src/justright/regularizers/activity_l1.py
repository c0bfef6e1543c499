"""Activity L1: a penalty on the absolute activations that makes them sparse."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from justright.errors import RecipeError
from justright.regularizers.dropout import WHERE
from justright.regularizers.places import ActsOnLoss, Forward, mean_over_rows
from justright.regularizers.strength import Strength, strength, strength_at
from justright.regularizers.technique import Technique, technique


@technique
class ActivityL1(Technique, ActsOnLoss):
    """Add λ·Σ|h| to the loss, over what hidden units send on, the mean over rows.

    As Keras' `activity_regularizer=L1(λ)` in each hidden layer: the sum over units
    (and places), divided by the rows of the batch. h is what leaves the
    activation, before dropout and its kin.

    Args:
        strength: λ ≥ 0, on hidden layers, or a mapping that differs by layer. 0
            changes nothing.

    Raises:
        RecipeError: a negative λ, or one that names no hidden layer.

    When: few hidden units should speak at a time.
    Cost: no extra pass.
    Try: `activity_l1=1e-3`

    Source: Glorot, Bordes, Bengio, "Deep sparse rectifier neural networks", AISTATS
    2011, section 4.1.
    """

    strength: Strength = strength(smooth=True, meaning="the strength of a penalty")

    def penalty(self, forward: Forward) -> jax.Array:
        """λ·Σ|h|, a scalar."""
        return of_activations("ActivityL1", self.strength, forward, jnp.abs)


def of_activations(
    name: str, strength: Strength, forward: Forward, measure: Callable[[jax.Array], jax.Array]
) -> jax.Array:
    """λ times the sum of a measure of the activations, the mean over rows.

    Raises:
        RecipeError: a strength that acts at no site.
    """
    terms = []
    for site, x in forward.activations:
        value = strength_at(strength, site.layer, site.position, WHERE)
        if value is not None:
            rows = measure(x.astype(jnp.float32)).reshape(len(x), -1).sum(axis=1)
            terms.append(value * mean_over_rows(rows, forward.batch))
    if not terms:
        raise RecipeError(
            f"{name} finds nowhere to act: it acts on what hidden layers send on. Name a hidden "
            "layer, or take it out of the recipe."
        )
    return sum(terms, jnp.zeros(()))
