"""EMA: predict with an exponential moving average of the weights."""

from __future__ import annotations

import jax.numpy as jnp

from justright.regularizers.mixup import mixed
from justright.regularizers.places import ActsOnPrediction, Moment, Weights
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class EMA(Technique, ActsOnPrediction):
    """Predict with the average of all steps' weights, those k steps ago weighted by βᵏ.

    Training goes on with its own weights. The average is bias-corrected, a_t =
    Σ βᵗ⁻ⁱ·wᵢ / Σ βᵗ⁻ⁱ, so that initial weights have no part in it and a short
    training is not held back; Keras' `use_ema`, which starts from the first step's
    weights, is not. Running statistics of batch normalization are those of the
    last step.

    Args:
        decay: β in [0, 1). 0.99 to 0.999 is usual: an average over 1/(1 − β) steps; 0
            changes nothing.

    Raises:
        RecipeError: β outside [0, 1).

    When: the validation curve is jagged from epoch to epoch.
    Cost: no extra pass; a second copy of the weights.
    Try: `ema=0.99`

    Source: Polyak & Juditsky, "Acceleration of stochastic approximation by
    averaging", 1992; exponential and bias-corrected: Kingma & Ba, "Adam", ICLR
    2015, section 7.2.
    """

    decay: float = strength(
        high=1.0,
        high_included=False,
        by_layer=False,
        scheduled=False,  # The correction for the start supposes one decay.
        smooth=True,
        meaning="the decay of an average",
    )

    def start(self, weights: Weights) -> Weights:
        """The average before the first step, which counts for nothing."""
        return weights

    def after_step(self, state: Weights, weights: Weights, moment: Moment) -> Weights:
        """Take in a step's weights, by (1 − β)/(1 − βᵗ)."""
        # expm1 keeps 1 − βᵗ exact for β near 1; log(0) makes it 1.
        past = -jnp.expm1(moment.step * jnp.log(self.decay))
        # The first step's share is 1, but for rounding, which would let initial weights in.
        share = jnp.where(moment.step == 1, 1, jnp.minimum((1 - self.decay) / past, 1))
        old = 1 - share
        return {path: mixed(w, state[path], old) for path, w in weights.items()}

    def prediction_weights(self, state: Weights, weights: Weights) -> Weights:
        """The average."""
        return state
