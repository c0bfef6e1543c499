"""Names for the variables of a network, and initial values from a seed."""

from __future__ import annotations

import keras
import numpy as np

from justright.errors import ModelError
from justright.network.randomness import seeded
from justright.network.surgery import Edits, inner_layers, rebuild

Arrays = dict[str, np.ndarray]


def variable_paths(model: keras.Model) -> dict[str, keras.Variable]:
    """All variables of a model by `layer/name`: the same in every copy, nested or unpacked."""
    found: dict[str, keras.Variable] = {}
    for layer in inner_layers(model):
        for variable in layer.variables:
            # Not by Keras' own path: inner layers may be numbered anew in every copy.
            path = f"{layer.name}/{variable.name}"
            while path in found and found[path] is not variable:
                path += "+"
            found[path] = variable
    return found


def is_random_state(variable: keras.Variable) -> bool:
    """Whether a variable is the state of a random layer (`Dropout` of the model's own)."""
    return variable.name == "seed_generator_state"


def idle_random_states(model: keras.Model) -> list[keras.Variable]:
    """Random states that nothing draws from: recurrent layers that drop nothing have one, too."""
    return [
        variable
        for layer in model.layers
        if all(_drops_nothing(one) for one in _directions(layer))
        for variable in layer.non_trainable_variables
        if is_random_state(variable)
    ]


def _directions(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    if isinstance(layer, keras.layers.Bidirectional):
        return [layer.forward_layer, layer.backward_layer]
    return [layer]


def _drops_nothing(layer: keras.layers.Layer) -> bool:
    known = isinstance(layer, keras.layers.LSTM | keras.layers.GRU | keras.layers.SimpleRNN)
    return known and not layer.dropout and not layer.recurrent_dropout


def fresh_values(model: keras.Model, seed: int) -> Arrays:
    """Initial values of all variables, drawn by the layers' own initializers.

    Args:
        model: a Functional model; it is not touched.
        seed: what the initializers draw from. An initializer to which the model
            gave a seed of its own keeps it.
    """
    with seeded(seed):
        return values_of(rebuild(model, Edits()))


def values_of(model: keras.Model) -> Arrays:
    """The present values of all variables, by path."""
    return {path: np.asarray(v) for path, v in variable_paths(model).items()}


def assign(model: keras.Model, values: Arrays) -> None:
    """Set all variables of a model, but the states of random layers that `values` does not name.

    Raises:
        ModelError: a variable without a value.
    """
    for path, variable in variable_paths(model).items():
        if path in values:
            variable.assign(values[path])
        elif not is_random_state(variable):
            raise lost(path)


def lost(path: str) -> ModelError:
    """The error for a variable that a copy of the model does not have under the same path."""
    return ModelError(
        f"The variable {path} is not the same in a copy of the model. Give the layer a get_config "
        "that returns all its arguments."
    )
