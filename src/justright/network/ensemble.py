"""Networks that predict together, as one plain Keras model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from justright.network.blueprint import Blueprint
from justright.network.export import compiled, network_of, plain_model
from justright.network.objective import Objective
from justright.network.weights import Arrays
from justright.regularizers.recipe import Recipe


def exported(
    blueprint: Blueprint,
    trained: Sequence[tuple[Recipe, Arrays]],
    objective: Objective,
    optimizer: keras.optimizers.Optimizer,
) -> keras.Model:
    """A Keras model that predicts what was trained: `plain_model`, or several of them together.

    Several are models inside a Functional one, `member_1` the oldest, which share its input.
    Probabilities and numbers are averaged by `keras.layers.Average`, logits as
    `probabilities.together` does. Trained on, all members learn together, from the loss of
    the joint prediction and the penalties of each.

    Args:
        blueprint: the user's network.
        trained: of each network, oldest first, what to put into it and its variables by path.
        objective: gives loss and metric, and says what the outputs are.
        optimizer: configuration of the one to compile with.
    """
    if len(trained) == 1:
        (recipe, values) = trained[0]
        return plain_model(blueprint, recipe, values, objective, optimizer)
    given = blueprint.model.inputs[0]
    entry = keras.Input(given.shape[1:], dtype=given.dtype, name=given.name)
    outputs = []
    for number, (recipe, values) in enumerate(trained, start=1):
        one = network_of(blueprint, recipe, values)
        named = keras.Model(one.inputs[0], one.outputs[0], name=f"member_{number}")
        outputs.append(named(entry))
    model = keras.Model(entry, _together(objective, outputs), name=blueprint.model.name)
    return compiled(model, trained[-1][0], objective, optimizer)


def _together(objective: Objective, outputs: Sequence[Any]) -> Any:
    """Symbolic outputs of networks as those of one, in 32 bits as the study computes them."""
    if objective.kind == "regression" or not objective.from_logits:
        return keras.layers.Average(dtype="float32", name="mean")(outputs)
    each = ops.stack([ops.cast(one, "float32") for one in outputs])

    def log_mean(logs: Any) -> Any:
        return ops.logsumexp(logs, axis=0) - math.log(len(outputs))

    if objective.kind == "categorical":
        return log_mean(ops.log_softmax(each))
    return log_mean(ops.log_sigmoid(each)) - log_mean(ops.log_sigmoid(-each))
