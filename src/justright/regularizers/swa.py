"""SWA: predict with the mean of the weights at the ends of epochs, or of cycles."""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp

from justright.regularizers.mixup import mixed
from justright.regularizers.places import ActsOnPrediction, Moment, Weights
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


class Mean(NamedTuple):
    """A mean of weights, and how many it is of (a scalar)."""

    weights: Weights
    number: jax.Array


@technique
class SWA(Technique, ActsOnPrediction):
    """Stochastic weight averaging: after some epochs, predict with the mean over epochs.

    The weights at the end of each epoch after the first `start_epoch` ones count
    alike; beside `WarmRestarts` it is those at the end of each cycle, where the rate is
    lowest, as in the paper. Until there is one of them, prediction uses the weights
    of the last epoch. The paper also computes the running statistics of batch
    normalization anew for the mean; here they stay those of the last step.

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
    to wider optima and better generalization", UAI 2018, algorithm 1; a cycle is one
    epoch where the learning rate has none.
    """

    start_epoch: float = strength(
        integer=True,
        neutral=math.inf,
        scheduled=False,
        meaning="the number of epochs before averaging",
    )

    def start(self, weights: Weights) -> Mean:
        """The mean before there is anything to average."""
        return Mean(weights, jnp.float32(0))

    def after_step(self, state: Mean, weights: Weights, moment: Moment) -> Mean:
        """Take in the weights at the end of an epoch, or of a cycle."""
        epoch_ends = moment.step % moment.steps_per_epoch == 0
        cycle_ends = epoch_ends if moment.cycle_ends is None else moment.cycle_ends()
        epoch = (moment.step - 1) // moment.steps_per_epoch
        counts = cycle_ends & (epoch >= self.start_epoch)
        count = state.number + counts
        old = 1 - 1 / jnp.maximum(count, 1)
        taken = counts | epoch_ends & (count == 0)
        return Mean(
            {
                path: jnp.where(taken, mixed(w, state.weights[path], old), state.weights[path])
                for path, w in weights.items()
            },
            count,
        )

    def prediction_weights(self, state: Mean, weights: Weights) -> Weights:
        """The mean."""
        return state.weights
