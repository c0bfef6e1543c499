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


def _log(probabilities: jax.Array) -> jax.Array:
    smallest = keras.config.epsilon()
    return jnp.log(jnp.clip(probabilities, smallest, 1 - smallest))
