"""The engine's pieces for a network and rows, as `justright.compare` puts them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from justright.engine.keys import batch_order_key, technique_key
from justright.engine.lane import Order, Plan, train_epoch
from justright.engine.program import CAPACITY, Task
from justright.engine.rows import Rows, Split, pooled
from justright.engine.step import Machinery, Training, begin
from justright.network.blueprint import Blueprint
from justright.network.network import Network
from justright.network.objective import infer_objective
from justright.network.optimizer import FunctionalOptimizer, keras_optimizer
from justright.regularizers import Recipe
from justright.regularizers.places import StopRule

RATE = 1e-3


@dataclass(frozen=True)
class Data:
    """Rows to train on and to validate: X (rows, features) of float32, y (rows,) of labels."""

    X: np.ndarray
    y: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray


def task_of(
    model: keras.Model, data: Data, batch_size: int, optimizer: str = "adam", shuffle: bool = True
) -> Task:
    blueprint = Blueprint.of(model, data.X.shape[1:])
    anatomy = blueprint.anatomy
    objective = infer_objective(data.y, anatomy.output_activation, anatomy.output_shape)
    every = np.arange(len(data.y) + len(data.y_val))
    split = Split(every[: len(data.y)], every[len(data.y) :], every[:0])
    targets = objective.encode(np.concatenate([data.y, data.y_val]), "y")
    return Task(
        blueprint=blueprint,
        objective=objective,
        optimizer=keras_optimizer(optimizer, model),
        rows=pooled(np.concatenate([data.X, data.X_val]), targets, [split]),
        batch_size=batch_size,
        shuffle=shuffle,
    )


def machinery_of(task: Task, recipe: Recipe) -> Machinery:
    network = Network(task.blueprint, recipe.in_program())
    return Machinery(
        network=network,
        objective=task.objective,
        optimizer=FunctionalOptimizer(task.optimizer, network),
        steps_per_epoch=-(-task.rows.train.shape[1] // task.batch_size),
    )


def plan_of(task: Task) -> Plan:
    return Plan(task.batch_size, task.shuffle, CAPACITY)


def order_of(task: Task, network: Network, recipe: Recipe, seed: int, epochs: int) -> Order:
    """The order of one trial."""
    weights, buffers = network.complete(task.blueprint.initial_values(seed))
    rule = recipe.stop_rule()
    return Order(
        recipe=jax.tree.map(np.float32, recipe.in_program()),
        rule=StopRule(
            patience=np.int32(rule.patience),
            min_delta=np.float32(rule.min_delta),
            start_from_epoch=np.int32(rule.start_from_epoch),
            restore_best=np.bool_(rule.restore_best),
            by_metric=np.bool_(rule.by_metric),
        ),
        order_key=batch_order_key(seed, 0),
        technique_key=technique_key(seed, 0),
        split=np.int32(0),
        epochs=np.int32(epochs),
        rate=np.float32(RATE),
        weights=weights,
        buffers=buffers,
        fresh=np.bool_(True),
    )


def orders_for(lanes: int, orders: dict[int, Order]) -> Order:
    """The orders of all lanes: those given, and nothing to do for the others."""
    first = next(iter(orders.values()))
    idle = jax.tree.map(np.zeros_like, first)
    every: Sequence[Order] = [orders.get(lane, idle) for lane in range(lanes)]
    return jax.tree.map(lambda *values: np.stack(values), *every)


def compiled_steps(task: Task, recipe: Recipe, epochs: int) -> Callable[[], Any]:
    """All steps of a training, without what comes at the end of an epoch, on one device."""
    machinery, plan = machinery_of(task, recipe), plan_of(task)
    order = on_device(order_of(task, machinery.network, recipe, 0, epochs))
    rows = on_device(task.rows)

    def train(rows: Rows, order: Order) -> Training:
        def epoch(i: jax.Array, training: Training) -> Training:
            return train_epoch(machinery, plan, rows, training, order, i)

        training = begin(machinery, order.recipe.at(0), order.weights, order.buffers)
        return jax.lax.fori_loop(0, epochs, epoch, training)

    compiled = jax.jit(train).lower(rows, order).compile()
    return lambda: jax.block_until_ready(compiled(rows, order))


def on_device(tree: Any) -> Any:
    return jax.tree.map(jnp.asarray, tree)
