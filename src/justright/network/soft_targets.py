"""Soft targets: classes one-hot inside the program, so that a technique can mix them."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import keras

from justright.errors import ModelError
from justright.network.objective import Objective, Rows
from justright.regularizers.places import Batch


def with_soft_targets(objective: Objective, batch: Batch) -> tuple[Objective, Batch]:
    """The objective and the batch with targets that may be mixtures of classes.

    Labels become one-hot and their cross-entropy the one that takes probabilities: the same
    numbers to the bit, since Keras makes labels one-hot itself.

    Raises:
        ModelError: a loss of one's own that takes labels.
    """
    if objective.sparse:
        classes = objective.output_shape[-1]
        batch = batch._replace(targets=jax.nn.one_hot(batch.targets, classes))
        objective = replace(objective, sparse=False, loss_rows=_of_probabilities(objective))
    return objective, batch._replace(uniform=_uniform(objective))


def _uniform(objective: Objective) -> jax.Array | None:
    if objective.kind == "regression":
        return None
    share = 1 / objective.output_shape[-1] if objective.kind == "categorical" else 0.5
    return jnp.full(objective.output_shape, share, jnp.float32)


def _of_probabilities(objective: Objective) -> Rows:
    """The loss for one-hot targets that is the given one for labels."""
    given, from_logits = objective.given_loss, objective.from_logits
    if given is keras.losses.sparse_categorical_crossentropy:
        from_logits = False
    elif isinstance(given, keras.losses.SparseCategoricalCrossentropy):
        from_logits = given.from_logits
    standard = objective.loss_name == "sparse_categorical_crossentropy"
    ignored = getattr(given, "ignore_class", None)
    if not standard or ignored is not None:
        raise ModelError(
            f"The loss {objective.loss_name} takes one label a row, and the recipe mixes the "
            "targets of rows. Leave the loss to be chosen, or give one-hot targets and a loss "
            "for them."
        )
    return lambda y, out: keras.losses.categorical_crossentropy(y, out, from_logits=from_logits)
