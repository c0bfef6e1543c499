"""Recurrent layers in ONNX."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from justright.exports.onnx_activations import ACTIVATIONS
from justright.exports.onnx_operation import Writer, Written

# By activation name, what ONNX' recurrent operations call it.
_NAMES = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu", "softsign": "Softsign"}
_OPERATIONS = {"SimpleRNN": "RNN", "GRU": "GRU", "LSTM": "LSTM"}
# Keras' order of gates (input, forget, cell, output) in ONNX' (input, output, forget, cell).
_GATES = {"SimpleRNN": [0], "GRU": [0, 1, 2], "LSTM": [0, 3, 1, 2]}


def recurrent(one: Written) -> str:
    """SimpleRNN, GRU, LSTM, read forwards."""
    if one.layer.go_backwards:
        raise one.refuse("it reads backwards, for which Bidirectional is written.")
    y, last = _run(one, [one.layer], "forward")
    if one.layer.return_sequences:  # (steps, 1, rows, units)
        squeezed = one.add("Squeeze", y, one.graph.whole(1))
        return one.graph.transposed(squeezed, [1, 0, 2])
    return one.add("Squeeze", last, one.graph.whole(0))


def bidirectional(one: Written) -> str:
    """A layer in both directions, side by side."""
    forward, backward = one.layer.forward_layer, one.layer.backward_layer
    if type(forward).__name__ not in _OPERATIONS or one.layer.merge_mode != "concat":
        raise one.refuse('it is written for SimpleRNN, GRU and LSTM with merge_mode="concat".')
    y, last = _run(one, [forward, backward], "bidirectional")
    units = forward.units
    if forward.return_sequences:  # (steps, 2, rows, units)
        beside = one.graph.transposed(y, [2, 0, 1, 3])
        return one.add("Reshape", beside, one.graph.whole(0, 0, 2 * units))
    beside = one.graph.transposed(last, [1, 0, 2])
    return one.add("Reshape", beside, one.graph.whole(0, 2 * units))


def _run(one: Written, layers: list[Any], direction: str) -> list[str]:
    """Outputs (steps, directions, rows, units), and the last ones (directions, rows, units)."""
    kind = type(layers[0]).__name__
    if getattr(layers[0], "return_state", False) or getattr(layers[0], "stateful", False):
        raise one.refuse("it hands on its state.")
    parts = [_weights(kind, layer) for layer in layers]
    inputs = [one.constant(np.stack(arrays)) for arrays in zip(*parts, strict=True)]
    attributes: dict[str, Any] = {"hidden_size": layers[0].units, "direction": direction}
    if kind == "GRU":
        attributes["linear_before_reset"] = int(layers[0].reset_after)
    attributes["activations"] = [name for layer in layers for name in _activations(one, layer)]
    entering = one.graph.transposed(one.x, [1, 0, 2])
    outputs = 3 if kind == "LSTM" else 2
    given = one.graph.several(_OPERATIONS[kind], [entering, *inputs], outputs, **attributes)
    return given[:2]


def _weights(kind: str, layer: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """W (gates·units, features), R (gates·units, units), B (2·gates·units,)."""
    cell, order = layer.cell, _GATES[kind]
    size = len(order) * layer.units
    bias = np.asarray(cell.bias) if layer.use_bias else np.zeros(size, np.float32)
    biases = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])

    def ordered(array: np.ndarray) -> np.ndarray:
        gates = np.split(array, len(order), axis=-1)
        return np.concatenate([gates[i] for i in order], axis=-1)

    return (
        ordered(np.asarray(cell.kernel)).T,
        ordered(np.asarray(cell.recurrent_kernel)).T,
        ordered(biases).reshape(-1),
    )


def _activations(one: Written, layer: Any) -> list[str]:
    outer = layer.activation
    gate = getattr(layer, "recurrent_activation", None)
    wanted = {"SimpleRNN": [outer], "GRU": [gate, outer], "LSTM": [gate, outer, outer]}
    names = [str(getattr(f, "__name__", f)) for f in wanted[type(layer).__name__]]
    known = _NAMES.keys() & ACTIVATIONS.keys()
    for name in names:
        if name not in known or not hasattr(keras.activations, name):
            raise one.refuse(f"its activation {name} is not among {', '.join(sorted(known))}.")
    return [_NAMES[name] for name in names]


RECURRENT: dict[str, Writer] = {
    "SimpleRNN": recurrent,
    "GRU": recurrent,
    "LSTM": recurrent,
    "Bidirectional": bidirectional,
}
"""By the name of Keras' layer."""
