"""What a model brings of regularization itself, and a copy of it without.

A model's own dropout layers, regularizers and constraints stay on in every
recipe, the empty one included: the network that was given is the baseline, and
a recipe adds to it. Studies say so. Strip the model to compare from nothing.
"""

from __future__ import annotations

from typing import Any

import keras

from justright.errors import ModelError
from justright.network.surgery import Edits, copy_layer, functional, rebuild
from justright.network.weights import assign, values_of

_LAYERS = (
    keras.layers.Dropout,
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
    keras.layers.ActivityRegularization,
)
_RATES = ("dropout", "recurrent_dropout")
_OBJECTS = ("_regularizer", "_constraint")


def own_regularization(model: keras.Model) -> tuple[str, ...]:
    """What a model brings itself, in words: `"Dropout(0.5) at dropout_1"`.

    Args:
        model: a built Functional model.
    """
    return tuple(text for layer in model.layers for text in _texts(layer))


def strip_regularization(model: keras.Model) -> keras.Model:
    """A copy of a model without dropout layers, regularizers and constraints of its own.

    Normalizations stay: they are part of what the network computes. Weights are kept, and
    loss and optimizer of a compiled model, the optimizer without a weight decay.

    Args:
        model: a built Sequential or Functional model; it is not touched.

    Returns:
        A Functional model with the same layer names.

    Raises:
        ModelError: a model that is neither, or not built.
    """
    if isinstance(model, keras.Sequential) and not model.built:
        raise ModelError(
            f"The model {model.name!r} is not built. Give it an Input layer, or call "
            "model.build((None, features))."
        )
    copy = functional(model, tuple(getattr(model, "input_shape", ()))[1:])
    dropped = frozenset(layer.name for layer in copy.layers if isinstance(layer, _LAYERS))
    bare = rebuild(copy, Edits(drop=dropped, replace=_bare))
    assign(bare, values_of(model))
    if model.compiled:
        optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        optimizer.weight_decay = 0.0
        bare.compile(optimizer=optimizer, loss=model.loss)
    return bare


def _texts(layer: keras.layers.Layer) -> list[str]:
    if isinstance(layer, _LAYERS):
        amount = getattr(layer, "rate", getattr(layer, "stddev", None))
        shown = "" if amount is None else f"({amount:g})"
        return [f"{type(layer).__name__}{shown} at {layer.name}"]
    names = [key for key, value in _entries(layer.get_config()) if _regularizes(key, value)]
    return [f"{key} of {layer.name}" for key in dict.fromkeys(names)]


def _regularizes(key: str, value: Any) -> bool:
    return bool(value) and (key in _RATES or key.endswith(_OBJECTS))


def _entries(config: dict[str, Any]) -> list[tuple[str, Any]]:
    """All entries of a configuration, those of wrapped layers included."""
    entries = list(config.items())
    for value in config.values():
        if isinstance(value, dict):
            entries += _entries(value)
    return entries


def _bare(layer: keras.layers.Layer) -> keras.layers.Layer:
    if not _texts(layer):
        return copy_layer(layer)
    return type(layer).from_config(_without(layer.get_config()))


def _without(config: dict[str, Any]) -> dict[str, Any]:
    bare: dict[str, Any] = {}
    for key, value in config.items():
        if key.endswith(_OBJECTS):
            bare[key] = None
        elif key in _RATES and value:
            bare[key] = 0.0
        else:
            bare[key] = _without(value) if isinstance(value, dict) else value
    return bare
