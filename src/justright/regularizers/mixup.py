"""Mixup: train on convex combinations of pairs of rows and of their targets."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.regularizers.places import ActsOnBatch, Batch
from justright.regularizers.random import fold_in, permutation, symmetric_beta
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class Mixup(Technique, ActsOnBatch):
    """Mix each row with another of its batch: x ← λx + (1 − λ)x′, y ← λy + (1 − λ)y′.

    λ ~ Beta(α, α), one draw a batch, as in the authors' code; partners are a
    random permutation of the batch. The larger of λ and 1 − λ goes to the row
    itself: exchanging them only renames the permutation, so batches keep their
    distribution, and α → 0 is no mixing. Classes become probabilities inside the
    program; targets that are numbers are mixed as numbers. Inputs must be such
    that their mixtures make sense: not token numbers.

    Args:
        alpha: α ≥ 0. 0.1 to 0.4 is usual; 1 draws λ uniformly; 0 changes nothing.

    Raises:
        RecipeError: a negative α, or inputs that are token numbers.
        ModelError: a loss of one's own that takes labels.

    When: there are few rows, and a mixture of two of them makes sense.
    Cost: no extra pass.
    Try: `mixup=0.2`

    Source: Zhang, Cissé, Dauphin, Lopez-Paz, "mixup: beyond empirical risk
    minimization", ICLR 2018, equation 1 and figure 1a.
    """

    alpha: float = strength(
        by_layer=False, smooth=True, meaning="the parameter of a beta distribution"
    )

    soft_targets = True

    def reckons_with_inputs(self) -> bool:
        """It mixes them."""
        return True

    def batch(self, batch: Batch, key: jax.Array) -> Batch:
        """Mix inputs and targets by the same share."""
        draw = symmetric_beta(fold_in(key, 0), self.alpha)
        partner = permutation(fold_in(key, 1), batch.inputs.shape[0])
        share = 1 - jnp.maximum(draw, 1 - draw)
        return with_mixed_targets(batch, partner, share)._replace(
            inputs=mixed(batch.inputs, batch.inputs[partner], share)
        )


def with_mixed_targets(batch: Batch, partner: jax.Array, share: jax.Array) -> Batch:
    """A batch with each row's target mixed with that of another row.

    With sample weights w and w′ the loss of the mixture is (1 − share)·w times that of the row's
    own target and share·w′ times that of the other's: a row of weight 0 has no say.

    Args:
        batch: with soft targets.
        partner: (rows,) which row's target is mixed in.
        share: how much of it, a scalar.
    """
    theirs, weight = batch.targets[partner], batch.sample_weight
    if weight is None:
        return batch._replace(targets=mixed(batch.targets, theirs, share))
    part = share * weight[partner]
    total = (1 - share) * weight + part
    shares = jnp.where(total > 0, part / jnp.where(total > 0, total, 1), share)
    shares = shares.reshape(-1, *(1 for _ in theirs.shape[1:]))
    return batch._replace(targets=mixed(batch.targets, theirs, shares), sample_weight=total)


def mixed(a: jax.Array, b: jax.Array, share: jax.Array | float) -> jax.Array:
    """(1 − share)·a + share·b; at share 0 it is `a` to the bit."""
    return a + share * (b - a)
