"""The gradient at zero of a network without hidden layers: from it a penalty's path begins."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize

from justright.engine.program import Task
from justright.network.inputs import reading_layers
from justright.network.network import Network
from justright.network.weights import Arrays
from justright.regularizers.places import Weights
from justright.regularizers.recipe import Recipe


def is_linear(task: Task) -> bool:
    """Whether outputs are a function of one sum of weighted inputs each: no hidden layer.

    Then the penalized loss is convex in the weights, and zero is its minimum from some
    strength on. With hidden layers it is not: where all kernels are zero none of them has a
    gradient, so they would rest there at any strength.
    """
    blueprint = task.blueprint
    network = Network(blueprint, Recipe())
    reading = set(reading_layers(blueprint))
    trained = {path.split("/")[0] for path in network.trainable}
    return not blueprint.anatomy.ends and bool(reading) and trained <= reading


def gradient_at_zero(task: Task, split: int) -> tuple[Arrays, Arrays]:
    """Where all kernels are zero and the biases are the best: gradient of the data loss, values.

    Args:
        task: of a network without hidden layers, its rows in memory.
        split: whose training rows.

    Returns:
        The gradient with respect to each kernel, and the values of the trained weights, by
        path.
    """
    network = Network(task.blueprint, Recipe())
    weights, untrained = network.complete(task.blueprint.initial_values(0))
    buffers = {path: jnp.asarray(value) for path, value in untrained.items()}
    kernels = [kernel.path for kernel in network.kernels]
    zero = {path: np.zeros_like(weights[path]) for path in kernels}
    others = {path: np.zeros_like(v) for path, v in weights.items() if path not in zero}
    part = task.rows.parts(split)[0]
    index = np.asarray(part.index)[: None if part.count is None else int(part.count)]
    inputs, targets = jnp.asarray(task.rows.inputs[index]), jnp.asarray(task.rows.targets[index])

    @jax.jit
    def gradients(weights: Weights) -> tuple[jax.Array, Weights]:
        def loss(weights: Weights) -> jax.Array:
            outputs = network.forward(weights, buffers, inputs, training=False).outputs
            return task.objective.loss_rows(targets, outputs).mean()

        return jax.value_and_grad(loss)(weights)

    best = _best_others(gradients, zero, others)
    _, found = gradients({**zero, **best})
    return {path: np.asarray(found[path]) for path in kernels}, {**zero, **best}


def _best_others(gradients: Any, zero: Arrays, others: Arrays) -> Arrays:
    """The biases that minimize the loss where all kernels are zero."""
    sizes = np.cumsum([value.size for value in others.values()])
    if not len(sizes):
        return others

    def values(flat: np.ndarray) -> Arrays:
        pieces = np.split(flat.astype(np.float32), sizes[:-1])
        pairs = zip(others.items(), pieces, strict=True)
        return {path: piece.reshape(value.shape) for (path, value), piece in pairs}

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        loss, slope = gradients({**zero, **values(flat)})
        return float(loss), np.concatenate([np.ravel(slope[path]) for path in others]).astype(float)

    found = minimize(
        objective,
        np.zeros(sizes[-1]),
        jac=True,
        method="L-BFGS-B",
        options={"gtol": 1e-9, "ftol": 0.0},
    )
    return values(found.x)
