"""One training step: the nine places, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from justright.engine.keys import step_key
from justright.network.network import Buffers, Network
from justright.network.objective import Objective
from justright.network.optimizer import FunctionalOptimizer, OptimizerState
from justright.network.soft_targets import with_soft_targets
from justright.regularizers.places import (
    ActsOnActivations,
    ActsOnBatch,
    ActsOnGradient,
    ActsOnLoss,
    ActsOnPrediction,
    ActsOnStepWeights,
    ActsOnUpdate,
    Backward,
    Batch,
    Forward,
    Moment,
    Site,
    Update,
    Weights,
)
from justright.regularizers.random import fold_in
from justright.regularizers.recipe import Recipe


@dataclass(frozen=True)
class Machinery:
    """What a step is made of; fixed for a compiled program."""

    network: Network
    objective: Objective
    optimizer: FunctionalOptimizer
    steps_per_epoch: int


class Training(NamedTuple):
    """What a step changes.

    Attributes:
        weights, buffers: the network's variables by path.
        optimizer: the optimizer's variables.
        averages: the state of each technique that says which weights predict.
        step: steps taken so far, a scalar.
    """

    weights: Weights
    buffers: Buffers
    optimizer: OptimizerState
    averages: tuple[Any, ...]
    step: jax.Array


def begin(machinery: Machinery, recipe: Recipe, weights: Weights, buffers: Buffers) -> Training:
    """The state before the first step."""
    optimizer = tuple(jnp.asarray(v) for v in machinery.optimizer.start())
    averages = tuple(one.start(weights) for one in recipe.filling(ActsOnPrediction))
    return Training(weights, buffers, optimizer, averages, jnp.int32(0))


def train_step(
    machinery: Machinery,
    recipe: Recipe,
    rate: jax.Array,
    key_data: jax.Array,
    state: Training,
    batch: Batch,
) -> Training:
    """Take one step on a batch.

    Args:
        machinery: network, objective, optimizer.
        recipe: techniques with traced strengths.
        rate: the learning rate.
        key_data: of everything the recipe draws, (2,) of uint32.
        state: before.
        batch: the rows.
    """
    network, objective = machinery.network, machinery.objective

    def key(technique: object) -> jax.Array:
        return step_key(key_data, technique, state.step)

    if any(one.soft_targets for one in recipe.filling(ActsOnBatch)):
        objective, batch = with_soft_targets(objective, batch)
    for one in recipe.filling(ActsOnBatch):
        batch = one.batch(batch, key(one))

    def loss_at(weights: Weights, batch: Batch) -> tuple[jax.Array, Buffers]:
        for one in recipe.filling(ActsOnStepWeights):
            weights = one.step_weights(weights, network.kernels, key(one))
        passed = network.forward(
            weights,
            state.buffers,
            batch.inputs,
            training=True,
            activate=_activate(recipe, key),
            row_mask=None if batch.weights is None else batch.weights > 0,
        )
        loss = _mean_loss(objective, passed.outputs, batch) + passed.own_penalty
        forward = Forward(weights, network.kernels, passed.outputs, batch)
        for term in recipe.filling(ActsOnLoss):
            loss = loss + term.penalty(forward)
        return loss, passed.buffers

    gradient, buffers = jax.grad(loss_at, has_aux=True)(state.weights, batch)

    def again(weights: Weights, batch: Batch) -> Weights:
        recomputed: Weights = jax.grad(loss_at, has_aux=True)(weights, batch)[0]
        return recomputed

    backward = Backward(state.weights, network.kernels, batch, again)
    for two in recipe.filling(ActsOnGradient):
        gradient = two.gradient(gradient, backward, key(two))

    weights, optimizer = _update(machinery, recipe, rate, state, gradient)
    moment = Moment(state.step + 1, machinery.steps_per_epoch)
    averages = tuple(
        average.after_step(kept, weights, moment)
        for average, kept in zip(recipe.filling(ActsOnPrediction), state.averages, strict=True)
    )
    return Training(weights, buffers, optimizer, averages, state.step + 1)


def prediction_weights(recipe: Recipe, state: Training) -> Weights:
    """The weights to predict with; where several techniques average, the last one decides."""
    weights = state.weights
    for average, kept in zip(recipe.filling(ActsOnPrediction), state.averages, strict=True):
        weights = average.prediction_weights(kept, weights)
    return weights


def penalty_of(machinery: Machinery, recipe: Recipe, forward: Forward) -> jax.Array:
    """The recipe's penalty at given weights, proximal ones included: for the log."""
    kernels = machinery.network.kernels
    total = jnp.zeros(())
    for term in recipe.filling(ActsOnLoss):
        total = total + term.penalty(forward)
    for step in recipe.filling(ActsOnUpdate):
        value = step.penalty_value(forward.weights, kernels)
        total = total if value is None else total + value
    return total


def _activate(recipe: Recipe, key: Any) -> Any:
    acting: Sequence[ActsOnActivations] = recipe.filling(ActsOnActivations)
    if not acting:
        return None
    keys = [key(one) for one in acting]
    calls = 0

    def activate(x: jax.Array, site: Site) -> jax.Array:
        # A layer that is called twice has one site, and draws anew at each call.
        nonlocal calls
        calls += 1
        for one, its_key in zip(acting, keys, strict=True):
            x = one.activation(x, site, fold_in(its_key, calls))
        return x

    return activate


def _mean_loss(objective: Objective, outputs: jax.Array, batch: Batch) -> jax.Array:
    rows = objective.loss_rows(batch.targets, outputs)
    if batch.weights is None:
        return rows.mean()
    return (rows * batch.weights).sum() / batch.weights.sum()


def _update(
    machinery: Machinery, recipe: Recipe, rate: jax.Array, state: Training, gradient: Weights
) -> tuple[Weights, OptimizerState]:
    optimizer = machinery.optimizer
    weights, optimizer_state = optimizer.apply(state.optimizer, gradient, state.weights, rate)
    learning_rate = optimizer.learning_rate(state.optimizer, rate)
    update = Update(
        before=state.weights,
        kernels=machinery.network.kernels,
        learning_rate=learning_rate,
        step_size=optimizer.step_size(optimizer_state, learning_rate),
    )
    for one in recipe.filling(ActsOnUpdate):
        weights = one.after_update(weights, update)
    return weights, optimizer_state
