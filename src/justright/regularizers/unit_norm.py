"""Unit norm: keep the incoming weights of each unit at length 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from justright.regularizers.exports import ExportsConstraint
from justright.regularizers.l2 import EVERYWHERE
from justright.regularizers.location import acted_on
from justright.regularizers.max_norm import unit_norms
from justright.regularizers.places import ActsOnUpdate, Update, Weights
from justright.regularizers.strength import Position, Strength, strength, strength_at
from justright.regularizers.technique import Technique, technique

if TYPE_CHECKING:
    import keras

_EPSILON = 1e-7  # Keras'; a unit without weights stays without.


@technique
class UnitNorm(Technique, ActsOnUpdate, ExportsConstraint):
    """After each update, move the norm of each unit's incoming weights towards 1.

    w ← w·((1 − rate) + rate/‖w‖): `rate` 1 sets the norm to 1 as Keras' `UnitNorm`,
    less goes part of the way as its `MinMaxNorm(1, 1, rate)`. Units are counted as
    in `MaxNorm`.

    Args:
        rate: how strictly, in [0, 1], or a mapping by layer: `{"hidden": 1.0}`
            leaves the outputs free, which a classifier of few outputs wants. 0
            changes nothing. Biases are left alone.

    Raises:
        RecipeError: a rate outside [0, 1].

    When: only the directions of hidden units should be learned, not their sizes.
    Cost: no extra pass.
    Try: `unit_norm=1`

    Source: Salimans & Kingma, "Weight normalization", NIPS 2016, equation 2 with
    g = 1, by projection as in `keras.constraints.UnitNorm`.
    """

    rate: Strength = strength(high=1.0, meaning="a share of the way")

    def after_update(self, weights: Weights, update: Update) -> Weights:
        """Scale each unit's weights."""
        scaled = dict(weights)
        for kernel, rate in acted_on(update.kernels, self.rate):
            w = weights[kernel.path]
            scaled[kernel.path] = w + rate * (w / (unit_norms(kernel, w) + _EPSILON) - w)
        return scaled

    def keras_constraint(
        self, layer: str, position: Position, axes: tuple[int, ...]
    ) -> keras.constraints.Constraint | None:
        """`keras.constraints.UnitNorm`, or `MinMaxNorm(1, 1, rate)` for a part of the way."""
        import keras

        rate = strength_at(self.rate, layer, position, EVERYWHERE)
        if not rate:
            return None
        if rate == 1:
            return keras.constraints.UnitNorm(list(axes))
        return keras.constraints.MinMaxNorm(1.0, 1.0, rate, list(axes))
