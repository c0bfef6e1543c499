"""Warm restarts: a learning rate that falls along a cosine, again and again."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from justright.regularizers.learning_rate import HasCycles
from justright.regularizers.places import Moment
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class WarmRestarts(Technique, HasCycles):
    """SGDR: the learning rate falls from η to 0 in cycles, η_t = ½·η·(1 + cos(π·t/T)).

    η is the optimizer's rate, t counts steps since the last restart, and T is the
    length of the cycle, which grows by `multiplier` from one cycle to the next (in
    whole steps). The rate changes at every step, not at epochs alone, and the paper's
    η_min is 0. Weights at the ends of cycles are those of a low rate: let `epochs` be
    the end of one (with a period of 10 and a multiplier of 2: 10, 30, 70 or 150).
    Beside it `SWA` averages the ends of cycles, and `SnapshotEnsemble` keeps the
    networks there. It costs nothing.

    Args:
        period: epochs of the first cycle, a whole number of at least 1; infinity
            changes nothing, and each epoch then counts as a cycle.
        multiplier: at least 1. The paper's: 1 (all cycles alike) and 2.

    Raises:
        RecipeError: period or multiplier out of range.
        ModelError: an optimizer that has a schedule of its own.

    When: training goes on for long; averages over its ends need it.
    Cost: no extra pass.
    Try: `warm_restarts=10:2`

    Source: Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm
    restarts", ICLR 2017, equation 5.
    """

    # Where a step stands in its cycle is counted from the first step of the training.
    period: float = strength(
        low=1.0,
        neutral=math.inf,
        integer=True,
        scheduled=False,
        meaning="the number of epochs in a cycle",
    )
    multiplier: float = strength(
        low=1.0, neutral=None, by_layer=False, scheduled=False, meaning="the growth of a cycle"
    )

    def learning_rate(self, rate: jax.Array, moment: Moment) -> jax.Array:
        """The rate at a step."""
        first = self.period * moment.steps_per_epoch
        share = share_of_cycle(moment.step, first, self.multiplier)
        return rate * (1 - 0.5 * (1 - jnp.cos(math.pi * share)))

    def ends_cycle(self, moment: Moment) -> jax.Array:
        """Whether the next step is the first of another cycle."""
        first = self.period * moment.steps_per_epoch
        in_cycle = share_of_cycle(moment.step, first, self.multiplier) == 0
        return jnp.where(
            jnp.isinf(self.period), moment.step % moment.steps_per_epoch == 0, in_cycle
        )


def share_of_cycle(
    step: jax.Array, first: jax.Array | float, multiplier: jax.Array | float
) -> jax.Array:
    """How far a step is into its cycle, in [0, 1).

    Args:
        step: counted from 0.
        first: steps of the first cycle.
        multiplier: by which each cycle is longer than the one before, at least 1.
    """
    growth = jnp.asarray(multiplier, jnp.float32) - 1
    # Where cycles are alike the formulas for growing ones divide by zero.
    alike, safe = growth == 0, jnp.where(growth == 0, 1, growth)

    def start(cycle: jax.Array) -> jax.Array:
        firsts = jnp.where(alike, cycle, ((1 + safe) ** cycle - 1) / safe)
        return jnp.where(cycle == 0, 0, jnp.round(first * firsts))

    passed = step / first
    guess = jnp.floor(jnp.where(alike, passed, jnp.log1p(safe * passed) / jnp.log1p(safe)))
    # Rounded logarithms may miss the cycle by one at its ends; its start is exact.
    late, early = start(guess + 1) <= step, start(guess) > step
    cycle = guess + late.astype(jnp.float32) - early.astype(jnp.float32)
    return (step - start(cycle)) / (start(cycle + 1) - start(cycle))
