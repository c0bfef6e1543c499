"""Which inputs a network reads: the weights that leave each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from justright.errors import ModelError
from justright.network.blueprint import Blueprint
from justright.network.surgery import calls_of
from justright.network.weights import Arrays

# They act on each feature apart from the others, so what leaves them is that feature's.
_FEATURE_BY_FEATURE = (
    keras.layers.Dropout,
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.Normalization,
    keras.layers.BatchNormalization,
)


def reading_layers(blueprint: Blueprint) -> tuple[str, ...]:
    """The dense layers that read rows (features,); none if anything else reads them."""
    model = blueprint.model
    calls, _ = calls_of(model)
    made = {tensor for call in calls for tensor in call.outputs}
    reached = {tensor for call in calls for tensor in call.inputs} - made
    found: dict[str, None] = {}
    for call in calls:
        if not reached & set(call.inputs):
            continue
        if isinstance(call.layer, _FEATURE_BY_FEATURE):
            reached |= set(call.outputs)
        elif isinstance(call.layer, keras.layers.Dense) and call.rank == 2:
            found[call.layer.name] = None
        else:
            return ()
    return tuple(found)


def outgoing_norms(blueprint: Blueprint, trials: Sequence[Sequence[Arrays]]) -> np.ndarray:
    """The Euclidean norm of all weights that leave each input, (trials, inputs); 0 if all are zero.

    Args:
        blueprint: of a network whose first layers are dense.
        trials: of each, the variables by path of the networks that predict together; the norm
            is their root mean square.

    Raises:
        ModelError: anything else reads the inputs.
    """
    layers = reading_layers(blueprint)
    if not layers:
        raise ModelError(
            f"The model {blueprint.model.name!r} does not read its inputs by dense layers alone, "
            "so no weights belong to one input only. Which inputs survive can be said of rows "
            "(features,) that go into Dense layers."
        )

    def squares(values: Arrays) -> Any:
        return sum(np.square(values[f"{name}/kernel"], dtype=float).sum(axis=1) for name in layers)

    means = [np.mean([squares(values) for values in networks], axis=0) for networks in trials]
    return np.sqrt(np.stack(means))
