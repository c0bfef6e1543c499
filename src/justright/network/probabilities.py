"""From a network's outputs to the probabilities of classes."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import keras

from justright.network.objective import Objective


def log_probabilities(objective: Objective, outputs: jax.Array) -> jax.Array | None:
    """Logarithms of the probabilities of all classes, clipped as Keras' losses clip them.

    Args:
        objective: says what the outputs are.
        outputs: (rows, …, outputs).

    Returns:
        (rows, …, classes) for one of many classes; (rows, …, outputs, 2), yes and no, where
        each output is a class of its own; None if targets are numbers.
    """
    if objective.kind == "regression":
        return None
    if objective.kind == "categorical":
        if objective.from_logits:
            return jax.nn.log_softmax(outputs)
        return _log(outputs / outputs.sum(axis=-1, keepdims=True))
    if objective.from_logits:
        return jnp.stack([jax.nn.log_sigmoid(outputs), jax.nn.log_sigmoid(-outputs)], axis=-1)
    return jnp.stack([_log(outputs), _log(1 - outputs)], axis=-1)


def outputs_of(objective: Objective, log_p: jax.Array) -> jax.Array:
    """Outputs that stand for given probabilities: the inverse of `log_probabilities`.

    Args:
        objective: says what the outputs are; not one of numbers.
        log_p: as `log_probabilities` gives them.

    Returns:
        (rows, …, outputs): probabilities, or logits where the network gives such.
    """
    if objective.kind == "categorical":
        return log_p if objective.from_logits else jnp.exp(log_p)
    if objective.from_logits:
        return log_p[..., 0] - log_p[..., 1]
    return jnp.exp(log_p[..., 0])


def _log(probabilities: jax.Array) -> jax.Array:
    smallest = keras.config.epsilon()
    return jnp.log(jnp.clip(probabilities, smallest, 1 - smallest))
