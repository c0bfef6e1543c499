"""R-Drop: two passes with different noise should agree."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.regularizers.places import ActsOnLoss, Forward, mean_over_rows
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class RDrop(Technique, ActsOnLoss):
    """Train on two passes with different noise, and add α times how far their outputs part.

    The data loss is the mean of both passes', as in the authors' code (the paper's
    equation has their sum), and the distance is ½·(KL(p‖q) + KL(q‖p)), the mean over
    rows, and over outputs where each is a class of its own. For targets that are
    numbers, which the paper does not treat, it is the squared difference, the mean over
    outputs: that divergence between normal distributions for which the squared error is
    the likelihood. It costs a second forward and backward pass in each step. The noise
    is that of the rest of the recipe and of the model itself. The penalty that is
    logged is 0, because noise is off in the log.

    Args:
        alpha: α ≥ 0. 1 to 5 is the paper's; 0 changes nothing, the second pass included.

    Raises:
        RecipeError: a negative α, or no noise in the recipe and the model.

    When: dropout is in the recipe, and its masks disagree much.
    Cost: 1 extra pass forward and back.
    Try: `dropout=0.3,rdrop=1`

    Source: Liang, Wu, Li, Wang, Meng, Qin, Chen, Zhang, Liu, "R-Drop: regularized
    dropout for neural networks", NeurIPS 2021, equations 1 to 4 and algorithm 1.
    """

    alpha: float = strength(by_layer=False, smooth=True, meaning="the strength of a penalty")

    def penalty(self, forward: Forward) -> jax.Array:
        """What two passes add to the loss of one, a scalar."""
        if forward.again is None:
            return jnp.zeros(())
        other, excess = forward.again()
        distance = mean_over_rows(distances(forward, other), forward.batch)
        # A mean of two losses has other roundings than one of them.
        acts = jnp.asarray(self.alpha) > 0
        return jnp.where(acts, 0.5 * excess + self.alpha * distance, 0.0)


def distances(one: Forward, other: Forward) -> jax.Array:
    """How far the outputs of two passes part, for each row (rows,)."""
    p, q = one.log_probabilities(), other.log_probabilities()
    if p is None or q is None:
        apart = jnp.square(one.outputs - other.outputs)
    else:
        apart = jnp.sum((jnp.exp(p) - jnp.exp(q)) * (p - q), axis=-1) / 2
    return apart.reshape(len(apart), -1).mean(axis=1)
