"""Manifold mixup: mix rows inside the network, at a random depth, and their targets with them."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.regularizers.location import Site
from justright.regularizers.mixup import mixed, with_mixed_targets
from justright.regularizers.places import ActsOnActivations, ActsOnBatch, Batch
from justright.regularizers.random import fold_in, permutation, symmetric_beta, uniform
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class ManifoldMixup(Technique, ActsOnBatch, ActsOnActivations):
    """Mix each row with another where a random layer sends it on: h ← λh + (1 − λ)h′, y as well.

    In each step one place is drawn, the input or a hidden layer, all alike; there the
    activations are mixed, and the targets by the same λ ~ Beta(α, α) and the same
    random partners, one draw a batch. The larger of λ and 1 − λ goes to the row itself,
    as in `Mixup`. In a network with branches the drawn layer alone is mixed. It costs no
    further pass. Classes become probabilities inside the program; targets that are
    numbers are mixed as numbers.

    Args:
        alpha: α ≥ 0. 2 is the paper's; 0 changes nothing.
        with_input: whether the input is among the places, as in the paper. Leave it
            out where its mixtures make no sense: token numbers.

    Raises:
        RecipeError: a negative α, a network without a hidden layer, beside weights
            that differ by row, or inputs that are token numbers, if they are mixed.
        ModelError: a loss of one's own that takes labels.

    When: mixup helps, and mixing raw inputs makes little sense.
    Cost: no extra pass.
    Try: `manifold_mixup=2`

    Source: Verma, Lamb, Beckham, Najafi, Mitliagkas, Lopez-Paz, Bengio, "Manifold
    mixup: better representations by interpolating hidden states", ICML 2019,
    section 2 and equation 2.
    """

    alpha: float = strength(by_layer=False, meaning="the parameter of a beta distribution")
    with_input: bool = True

    soft_targets = True
    one_draw = True

    def reckons_with_inputs(self) -> bool:
        """Where it may mix them."""
        return self.with_input

    def batch(self, batch: Batch, key: jax.Array) -> Batch:
        """Mix the targets; the inputs stay."""
        return with_mixed_targets(batch, *self._partner(len(batch.targets), key))

    def activation(self, x: jax.Array, site: Site, key: jax.Array) -> jax.Array:
        """Mix `x` (rows, …, units) if the draw has fallen on `site`."""
        if not self.with_input and site.position == "input":
            return x
        places = site.count if self.with_input else site.count - 1
        # Hidden sites count from 1 to count − 1, and the input is 0.
        drawn = site.count - 1 - jnp.floor(uniform(fold_in(key, 2)) * places)
        return jnp.where(drawn == site.index, self._mixed(x, key), x)

    def _mixed(self, values: jax.Array, key: jax.Array) -> jax.Array:
        partner, share = self._partner(len(values), key)
        return mixed(values, values[partner], share.astype(values.dtype))

    def _partner(self, rows: int, key: jax.Array) -> tuple[jax.Array, jax.Array]:
        """With which row each is mixed, and how much of that one."""
        draw = symmetric_beta(fold_in(key, 0), self.alpha)
        return permutation(fold_in(key, 1), rows), 1 - jnp.maximum(draw, 1 - draw)
