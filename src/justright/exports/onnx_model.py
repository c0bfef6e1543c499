"""A trained Keras model in ONNX, layer by layer, without TensorFlow."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from justright.errors import ModelError
from justright.exports.onnx_graph import Graph
from justright.exports.onnx_layers import LAYERS
from justright.exports.onnx_operation import Written
from justright.exports.onnx_recurrent import RECURRENT

_INPUTS = {"float32": np.float32, "int32": np.int32}
KNOWN = LAYERS | RECURRENT
"""What is written, by the name of Keras' layer or operation."""


def onnx_of(model: keras.Model, note: str = "") -> Any:
    """An ONNX model that predicts what a Keras model does, to float32's rounding.

    Input and output are called `input` and `output`, have any number of rows, and the shape
    that Keras gives a row (images channels last). Noise and dropout rest, as in prediction.

    Args:
        model: Functional or Sequential, with one input and one output.
        note: a sentence that the file keeps.

    Returns:
        An `onnx.ModelProto`, operations of opset 17.

    Raises:
        DataError: the library onnx is missing.
        ModelError: a layer, an activation or a number format that ONNX cannot be written for.
    """
    given = model.inputs[0]
    if given.dtype not in _INPUTS:
        raise ModelError(
            f"The model {model.name!r} takes {given.dtype}; ONNX is written for float32 and int32."
        )
    graph = Graph()
    output = _through(graph, model, ["input"])
    shape = tuple(model.outputs[0].shape[1:])
    entry = "input", tuple(given.shape[1:]), _INPUTS[given.dtype]
    return graph.model(_plain(model.name), entry, (output, shape), note)


def _through(graph: Graph, model: keras.Model, entries: list[str]) -> str:
    """Write a model's layers; the name of its output."""
    names: dict[int, str] = {}
    kept: list[Any] = []  # An identity holds only as long as its tensor lives.

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        out = layer(*args, **kwargs)
        if isinstance(layer, keras.layers.InputLayer):
            return out
        tensors = [t for t in keras.tree.flatten((args, kwargs)) if _is_tensor(t)]
        given = [names[id(t)] for t in tensors]
        written = Written(graph, layer, given, [tuple(t.shape) for t in tensors], args, kwargs)
        names[id(out)] = _written(written)
        kept.append(out)
        return out

    fresh = [keras.Input(batch_shape=t.shape, dtype=t.dtype) for t in model.inputs]
    names |= {id(t): name for t, name in zip(fresh, entries, strict=True)}
    # The layers themselves, with their weights: nothing is trained, so nothing is changed.
    copy = keras.models.clone_model(
        keras.Model(model.inputs, model.outputs),
        input_tensors=fresh,
        clone_function=lambda layer: layer,
        call_function=call,
    )
    return names[id(copy.outputs[0])]


def _written(one: Written) -> str:
    layer = one.layer
    if isinstance(layer, keras.Model):
        return _through(one.graph, layer, one.inputs)
    if isinstance(layer, keras.layers.Layer) and layer.compute_dtype != "float32":
        raise ModelError(
            f"The layer {layer.name!r} computes in {layer.compute_dtype}; ONNX is written for "
            "float32. Give the layers dtype='float32', or save the model as .keras."
        )
    kind = type(layer)
    write = KNOWN.get(kind.__name__)
    if write is None or not kind.__module__.startswith("keras."):
        layers = sorted(n for n in KNOWN if hasattr(keras.layers, n))
        raise ModelError(
            f"{kind.__name__} ({layer.name!r}) cannot be written in ONNX. Layers that can: "
            f"{', '.join(layers)}. The model can be saved as .keras."
        )
    return write(one)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, keras.KerasTensor)


def _plain(name: str) -> str:
    """A name of letters, digits and underscores, as ONNX wants a graph's."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name) or "model"
