"""The network that is used where none is given."""

from __future__ import annotations

import keras
import numpy as np

DEFAULT_NETWORK = "default_network"
HIDDEN = (128, 64)
MOST_CLASSES = 20
# Dimensions of a row.
_SIGNAL, _PICTURE = 2, 3
_FILTERS = (16, 32, 64, 64, 64)
_SMALLEST = 8


def default_network(
    input_shape: tuple[int, ...],
    y: np.ndarray,
    hidden: tuple[int, ...] = HIDDEN,
    task: str | None = None,
) -> keras.Model:
    """Hidden ReLU layers, then an output that fits the targets; before them convolutions.

    A row of one dimension goes into the hidden layers as it is. A picture (height, width,
    channels) passes convolutions of 3 × 3, each followed by a maximum over 2 × 2, as long as both
    sides have 8 pixels and at most 5 times: 16, 32, then 64 filters. A signal (steps, channels)
    passes convolutions over 5 steps in the same way, and what is left is averaged over the steps.
    Rows of more dimensions are flattened.

    Args:
        input_shape: of one row.
        y: training targets: labels or whole numbers make a classifier, other
            numbers a regressor.
        hidden: units of each hidden layer; 128 and 64 are the lessons'.
        task: `"classification"` or `"regression"`, whatever the targets look like; None to go by
            them.
    """
    layers: list[keras.layers.Layer] = [keras.Input(input_shape), *_before_hidden(input_shape)]
    # Names of its own, so that every study on this network finds the same compiled program.
    layers += [
        keras.layers.Dense(units, activation="relu", name=f"hidden_{i}")
        for i, units in enumerate(hidden, start=1)
    ]
    return keras.Sequential([*layers, _output(y, task)], name=DEFAULT_NETWORK)


def _before_hidden(shape: tuple[int, ...]) -> list[keras.layers.Layer]:
    """From rows of several dimensions to one."""
    own = keras.layers
    made: list[keras.layers.Layer] = []
    if len(shape) == _PICTURE:
        for i, filters in enumerate(_filters(min(shape[:2])), start=1):
            options = {"padding": "same", "activation": "relu", "name": f"convolution_{i}"}
            made += [own.Conv2D(filters, 3, **options), own.MaxPooling2D(2, name=f"pool_{i}")]
        return [*made, own.Flatten(name="flat")]
    if len(shape) == _SIGNAL:
        for i, filters in enumerate(_filters(shape[0]) or [_FILTERS[0]], start=1):
            options = {"padding": "same", "activation": "relu", "name": f"convolution_{i}"}
            made += [own.Conv1D(2 * filters, 5, **options)]
            made += [own.MaxPooling1D(2, name=f"pool_{i}")] if shape[0] >= _SMALLEST else []
        return [*made, own.GlobalAveragePooling1D(name="average")]
    return [own.Flatten(name="flat")] if len(shape) > 1 else []


def _filters(side: int) -> list[int]:
    """Filters of each convolution, while there are enough places left to halve."""
    halvings = 0
    while side >= _SMALLEST and halvings < len(_FILTERS):
        side, halvings = side // 2, halvings + 1
    return list(_FILTERS[:halvings])


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


def _output(y: np.ndarray, task: str | None) -> keras.layers.Layer:
    if y.ndim > 1:
        multilabel = task != "regression" and y.dtype.kind in "biu" and set(np.unique(y)) <= {0, 1}
        return keras.layers.Dense(
            y.shape[1], activation="sigmoid" if multilabel else None, name="output"
        )
    if task == "regression" or (task is None and is_numbers(y)):
        return keras.layers.Dense(1, name="output")
    classes = len(np.unique(y))
    if classes <= 2:
        return keras.layers.Dense(1, activation="sigmoid", name="output")
    return keras.layers.Dense(classes, activation="softmax", name="output")
