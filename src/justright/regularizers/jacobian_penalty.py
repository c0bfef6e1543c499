"""Jacobian penalty: outputs that change little when inputs do."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.regularizers.option import option
from justright.regularizers.places import ActsOnLoss, Forward, mean_over_rows
from justright.regularizers.random import fold_in, normal
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class JacobianPenalty(Technique, ActsOnLoss):
    """Add λ/2·‖J‖² to the loss, J the derivatives of a row's outputs by its inputs.

    The squared Frobenius norm, its mean over rows, is estimated by random
    projections: C/n·Σ‖∂(v·z)/∂x‖² for n random directions v among the C outputs,
    exact for one output. z are the network's outputs as they are, so
    probabilities where it ends in a softmax; the authors take logits. Each
    projection costs a forward and a backward pass, and these are differentiated
    once more: with one projection a step takes about three times as long.

    Args:
        strength: λ ≥ 0. 0.01 is the paper's; 0 changes nothing.
        projections: n, directions a step, at least 1; the paper finds 1 enough.

    Raises:
        RecipeError: a negative λ, projections below 1, or inputs that are token numbers.

    When: outputs must change slowly with inputs, as under measurement noise.
    Cost: 2 extra passes for each projection.
    Try: `jacobian_penalty=0.01`

    Source: Hoffman, Roberts, Yaida, "Robust learning with Jacobian regularization",
    2019, equations 3 to 9 and algorithm 1.
    """

    strength: float = strength(by_layer=False, smooth=True, meaning="the strength of a penalty")
    projections: int = option(default=1, low=1, integer=True)

    def reckons_with_inputs(self) -> bool:
        """It takes slopes by them."""
        return True

    def penalty(self, forward: Forward) -> jax.Array:
        """λ/2·‖J‖², a scalar."""
        inputs = forward.batch.inputs
        rows, outputs = inputs.shape[0], forward.outputs[0].size

        def projected(x: jax.Array, direction: jax.Array) -> jax.Array:
            return jnp.sum(forward.outputs_at(x).reshape(rows, outputs) * direction)

        squares = jnp.zeros(rows)
        for i in range(self.projections):
            direction = normal(fold_in(forward.key, i), (rows, outputs))
            direction = direction / jnp.linalg.norm(direction, axis=1, keepdims=True)
            slope = jax.grad(projected)(inputs, direction).reshape(rows, -1)
            squares = squares + jnp.sum(jnp.square(slope), axis=1)
        estimate = outputs / self.projections * squares
        return self.strength / 2 * mean_over_rows(estimate, forward.batch)
