"""Loss and metric of rows: data loss alone, dropout and noise off."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.engine.members import Predictor, outputs
from justright.engine.rows import Part, Rows
from justright.network.network import Network
from justright.network.objective import Objective
from justright.regularizers.recipe import Recipe

# Larger parts are read in pieces, so that memory stays bounded: of so many rows, or fewer where
# their activations take more bytes than this.
CHUNK = 4096
_CHUNK_BYTES = 128 * 2**20


def rows_at_once(floats_per_row: int) -> int:
    """How many rows to evaluate at a time."""
    return max(1, min(CHUNK, _CHUNK_BYTES // (4 * max(1, floats_per_row))))


def evaluate(
    network: Network,
    objective: Objective,
    recipe: Recipe,
    predictor: Predictor,
    rows: Rows,
    parts: tuple[Part, ...],
) -> jax.Array:
    """Mean loss and metric of each part in one pass; with sample weights, weighted means.

    Args:
        recipe: says what prediction does with branches; from `Predictor.recipe`.
        parts: rows of the pool.

    Returns:
        (parts, 2): loss and metric; NaN for an empty part.
    """
    index = jnp.concatenate([part.index for part in parts])
    total = index.shape[0]

    def figures(chunk: jax.Array) -> jax.Array:
        targets = rows.targets[chunk]
        predicted = outputs(network, objective, recipe, predictor, rows.inputs[chunk])
        return jnp.stack(
            [objective.loss_rows(targets, predicted), objective.metric_rows(targets, predicted)],
            axis=1,
        )

    at_once = rows_at_once(network.floats_per_row)
    if total <= at_once:
        per_row = figures(index)
    else:
        filled = -(-total // at_once) * at_once
        chunks = jnp.resize(index, (filled,)).reshape(-1, at_once)
        per_row = jax.lax.map(figures, chunks).reshape(filled, 2)
    means, start = [], 0
    for part in parts:
        size = part.index.shape[0]
        means.append(_mean(per_row[start : start + size], part, rows.weights_of(part.index)))
        start += size
    return jnp.stack(means)


def _mean(per_row: jax.Array, part: Part, weights: jax.Array | None) -> jax.Array:
    """The mean (2,) of figures (n, 2) over the real rows of a part, with weights (n,) if any."""
    real = part.real()
    if weights is not None:
        real = weights if real is None else weights * real
    # Divided by a number that the compiler does not know: it would multiply by the
    # reciprocal, and the mean of ones would not be one.
    if real is None:
        count = jax.lax.optimization_barrier(jnp.float32(per_row.shape[0]))
        return per_row.sum(axis=0) / count
    return (per_row * real[:, None]).sum(axis=0) / real.sum()
