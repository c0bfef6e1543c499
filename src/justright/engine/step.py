"""One training step: the twelve places, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from justright.engine import members
from justright.engine.forward import Look, run
from justright.engine.keys import step_key
from justright.engine.members import Members, Predictor, ensemble_of
from justright.network.network import Buffers, Network
from justright.network.objective import Objective
from justright.network.optimizer import FunctionalOptimizer, OptimizerState
from justright.network.soft_targets import with_soft_targets
from justright.regularizers.learning_rate import ActsOnLearningRate, HasCycles
from justright.regularizers.places import (
    ActsOnBatch,
    ActsOnGradient,
    ActsOnLoss,
    ActsOnPrediction,
    ActsOnUpdate,
    Backward,
    Batch,
    Moment,
    Update,
    Weights,
    mean_loss,
)
from justright.regularizers.recipe import Recipe

Again = Callable[[Weights, Batch], Weights]
"""The gradient at other weights or another batch."""


@dataclass(frozen=True)
class Machinery:
    """What a step is made of; fixed for a compiled program.

    Attributes:
        steps_per_epoch: a number, or traced where splits differ in size.
    """

    network: Network
    objective: Objective
    optimizer: FunctionalOptimizer
    steps_per_epoch: Any


class Training(NamedTuple):
    """What a step changes.

    Attributes:
        weights, buffers: the network's variables by path.
        optimizer: the optimizer's variables.
        averages: the state of each technique that says which weights predict.
        step: steps taken so far, a scalar.
        members: the networks kept to predict together; None where one network predicts.
    """

    weights: Weights
    buffers: Buffers
    optimizer: OptimizerState
    averages: tuple[Any, ...]
    step: jax.Array
    members: Members | None = None


def begin(machinery: Machinery, recipe: Recipe, weights: Weights, buffers: Buffers) -> Training:
    """The state before the first step."""
    optimizer = tuple(jnp.asarray(v) for v in machinery.optimizer.start())
    averages = tuple(one.start(weights) for one in recipe.filling(ActsOnPrediction))
    kept = members.start(recipe, weights, buffers)
    return Training(weights, buffers, optimizer, averages, jnp.int32(0), kept)


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
        passed, look = run(
            network, objective, recipe, weights, state.buffers, batch, key, training=True
        )
        rows = objective.loss_rows(batch.targets, passed.outputs)
        loss = mean_loss(rows, batch) + passed.own_penalty
        for term in recipe.filling(ActsOnLoss):
            loss = loss + term.penalty(look(term))
        return loss, passed.buffers

    gradient, buffers = jax.grad(loss_at, has_aux=True)(state.weights, batch)

    def recomputed(weights: Weights, batch: Batch) -> Weights:
        return jax.grad(loss_at, has_aux=True)(weights, batch)[0]

    def input_gradient(weights: Weights, batch: Batch) -> jax.Array:
        def of_inputs(inputs: jax.Array) -> jax.Array:
            return loss_at(weights, batch._replace(inputs=inputs))[0]

        return jax.grad(of_inputs)(batch.inputs)

    def changed(
        one: ActsOnGradient, again: Again, gradient: Weights, weights: Weights, batch: Batch
    ) -> Weights:
        moment = Moment(state.step, machinery.steps_per_epoch)
        backward = Backward(weights, network.kernels, batch, again, input_gradient, moment)
        return one.gradient(gradient, backward, key(one))

    again: Again = recomputed
    for two in recipe.filling(ActsOnGradient):
        change = partial(changed, two, again)
        gradient = change(gradient, state.weights, batch)
        again = _before(change, again)

    for schedule in recipe.filling(ActsOnLearningRate):
        rate = schedule.learning_rate(rate, Moment(state.step, machinery.steps_per_epoch))
    weights, optimizer = _update(machinery, recipe, rate, state, gradient)
    moment = _after(recipe, state, machinery)
    averages = []
    for average, kept in zip(recipe.filling(ActsOnPrediction), state.averages, strict=True):
        averages.append(average.after_step(kept, weights, moment))
        weights = average.training_weights(averages[-1], weights, moment)
    after = Training(weights, buffers, optimizer, tuple(averages), state.step + 1, state.members)
    return _with_members(recipe, after, moment)


def prediction_weights(recipe: Recipe, state: Training) -> Weights:
    """The weights to predict with; where several techniques average, the last one decides."""
    weights = state.weights
    for average, kept in zip(recipe.filling(ActsOnPrediction), state.averages, strict=True):
        weights = average.prediction_weights(kept, weights)
    return weights


def predictor(recipe: Recipe, state: Training) -> Predictor:
    """What predicts: the network with those weights, or several together."""
    if state.members is not None:
        return state.members.predictor
    return Predictor(prediction_weights(recipe, state), state.buffers)


def penalty_of(machinery: Machinery, recipe: Recipe, look: Look, weights: Weights) -> jax.Array:
    """The recipe's penalty at given weights, proximal ones included: for the log."""
    total = jnp.zeros(())
    for term in recipe.filling(ActsOnLoss):
        total = total + term.penalty(look(term))
    for step in recipe.filling(ActsOnUpdate):
        value = step.penalty_value(weights, machinery.network.kernels)
        total = total if value is None else total + value
    return total


def _before(change: Callable[..., Weights], again: Again) -> Again:
    """`again` for the techniques that come after one, which see its change at any weights."""
    return lambda weights, batch: change(again(weights, batch), weights, batch)


def _after(recipe: Recipe, state: Training, machinery: Machinery) -> Moment:
    """Where training stands once the step after `state` has been taken."""
    steps = Moment(state.step + 1, machinery.steps_per_epoch)
    cyclic = recipe.filling(HasCycles)

    def ends() -> jax.Array:
        return reduce(jnp.logical_or, (one.ends_cycle(steps) for one in cyclic))

    return replace(steps, cycle_ends=ends) if cyclic else steps


def _with_members(recipe: Recipe, state: Training, moment: Moment) -> Training:
    """The state after a step, its network put among those that are kept."""
    ensemble = ensemble_of(recipe)
    if ensemble is None or state.members is None:
        return state
    kept = members.after_step(
        state.members,
        prediction_weights(recipe, state),
        state.buffers,
        moment,
        ensemble.keeps(moment),
    )
    return state._replace(members=kept)


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
