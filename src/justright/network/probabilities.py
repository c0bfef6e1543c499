"""From a network's outputs to the probabilities of classes, and to those of several networks."""

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


def together(objective: Objective, outputs: jax.Array, present: jax.Array) -> jax.Array:
    """The outputs of several networks as those of one.

    Args:
        objective: says what the outputs are.
        outputs: (networks, rows, …).
        present: which of the networks count (networks,), all of them alike.

    Returns:
        (rows, …): mean probabilities, or the mean of numbers. Of logits, the logits of the mean
        probability; of many classes its logarithm, the logits whose exponentials sum to one.
    """
    among = present.reshape(-1, *[1] * (outputs.ndim - 1))
    count = present.sum()
    if objective.kind == "regression" or not objective.from_logits:
        return jnp.where(among, outputs, 0).sum(axis=0) / count

    def log_mean(logs: jax.Array) -> jax.Array:
        return jax.nn.logsumexp(jnp.where(among, logs, -jnp.inf), axis=0) - jnp.log(count)

    if objective.kind == "categorical":
        return log_mean(jax.nn.log_softmax(outputs))
    yes, no = (log_mean(jax.nn.log_sigmoid(sign * outputs)) for sign in (1, -1))
    return yes - no


def _log(probabilities: jax.Array) -> jax.Array:
    smallest = keras.config.epsilon()
    return jnp.log(jnp.clip(probabilities, smallest, 1 - smallest))
