"""Keras' activation functions in operations of ONNX."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras

from justright.errors import ModelError
from justright.exports.onnx_graph import Graph

Written = Callable[[Graph, str], str]


def _one(operation: str, **attributes: Any) -> Written:
    return lambda graph, x: graph.add(operation, [x], **attributes)


def _gelu(graph: Graph, x: str) -> str:
    """x·½·(1 + erf(x/√2))."""
    error = graph.add("Erf", [graph.add("Mul", [x, graph.constant(1 / math.sqrt(2))])])
    half = graph.add("Mul", [x, graph.constant(0.5)])
    return graph.add("Mul", [half, graph.add("Add", [error, graph.constant(1.0)])])


def _silu(graph: Graph, x: str) -> str:
    return graph.add("Mul", [x, graph.add("Sigmoid", [x])])


def _mish(graph: Graph, x: str) -> str:
    return graph.add("Mul", [x, graph.add("Tanh", [graph.add("Softplus", [x])])])


def _relu6(graph: Graph, x: str) -> str:
    return graph.add("Clip", [x, graph.constant(0.0), graph.constant(6.0)])


def _hard_silu(graph: Graph, x: str) -> str:
    return graph.add("Mul", [x, graph.add("HardSigmoid", [x], alpha=1 / 6, beta=0.5)])


ACTIVATIONS: dict[str, Written] = {
    "linear": lambda _, x: x,
    "relu": _one("Relu"),
    "relu6": _relu6,
    "leaky_relu": _one("LeakyRelu", alpha=0.2),
    "elu": _one("Elu", alpha=1.0),
    "selu": _one("Selu"),
    "gelu": _gelu,
    "silu": _silu,
    "mish": _mish,
    "hard_silu": _hard_silu,
    "hard_sigmoid": _one("HardSigmoid", alpha=1 / 6, beta=0.5),
    "sigmoid": _one("Sigmoid"),
    "tanh": _one("Tanh"),
    "exponential": _one("Exp"),
    "softplus": _one("Softplus"),
    "softsign": _one("Softsign"),
    "softmax": _one("Softmax", axis=-1),
    "log_softmax": _one("LogSoftmax", axis=-1),
}
"""By the name that Keras gives the function."""


def activated(graph: Graph, x: str, activation: Any, layer: str) -> str:
    """A tensor behind an activation function.

    Args:
        graph: takes the operations.
        x: the tensor's name.
        activation: Keras' function.
        layer: whose it is, for the error.

    Raises:
        ModelError: a function that is not among `ACTIVATIONS`.
    """
    name = str(getattr(activation, "__name__", type(activation).__name__))
    if name not in ACTIVATIONS or getattr(keras.activations, name, None) is not activation:
        raise ModelError(
            f"The activation {name} of the layer {layer!r} cannot be written in ONNX. Those that "
            f"can: {', '.join(ACTIVATIONS)}. The model can be saved as .keras."
        )
    return ACTIVATIONS[name](graph, x)
