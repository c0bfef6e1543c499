"""What networks of one structure put out for rows: compiled once, whatever their weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from justright.engine.evaluate import CHUNK
from justright.engine.forward import run
from justright.engine.program import Task
from justright.network.network import Network
from justright.network.weights import Arrays
from justright.regularizers.branches import ActsOnBranches
from justright.regularizers.places import Batch, Weights
from justright.regularizers.recipe import Recipe


def outputs_for(task: Task, recipe: Recipe) -> Callable[[Arrays, np.ndarray], np.ndarray]:
    """A function from the variables of a network and rows (rows, …) to its outputs for them.

    Args:
        task: gives network and objective.
        recipe: its structure; noise is off.
    """
    branches = (one for one in recipe.techniques if isinstance(one, ActsOnBranches))
    acting = Recipe(*branches)
    network = Network(task.blueprint, recipe.in_program())

    def no_key(_: object) -> jax.Array:
        return jnp.zeros(2, jnp.uint32)

    @jax.jit
    def outputs(weights: Weights, buffers: Weights, rows: jax.Array) -> jax.Array:
        batch = Batch(rows, jnp.zeros(len(rows)), None)
        forward = partial(run, network, task.objective, acting, weights, buffers)
        passed, _ = forward(batch, no_key, training=False, noisy=True)
        return passed.outputs

    def of(values: Arrays, X: np.ndarray) -> np.ndarray:
        weights, buffers = jax.tree.map(jnp.asarray, network.complete(values))
        starts = range(0, len(X), CHUNK)
        parts = [outputs(weights, buffers, X[start : start + CHUNK]) for start in starts]
        return np.concatenate([np.asarray(part) for part in parts])

    return of
