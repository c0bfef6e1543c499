"""Standard Keras objects as the source that makes them: layers, optimizers, schedules."""

from __future__ import annotations

import inspect
import re
from typing import Any

import keras

from justright.errors import ModelError
from justright.exports.source import Source, call, literal

_HOMES = {
    keras.layers.Layer: "layers",
    keras.initializers.Initializer: "initializers",
    keras.regularizers.Regularizer: "regularizers",
    keras.constraints.Constraint: "constraints",
    keras.optimizers.Optimizer: "optimizers",
    keras.optimizers.schedules.LearningRateSchedule: "optimizers.schedules",
}
_SELDOM = {"name", "trainable", "dtype"}
_OF_ONE = (keras.regularizers.L1, keras.regularizers.L2)
# Written also at their defaults: they are what the reader looks for.
_SHOWN = {"l1", "l2", "learning_rate", "max_value"}


def source_of(made: Any, **changes: Any) -> Source:
    """The call that makes a standard Keras object of the same configuration.

    Arguments at their defaults are left out, and so are names that Keras has given.

    Args:
        made: a layer, initializer, regularizer, constraint, optimizer or schedule.
        changes: values of its configuration to be written in place of its own.

    Raises:
        ModelError: an object that is not Keras' own, or has an argument that is not.
    """
    kind, name = type(made), type(made).__name__
    home = next((home for base, home in _HOMES.items() if isinstance(made, base)), "")
    if not home or getattr(_module(home), name, None) is not kind:
        raise ModelError(
            f"{name} is not Keras' own, and a script that stands alone can only name what is. "
            "Build the network from standard layers."
        )
    config = made.get_config() | changes
    needed, optional = _parameters(kind, config)
    if kind in _OF_ONE:
        return call(f"keras.{home}.{name}", *(literal(config[key]) for key in optional))
    usual = kind(**{key: _made(config[key]) for key in needed}).get_config()
    items = [_argument(name, key, config[key]) for key in needed]
    named = {
        key: _argument(name, key, config[key])
        for key in optional
        if key in _SHOWN or (config[key] != usual.get(key) and key not in _SELDOM)
    }
    if isinstance(made, keras.layers.Layer):
        named |= _of_any_layer(made)
    return call(f"keras.{home}.{name}", *items, **named)


def _module(home: str) -> Any:
    module: Any = keras
    for part in home.split("."):
        module = getattr(module, part)
    return module


def _parameters(kind: type, config: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Those of its parameters that the configuration holds: the needed ones, and the others."""
    known = [p for p in inspect.signature(kind).parameters.values() if p.name in config]
    needed = [p.name for p in known if p.default is inspect.Parameter.empty]
    return needed, [p.name for p in known if p.name not in needed]


def _of_any_layer(layer: keras.layers.Layer) -> dict[str, Source]:
    named: dict[str, Source] = {}
    if not layer.trainable:
        named["trainable"] = "False"
    policy = layer.dtype_policy.name
    if policy != "float32":
        named["dtype"] = literal(policy)
    if not is_numbered(layer):
        named["name"] = literal(layer.name)
    return named


def is_numbered(layer: keras.layers.Layer) -> bool:
    """Whether a layer has the name that Keras gives by itself, such as `dense_7`."""
    words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", type(layer).__name__)
    snake = re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
    return re.fullmatch(rf"{snake}(_\d+)?", layer.name) is not None


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and {"class_name", "config"} <= value.keys()


def _made(value: Any) -> Any:
    return keras.saving.deserialize_keras_object(value) if _is_object(value) else value


def _argument(owner: str, key: str, value: Any) -> Source:
    if _is_object(value) and value["class_name"] != "function":
        return source_of(_made(value))
    try:
        return literal(value)
    except TypeError as error:
        raise ModelError(
            f"{owner} has an argument {key} that is not Keras' own, and a script that stands "
            "alone can only name what is. Build the network from standard parts."
        ) from error
