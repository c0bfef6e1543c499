"""Orthogonal penalty: keep the weights of a layer's units at right angles."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.regularizers.l2 import EVERYWHERE
from justright.regularizers.location import acted_on
from justright.regularizers.places import ActsOnLoss, Forward
from justright.regularizers.strength import Strength, strength
from justright.regularizers.technique import Technique, technique


@technique
class OrthogonalPenalty(Technique, ActsOnLoss):
    """Add λ·‖WᵀW − I‖² for each kernel: units of norm 1, at right angles to each other.

    W has a column for each unit or filter, in a convolution all its window by all
    input channels (in a depthwise one each channel is a W of its own). With more units
    than inputs they cannot all be orthogonal, and the rows are asked to be,
    ‖WWᵀ − I‖². Keras' `OrthogonalRegularizer` is another: it leaves the norms free.

    Args:
        strength: λ ≥ 0, or a mapping by layer. 0.0001 to 0.01 is usual; 0 changes
            nothing. Biases are left alone.

    Raises:
        RecipeError: a negative λ.

    When: a deep network's layers learn many copies of the same unit.
    Cost: no extra pass; a matrix product a kernel.
    Try: `orthogonal_penalty=1e-3`

    Source: Brock, Lim, Ritchie, Weston, "Neural photo editing with introspective
    adversarial networks", ICLR 2017, section 3.2, with squares: Bansal, Chen, Wang,
    "Can we gain more from orthogonality regularizations in training deep CNNs?",
    NeurIPS 2018, equation 1 (soft orthogonality).
    """

    strength: Strength = strength(smooth=True, meaning="the strength of a penalty")

    weights_only = True

    def penalty(self, forward: Forward) -> jax.Array:
        """λ·Σ‖WᵀW − I‖², a scalar."""
        total = jnp.zeros(())
        for kernel, value in acted_on(forward.kernels, self.strength, EVERYWHERE):
            matrices = kernel.units.matrices(forward.weights[kernel.path])
            total = total + value * jnp.sum(jax.vmap(distance_from_orthogonal)(matrices))
        return total


def distance_from_orthogonal(w: jax.Array) -> jax.Array:
    """‖WᵀW − I‖², or ‖WWᵀ − I‖² for a matrix with more columns than rows."""
    inputs, units = w.shape
    gram = w.T @ w if units <= inputs else w @ w.T
    return jnp.sum(jnp.square(gram - jnp.eye(len(gram))))
