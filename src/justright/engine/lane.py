"""A lane: one trial training, as a pure function of its state, a segment of epochs at a time."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from justright.engine import best as best_so_far
from justright.engine.best import Best
from justright.engine.evaluate import CHUNK, evaluate
from justright.engine.forward import KeyOf, run
from justright.engine.keys import shuffled, step_key
from justright.engine.outcome import Outcome
from justright.engine.rows import Array, Part, Rows
from justright.engine.step import (
    Machinery,
    Training,
    begin,
    penalty_of,
    prediction_weights,
    predictor,
    train_step,
)
from justright.engine.trial import CURVES
from justright.regularizers.places import ActsOnLoss, ActsOnUpdate, Batch, StopRule, Weights
from justright.regularizers.recipe import Recipe


class Order(NamedTuple):
    """A trial as a lane takes it: all of it data, so no value of it recompiles.

    Attributes:
        recipe: strengths are scalars, or schedules of such.
        rule: when to stop.
        order_key, technique_key: key data (2,) of uint32.
        split: which row of the splits' indices.
        epochs: at most so many.
        rate: the learning rate.
        weights, buffers: initial values by path.
        fresh: whether the lane is to begin this trial, or goes on with it.
    """

    recipe: Recipe
    rule: StopRule
    order_key: Array
    technique_key: Array
    split: Array
    epochs: Array
    rate: Array
    weights: dict[str, Array]
    buffers: dict[str, Array]
    fresh: Array

    def at(self, epoch: Array) -> Order:
        """The order of one epoch, counted from 0: numbers where the recipe has schedules."""
        return self._replace(recipe=self.recipe.at(epoch))


class Lane(NamedTuple):
    """The state of a lane between segments.

    Attributes:
        training: what the steps change.
        best: the best epoch; once the trial has ended, its weights are the chosen ones.
        epoch: epochs trained.
        outcome: of `Outcome`.
        test: loss and metric on the test rows, (2,), once the trial has ended.
    """

    training: Training
    best: Best
    epoch: jax.Array
    outcome: jax.Array
    test: jax.Array


class Plan(NamedTuple):
    """What of the loop is fixed at compilation: sizes, and whether rows are shuffled."""

    batch_size: int
    shuffle: bool
    capacity: int


def enter(machinery: Machinery, order: Order) -> Lane:
    """The state of a lane in which a trial has not yet begun."""
    recipe = order.recipe.at(0)
    training = begin(machinery, recipe, order.weights, order.buffers)
    return Lane(
        training=training,
        best=best_so_far.start(predictor(recipe, training)),
        epoch=jnp.int32(0),
        outcome=jnp.where(order.epochs > 0, Outcome.RUNNING, Outcome.IDLE).astype(jnp.int32),
        test=jnp.full((2,), jnp.nan, jnp.float32),
    )


def run_segment(
    machinery: Machinery, plan: Plan, rows: Rows, lane: Lane, order: Order, span: jax.Array
) -> tuple[Lane, jax.Array]:
    """Train up to `span` epochs; a lane that ends leaves the loop at once.

    Returns:
        The new state, and the log (capacity, 5) of the epochs trained, NaN behind them.
    """
    lane = jax.lax.cond(order.fresh, lambda: enter(machinery, order), lambda: lane)
    was_running = lane.outcome == Outcome.RUNNING
    log = jnp.full((plan.capacity, len(CURVES)), jnp.nan, jnp.float32)

    def going(carry: tuple[Lane, jax.Array, jax.Array]) -> jax.Array:
        lane, _, done = carry
        return (done < span) & (lane.outcome == Outcome.RUNNING)

    def epoch(
        carry: tuple[Lane, jax.Array, jax.Array],
    ) -> tuple[Lane, jax.Array, jax.Array]:
        lane, log, done = carry
        lane, figures = run_epoch(machinery, plan, rows, lane, order)
        return lane, log.at[done].set(figures), done + 1

    lane, log, _ = jax.lax.while_loop(going, epoch, (lane, log, jnp.int32(0)))
    ended = was_running & (lane.outcome != Outcome.RUNNING)
    return jax.lax.cond(ended, lambda: leave(machinery, rows, lane, order), lambda: lane), log


def run_epoch(
    machinery: Machinery, plan: Plan, rows: Rows, lane: Lane, order: Order
) -> tuple[Lane, jax.Array]:
    """Train one epoch, and close it."""
    training = train_epoch(machinery, plan, rows, lane.training, order, lane.epoch)
    return close_epoch(machinery, rows, lane._replace(training=training), order)


def train_epoch(
    machinery: Machinery, plan: Plan, rows: Rows, training: Training, order: Order, epoch: jax.Array
) -> Training:
    """Train on each batch of an epoch once.

    Args:
        machinery, plan, rows: what trains, in which sizes, on what.
        training: the state before.
        order: the trial.
        epoch: counted from 0.
    """
    recipe = order.recipe.at(epoch)
    train, _, _ = rows.parts(order.split)
    index, weights = epoch_batches(plan, train, order.order_key, epoch)

    def step(training: Training, chosen: tuple[jax.Array, jax.Array | None]) -> Training:
        rows_of_batch, row_weights = chosen
        batch = Batch(
            rows.inputs[rows_of_batch],
            rows.targets[rows_of_batch],
            row_weights,
            sample_weight=rows.weights_of(rows_of_batch),
        )
        return train_step(counting, recipe, order.rate, order.technique_key, training, batch)

    if train.count is None:
        counting = machinery
        return jax.lax.scan(
            lambda carry, chosen: (step(carry, chosen), None), training, (index, weights)
        )[0]
    # Of so many batches the last ones may hold no row of this split.
    steps = -(-train.count // plan.batch_size)
    counting = replace(machinery, steps_per_epoch=steps)
    trained: Training = jax.lax.fori_loop(
        0,
        steps,
        lambda i, carry: step(carry, jax.tree.map(lambda a: a[i], (index, weights))),
        training,
    )
    return trained


def close_epoch(
    machinery: Machinery, rows: Rows, lane: Lane, order: Order
) -> tuple[Lane, jax.Array]:
    """Read train and validation figures from the weights that an epoch gave; know the best.

    Returns:
        The new state, and the figures (5,) of `CURVES`.
    """
    recipe = order.recipe.at(lane.epoch)
    training = lane.training
    train, validation, _ = rows.parts(order.split)
    now = predictor(recipe, training)
    (train_loss, train_metric), (val_loss, val_metric) = evaluate(
        machinery.network,
        machinery.objective,
        now.recipe(order.recipe, lane.epoch),
        now,
        rows,
        (train, validation),
    )
    penalty = logged_penalty(
        machinery,
        recipe,
        prediction_weights(recipe, training),
        training.buffers,
        rows,
        train,
        partial(step_key, order.technique_key, step=training.step),
    )
    figures = jnp.stack([train_loss, val_loss, train_metric, val_metric, penalty])
    sign = -1.0 if machinery.objective.higher_is_better else 1.0
    monitored = jnp.where(order.rule.by_metric, sign * val_metric, val_loss)
    epoch = lane.epoch + 1
    best, stop = best_so_far.watch(lane.best, order.rule, epoch, monitored, now)
    outcome = jnp.select(
        [~jnp.isfinite(train_loss + val_loss), stop, epoch >= order.epochs],
        [jnp.int32(Outcome.FAILED), jnp.int32(Outcome.STOPPED), jnp.int32(Outcome.FINISHED)],
        jnp.int32(Outcome.RUNNING),
    )
    return Lane(training, best, epoch, outcome, lane.test), figures


def epoch_batches(
    plan: Plan, train: Part, key_data: jax.Array, epoch: jax.Array
) -> tuple[jax.Array, jax.Array | None]:
    """The rows of each batch of an epoch.

    The last batch is filled up with rows from the start, which count for nothing:
    as in Keras it is smaller than the others.

    Returns:
        Indices (steps, batch_size) into the pool, and what each row counts
        (steps, batch_size), None if all batches are full.
    """
    listed = train.index
    if plan.shuffle:
        listed = shuffled(key_data, epoch, listed, train.count)
    length = listed.shape[0]
    steps = -(-length // plan.batch_size)
    filled = steps * plan.batch_size
    place = jnp.arange(filled)
    if train.count is None:
        index = jnp.resize(listed, (filled,)).reshape(steps, plan.batch_size)
        if filled == length:
            return index, None
    else:
        index = listed[place % train.count].reshape(steps, plan.batch_size)
    count = length if train.count is None else train.count
    return index, (place < count).astype(jnp.float32).reshape(steps, plan.batch_size)


def logged_penalty(
    machinery: Machinery,
    recipe: Recipe,
    weights: Weights,
    buffers: Weights,
    rows: Rows,
    train: Part,
    key: KeyOf,
) -> jax.Array:
    """The penalty at the end of an epoch, the model's own included; on at most `CHUNK` rows."""
    network = machinery.network
    if not (network.has_own_penalty or recipe.filling(ActsOnLoss) or recipe.filling(ActsOnUpdate)):
        return jnp.zeros(())
    of_rows = any(not one.weights_only for one in recipe.filling(ActsOnLoss))
    some = train.index.shape[0] if network.has_activity_penalty else CHUNK if of_rows else 1
    first, real = train.index[:some], train.real()
    batch = Batch(rows.inputs[first], rows.targets[first], None if real is None else real[:some])
    passed, look = run(
        network, machinery.objective, recipe, weights, buffers, batch, key, training=False
    )
    return passed.own_penalty + penalty_of(machinery, recipe, look, weights)


def leave(machinery: Machinery, rows: Rows, lane: Lane, order: Order) -> Lane:
    """Put the chosen weights in place and judge them on the test rows."""
    restored = order.rule.restore_best & (lane.best.epoch > 0)
    epoch = jnp.where(restored, lane.best.epoch, lane.epoch) - 1
    chosen = jax.lax.cond(
        restored,
        lambda: lane.best.predictor,
        lambda: predictor(order.recipe.at(epoch), lane.training),
    )
    _, _, test = rows.parts(order.split)
    judged = lane.test
    if test.index.shape[0]:
        network, objective = machinery.network, machinery.objective
        recipe = chosen.recipe(order.recipe, epoch)
        judged = evaluate(network, objective, recipe, chosen, rows, (test,))[0]
    return lane._replace(best=lane.best._replace(predictor=chosen), test=judged)
