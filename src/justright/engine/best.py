"""Best so far: which epoch is the best, and whether to wait longer.

The rule is that of `keras.callbacks.EarlyStopping`. Without early stopping the
best epoch is still known, because patience is then endless.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from justright.engine.members import Predictor
from justright.regularizers.places import StopRule


class Best(NamedTuple):
    """The best epoch so far.

    Shapes: value, epoch, waited are scalars; the predictor is what predicts with them.
    """

    value: jax.Array
    epoch: jax.Array
    waited: jax.Array
    predictor: Predictor


def start(predictor: Predictor) -> Best:
    """Before the first epoch: anything is better."""
    return Best(jnp.float32(jnp.inf), jnp.int32(0), jnp.int32(0), predictor)


def watch(
    best: Best, rule: StopRule, epoch: jax.Array, value: jax.Array, now: Predictor
) -> tuple[Best, jax.Array]:
    """Take one epoch into account.

    Args:
        best: so far.
        rule: patience and the rest.
        epoch: counted from 1.
        value: the monitored figure, lower is better.
        now: what predicts at this epoch.

    Returns:
        The best so far, and whether to stop.
    """
    watching = epoch > rule.start_from_epoch
    improved = watching & (value < best.value - rule.min_delta)
    waited = jnp.where(improved, 0, best.waited + watching.astype(jnp.int32))
    keep = improved & rule.restore_best
    updated = Best(
        value=jnp.where(improved, value, best.value),
        epoch=jnp.where(improved, epoch, best.epoch),
        waited=waited,
        predictor=jax.lax.cond(keep, lambda: now, lambda: best.predictor),
    )
    return updated, waited >= rule.patience
