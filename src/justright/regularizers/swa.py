"""SWA: predict with the mean of the weights at the ends of epochs."""

from __future__ import annotations

import math

import jax.numpy as jnp

from justright.regularizers.mixup import mixed
from justright.regularizers.places import ActsOnPrediction, Moment, Weights
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class SWA(Technique, ActsOnPrediction):
    """Stochastic weight averaging: after some epochs, predict with the mean over epochs.

    The weights at the end of each epoch after the first `start_epoch` ones count
    alike. Until there are two of them, prediction uses the weights as they are.
    The paper raises the learning rate while averaging, by a schedule:
    `WarmRestarts(1, 1)` gives such a cycle of one epoch. It also computes the running
    statistics of batch normalization anew for the mean; here they stay those of the
    last step.

    Args:
        start_epoch: epochs to train before those that are averaged, a whole number of
            at least 0. About three quarters of the epochs is usual; infinity changes
            nothing.

    Raises:
        RecipeError: a negative or broken number of epochs.

    When: training is long, and its last part only wanders around a minimum.
    Cost: no extra pass; a second copy of the weights.
    Try: `swa=75`

    Source: Izmailov, Podoprikhin, Garipov, Vetrov, Wilson, "Averaging weights leads
    to wider optima and better generalization", UAI 2018, algorithm 1 with a cycle
    of one epoch.
    """

    start_epoch: float = strength(
        integer=True,
        neutral=math.inf,
        scheduled=False,
        meaning="the number of epochs before averaging",
    )

    def start(self, weights: Weights) -> Weights:
        """The mean before there is anything to average."""
        return weights

    def after_step(self, state: Weights, weights: Weights, moment: Moment) -> Weights:
        """Take in the weights at the end of an epoch."""
        epochs, into = jnp.divmod(moment.step, moment.steps_per_epoch)
        averaged = jnp.maximum(epochs - self.start_epoch, 1).astype(jnp.float32)
        old = 1 - 1 / averaged
        return {
            path: jnp.where(into == 0, mixed(w, state[path], old), state[path])
            for path, w in weights.items()
        }

    def prediction_weights(self, state: Weights, weights: Weights) -> Weights:
        """The mean."""
        return state
