"""The network that is used where none is given."""

from __future__ import annotations

import keras
import numpy as np

HIDDEN = (128, 64)
MOST_CLASSES = 20


def default_network(
    input_shape: tuple[int, ...], y: np.ndarray, hidden: tuple[int, ...] = HIDDEN
) -> keras.Model:
    """A dense network: hidden ReLU layers, then an output that fits the targets.

    Args:
        input_shape: of one row; more than one dimension is flattened.
        y: training targets: labels or whole numbers make a classifier, other
            numbers a regressor.
        hidden: units of each hidden layer; 128 and 64 are the lessons'.
    """
    layers: list[keras.layers.Layer] = [keras.Input(input_shape)]
    if len(input_shape) > 1:
        layers.append(keras.layers.Flatten())
    # Names of its own, so that every study on this network finds the same compiled program.
    layers += [
        keras.layers.Dense(units, activation="relu", name=f"hidden_{i}")
        for i, units in enumerate(hidden, start=1)
    ]
    return keras.Sequential([*layers, _output(y)], name="default_network")


def is_numbers(y: np.ndarray) -> bool:
    """Whether targets (rows,) are numbers to fit rather than classes to tell apart.

    Floats are numbers; text and booleans are classes; whole numbers are classes where they
    are few, at most 20 different ones, or codes without gaps that each come ten times.
    """
    if y.dtype.kind not in "iu":
        return y.dtype.kind == "f"
    different = np.unique(y)
    codes = np.array_equal(different, np.arange(len(different))) and len(y) >= 10 * len(different)
    return len(different) > MOST_CLASSES and not codes


def _output(y: np.ndarray) -> keras.layers.Layer:
    if y.ndim > 1:
        multilabel = y.dtype.kind in "biu" and set(np.unique(y)) <= {0, 1}
        return keras.layers.Dense(
            y.shape[1], activation="sigmoid" if multilabel else None, name="output"
        )
    if is_numbers(y):
        return keras.layers.Dense(1, name="output")
    classes = len(np.unique(y))
    if classes <= 2:
        return keras.layers.Dense(1, activation="sigmoid", name="output")
    return keras.layers.Dense(classes, activation="softmax", name="output")
