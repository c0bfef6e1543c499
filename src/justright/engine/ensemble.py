"""Averages of what thinned networks predict: over all masks, over sampled ones, geometric ones.

Classes are averaged by their probabilities, numbers as they are. The normalized geometric mean is
the one that weight scaling gives exactly where a single softmax or sigmoid layer reads what dropout
has thinned.

Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting",
JMLR 15, 2014, section 7.5 (sampled averages); Baldi & Sadowski, "Understanding dropout", NIPS 2013,
sections 2 and 3 (geometric means).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from justright.engine.thinned import (
    ThinnedNetworks,
    every_mask,
    probabilities_of,
    sampled_masks,
)
from justright.network.objective import Objective
from justright.network.probabilities import log_probabilities, outputs_of

# Predictions of so many masks are held at a time, in numbers.
_HELD = 2**24


class Averages(NamedTuple):
    """Averages over masks, as predictions: log-probabilities, or numbers.

    Attributes:
        arithmetic: the mean of probabilities or numbers, (…, rows, …).
        geometric: the normalized geometric mean of probabilities; None for numbers.
    """

    arithmetic: np.ndarray
    geometric: np.ndarray | None


class Judged(NamedTuple):
    """Loss and metric of predictions, (predictions,) each."""

    loss: np.ndarray
    metric: np.ndarray


def predictions(objective: Objective, outputs: np.ndarray) -> np.ndarray:
    """Log-probabilities (…, rows, …, classes) of outputs, or the numbers that they are; float64."""
    log_p = log_probabilities(objective, jnp.asarray(outputs))
    return np.asarray(outputs if log_p is None else log_p, np.float64)


def average_of_all(networks: ThinnedNetworks, objective: Objective) -> Averages:
    """The averages over all 2ⁿ masks, each as often as dropout draws it."""
    masks = every_mask(networks.units)
    weights = probabilities_of(masks, networks.drop)
    log_means, means = np.zeros(()), np.zeros(())
    for start in range(0, len(masks), at_once := _masks_at_once(networks)):
        part = slice(start, start + at_once)
        one = predictions(objective, networks.outputs(masks[part]))
        log_means = log_means + np.tensordot(weights[part], one, 1)
        means = means + np.tensordot(weights[part], _linear(objective, one), 1)
    return _averages(objective, np.asarray(means), np.asarray(log_means))


def averages_of_samples(
    networks: ThinnedNetworks,
    objective: Objective,
    draws: np.random.Generator,
    counts: Sequence[int],
) -> np.ndarray:
    """Averages over the first so many of some sampled masks, as predictions.

    Args:
        networks: what the masks thin.
        objective: what they are trained for.
        draws: of the masks.
        counts: how many masks each average is over, rising.

    Returns:
        (counts, rows, …).
    """
    masks = sampled_masks(draws, counts[-1], networks.drop)
    total, found, start = np.zeros(()), [], 0
    for count in counts:
        while start < count:
            part = slice(start, min(start + _masks_at_once(networks), count))
            one = _linear(objective, predictions(objective, networks.outputs(masks[part])))
            total, start = total + one.sum(axis=0), part.stop
        found.append(_averages(objective, total / count, None).arithmetic)
    return np.stack(found)


def average(objective: Objective, predicted: np.ndarray) -> np.ndarray:
    """The average of predictions (predictions, rows, …)."""
    return _averages(objective, _linear(objective, predicted).mean(axis=0), None).arithmetic


def judged(objective: Objective, predicted: np.ndarray, targets: np.ndarray) -> Judged:
    """Loss and metric of predictions (predictions, rows, …) for targets (rows, …)."""
    given = jnp.asarray(predicted, jnp.float32)

    def of_one(one: jax.Array) -> tuple[jax.Array, jax.Array]:
        outputs = one if objective.kind == "regression" else outputs_of(objective, one)
        rows = objective.loss_rows(jnp.asarray(targets), outputs)
        return rows.mean(), objective.metric_rows(jnp.asarray(targets), outputs).mean()

    loss, metric = jax.jit(jax.vmap(of_one))(given)
    return Judged(np.asarray(loss, float), np.asarray(metric, float))


def distance(objective: Objective, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Root mean square difference of predictions (…, rows, …) in probabilities, or in numbers."""
    squares = np.square(_linear(objective, a) - _linear(objective, b))
    return np.sqrt(squares.mean(axis=tuple(range(squares.ndim - b.ndim, squares.ndim))))


def _linear(objective: Objective, one: np.ndarray) -> np.ndarray:
    return one if objective.kind == "regression" else np.exp(one)


def _averages(objective: Objective, means: np.ndarray, log_means: np.ndarray | None) -> Averages:
    if objective.kind == "regression":
        return Averages(means, None)
    geometric = None
    if log_means is not None:
        geometric = log_means - np.logaddexp.reduce(log_means, axis=-1, keepdims=True)
    return Averages(np.log(means), geometric)


def _masks_at_once(networks: ThinnedNetworks) -> int:
    return max(1, min(1024, _HELD // max(1, networks.numbers)))
