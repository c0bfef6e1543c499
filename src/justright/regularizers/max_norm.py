"""Max-norm: bound the incoming weights of each unit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from justright.regularizers.exports import ExportsConstraint
from justright.regularizers.l2 import EVERYWHERE
from justright.regularizers.location import Kernel, acted_on
from justright.regularizers.places import ActsOnUpdate, Update, Weights
from justright.regularizers.strength import Position, Strength, strength, strength_at
from justright.regularizers.technique import Technique, technique

if TYPE_CHECKING:
    import keras


@technique
class MaxNorm(Technique, ActsOnUpdate, ExportsConstraint):
    """After each update, scale the incoming weights of a unit back to a norm of at most c.

    w ← w·min(1, c/‖w‖) for each unit or filter: each column of a dense kernel,
    each output channel of a convolution's (each channel and multiplier of a
    depthwise one's). Keras' `MaxNorm(c, axis=0)` on dense kernels, `axis=[0, 1, 2]`
    on two-dimensional filters, without its 10⁻⁷ in the denominator.

    Args:
        max_norm: c > 0, or a mapping by layer. 2 to 4 is usual with dropout; infinity
            changes nothing. Biases are left alone.

    Raises:
        RecipeError: c of 0 or less.

    When: dropout is strong and the learning rate high, and weights run away.
    Cost: no extra pass.
    Try: `max_norm=3`

    Source: Srebro & Shraibman, "Rank, trace-norm and max-norm", COLT 2005; for
    networks: Srivastava et al., "Dropout", JMLR 15, 2014, section 5.1.
    """

    max_norm: Strength = strength(low_included=False, neutral=math.inf, meaning="the largest norm")

    def after_update(self, weights: Weights, update: Update) -> Weights:
        """Project each unit's weights onto the ball of radius c."""
        bounded = dict(weights)
        for kernel, limit in acted_on(update.kernels, self.max_norm):
            w = weights[kernel.path]
            norms = unit_norms(kernel, w)
            bounded[kernel.path] = w * jnp.where(norms > limit, limit / norms, 1)
        return bounded

    def keras_constraint(
        self, layer: str, position: Position, axes: tuple[int, ...]
    ) -> keras.constraints.Constraint | None:
        """`keras.constraints.MaxNorm` with the same bound."""
        import keras

        limit = strength_at(self.max_norm, layer, position, EVERYWHERE)
        if limit is None or math.isinf(limit):
            return None
        return keras.constraints.MaxNorm(limit, list(axes))


def unit_norms(kernel: Kernel, w: jax.Array) -> jax.Array:
    """The norm of the incoming weights of each unit, in a shape that divides the kernel `w`."""
    return jnp.sqrt(jnp.sum(jnp.square(w), axis=kernel.units.incoming(w.ndim), keepdims=True))
