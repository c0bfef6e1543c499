"""From prepared rows to a network's probabilities or values, whatever their number."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from justright.network.objective import Objective
from justright.network.registered import registered_in

if TYPE_CHECKING:
    import keras

Link = Literal["identity", "sigmoid", "softmax"]
"""What makes probabilities, or values, of a network's outputs."""

# Always so many rows at a time: one program for any number of rows, in which the numbers of a
# row do not depend on the others.
_ROWS = 256
_KEPT = 16
# Layers that hand on what they get, at prediction.
_IDLE = (
    "Dropout",
    "AlphaDropout",
    "GaussianDropout",
    "GaussianNoise",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "ActivityRegularization",
)
_PENALTIES = ("_regularizer", "_constraint")
_programs: OrderedDict[Any, Callable[..., Any]] = OrderedDict()


def link_of(objective: Objective) -> Link:
    """What makes probabilities of the outputs that an objective is for."""
    if objective.kind == "regression" or not objective.from_logits:
        return "identity"
    return "softmax" if objective.kind == "categorical" else "sigmoid"


class Outputs:
    """A network's outputs for rows.

    Args:
        model: plain Keras.
        link: from its outputs to probabilities.
    """

    def __init__(self, model: keras.Model, link: Link) -> None:
        self.model, self.link = model, link

    def of(self, X: np.ndarray) -> np.ndarray:
        """Probabilities or values (rows, outputs) of float64 for rows (rows, …) of float32."""
        forward = _program(self.model)
        trained = [np.asarray(v) for v in self.model.trainable_variables]
        others = [np.asarray(v) for v in self.model.non_trainable_variables]
        given = []
        for start in range(0, len(X), _ROWS):
            some = X[start : start + _ROWS]
            filled = np.zeros((_ROWS, *X.shape[1:]), np.float32)
            filled[: len(some)] = some
            given.append(np.asarray(forward(trained, others, filled))[: len(some)])
        return _linked(np.concatenate(given).astype(np.float64), self.link)


def _linked(outputs: np.ndarray, link: Link) -> np.ndarray:
    from scipy import special

    if link == "identity":
        return outputs
    makes = special.expit if link == "sigmoid" else lambda z: special.softmax(z, axis=-1)
    probabilities: np.ndarray = makes(outputs)
    return probabilities


def _program(model: keras.Model) -> Callable[..., Any]:
    """The forward pass as a function of the variables, shared by networks of one configuration."""
    import jax

    text = _configuration(model)
    # Keras' Dropout has a state of random numbers only where its rate is not 0.
    shapes = tuple(tuple(v.shape) for v in (*model.trainable_variables, *model.variables))
    key = (type(model), text, shapes, registered_in(text))
    if key not in _programs:

        def forward(trained: Any, others: Any, rows: Any) -> Any:
            return model.stateless_call(trained, others, rows, training=False)[0]

        _programs[key] = jax.jit(forward)
        while len(_programs) > _KEPT:
            _programs.popitem(last=False)
    _programs.move_to_end(key)
    return _programs[key]


def _configuration(model: keras.Model) -> str:
    """What a model computes at prediction: no strengths, and no numbers in layers' names."""
    text = json.dumps(_acting(model.get_config()), sort_keys=True, default=repr)
    names: dict[str, int] = {}

    def renamed(match: re.Match[str]) -> str:
        return f'"{names.setdefault(match[0], len(names))}"'

    return re.sub(r'"[a-z0-9_]+_\d+"', renamed, text)


def _acting(config: Any) -> Any:
    """A configuration without strengths of noise and penalties."""
    if isinstance(config, list | tuple):
        return [_acting(one) for one in config]
    if not isinstance(config, dict):
        return config
    kept = {key: value for key, value in config.items() if not key.endswith(_PENALTIES)}
    if kept.get("class_name") in _IDLE:
        kept["config"] = {"name": kept["config"]["name"]}
    return {key: _acting(value) for key, value in kept.items()}
