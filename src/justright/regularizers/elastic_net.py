"""Elastic net: L1 and L2 together."""

from __future__ import annotations

import jax

from justright.regularizers.exports import ExportsPenalty
from justright.regularizers.l1 import largest_entry, shrink, sum_of_absolutes
from justright.regularizers.l2 import EVERYWHERE, sum_of_squares
from justright.regularizers.location import Kernels, kernels_with
from justright.regularizers.places import ActsOnLoss, ActsOnUpdate, Forward, Update, Weights
from justright.regularizers.shrinkage import Gradient, Shrinks
from justright.regularizers.strength import Position, Strength, strength, strength_at
from justright.regularizers.technique import Technique, technique


@technique
class ElasticNet(Technique, ActsOnLoss, ActsOnUpdate, ExportsPenalty, Shrinks):
    """Minimize the loss plus l1·Σ|w| + l2·Σw²: the same, to the bit, as `L1(l1) + L2(l2)`.

    The squares act by their gradient, the absolute values by proximal steps, so
    weights become exactly zero; averages of weights as with `L1`.

    Args:
        l1: strength of Σ|w|, at least 0, or a mapping by layer.
        l2: strength of Σw² (Keras' convention, gradient 2·l2·w), at least 0, or a
            mapping by layer.

    Raises:
        RecipeError: a negative strength.

    When: L1 alone picks among correlated inputs at random.
    Cost: no extra pass.
    Try: `elastic_net=1e-4:1e-3`

    Source: Zou & Hastie, "Regularization and variable selection via the elastic
    net", 2005, equation 3 (the naive elastic net, without their rescaling).
    """

    l1: Strength = strength(smooth=True, meaning="the strength of a penalty")
    l2: Strength = strength(smooth=True, meaning="the strength of a penalty")

    makes_zeros = True

    weights_only = True

    def penalty(self, forward: Forward) -> jax.Array:
        """l2·Σw², a scalar."""
        return sum_of_squares(self.l2, forward.weights, forward.kernels)

    def after_update(self, weights: Weights, update: Update) -> Weights:
        """The proximal step of l1."""
        return shrink(self.l1, weights, update)

    def penalty_value(self, weights: Weights, kernels: Kernels) -> jax.Array:
        """l1·Σ|w|, a scalar."""
        return sum_of_absolutes(self.l1, weights, kernels)

    def l1_l2(self, layer: str, position: Position) -> tuple[float, float]:
        """Keras' `L1L2(l1, l2)`."""
        return (
            strength_at(self.l1, layer, position, EVERYWHERE) or 0.0,
            strength_at(self.l2, layer, position, EVERYWHERE) or 0.0,
        )

    def shrunk(self, kernels: Kernels) -> tuple[str, ...]:
        """All kernels on which either strength acts."""
        either = (path for one in (self.l1, self.l2) for path, _ in kernels_with(kernels, one))
        return tuple(dict.fromkeys(either))

    def zero_from(self, field: str, gradient: Gradient, kernels: Kernels) -> float | None:
        """Of l1 as for `L1`, whatever l2 is: at zero the squares have no gradient."""
        return largest_entry(gradient, self.shrunk(kernels)) if field == "l1" else None
