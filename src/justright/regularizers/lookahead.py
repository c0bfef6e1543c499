"""Lookahead: every few steps, slow weights go part of the way to fast ones, which start anew."""

from __future__ import annotations

import jax.numpy as jnp

from justright.regularizers.mixup import mixed
from justright.regularizers.places import ActsOnPrediction, Moment, Weights
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class Lookahead(Technique, ActsOnPrediction):
    """Every k steps: φ ← φ + α·(w − φ), w ← φ, with slow weights φ beside those trained, w.

    Slow weights begin as the initial ones, and they predict, as in the paper. The
    optimizer's own state (momentum, Adam's moments) goes on through a pull, the
    paper's default. Running statistics of batch normalization are those of the fast
    weights. It costs a copy of the weights, and no further pass.

    Args:
        k: steps between pulls, a whole number of at least 1. The paper's: 5 to 10.
        alpha: α in (0, 1], the share of the way. The paper's: 0.5 to 0.8. With
            k = 1, α = 1 changes nothing; with other k it trains as without, and
            predicts with the weights of the last step that k divides.

    Raises:
        RecipeError: k or α out of range.

    When: training is unsteady, and its learning rate should stay high.
    Cost: no extra pass; a copy of the weights.
    Try: `lookahead=5:0.5`

    Source: Zhang, Lucas, Hinton, Ba, "Lookahead optimizer: k steps forward, 1 step
    back", NeurIPS 2019, algorithm 1.
    """

    k: float = strength(
        low=1.0,
        neutral=1.0,
        integer=True,
        scheduled=False,  # Pulls are counted from the first step.
        meaning="the number of steps",
    )
    alpha: float = strength(
        high=1.0, low_included=False, neutral=1.0, by_layer=False, meaning="a share of the way"
    )

    def start(self, weights: Weights) -> Weights:
        """The slow weights, as the fast ones begin."""
        return weights

    def after_step(self, state: Weights, weights: Weights, moment: Moment) -> Weights:
        """Pull the slow weights, if it is time."""
        now = moment.step % self.k == 0
        return {
            path: jnp.where(now, mixed(w, state[path], 1 - self.alpha), state[path])
            for path, w in weights.items()
        }

    def training_weights(self, state: Weights, weights: Weights, moment: Moment) -> Weights:
        """The slow weights after a pull, and otherwise the fast ones."""
        now = moment.step % self.k == 0
        return {path: jnp.where(now, state[path], w) for path, w in weights.items()}

    def prediction_weights(self, state: Weights, weights: Weights) -> Weights:
        """The slow weights."""
        return state
