"""Networks of several shapes that predict together, each with its share, as one Keras model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np


class Steps(NamedTuple):
    """Columns, cut into pieces that rise from -1 to 1: `column`, `low`, `width`, (pieces,) each."""

    columns: np.ndarray
    low: np.ndarray
    width: np.ndarray


class Voice(NamedTuple):
    """A network that predicts with others.

    Attributes:
        model: plain Keras, not compiled.
        share: of the joint prediction.
        steps: what it wants beside the columns, or None.
    """

    model: keras.Model
    share: float
    steps: Steps | None


def joined(voices: Sequence[Voice], input_shape: tuple[int, ...]) -> keras.Model:
    """A Functional model of standard layers that gives the weighted mean of networks' outputs.

    The pieces of columns stand in it as a dense layer that is not trained and a ReLU that ends
    at 1, so the model takes the rows as they are.

    Args:
        voices: the networks, which are probabilities' or values' own: no logits.
        input_shape: of a row.
    """
    entry = keras.Input(input_shape, name="rows")
    stepped: dict[int, keras.KerasTensor] = {}
    weighted = []
    for number, voice in enumerate(voices, start=1):
        rows = entry
        if voice.steps is not None:
            key = id(voice.steps)
            if key not in stepped:
                stepped[key] = _beside(entry, voice.steps, len(stepped) + 1)
            rows = stepped[key]
        given, put_out = voice.model.inputs[0], voice.model.outputs[0]
        member = keras.Model(given, put_out, name=f"member_{number}")
        weighted.append(keras.layers.Rescaling(voice.share, name=f"share_{number}")(member(rows)))
    together = weighted[0] if len(weighted) == 1 else keras.layers.Add(name="mean")(weighted)
    return keras.Model(entry, together, name="automatic")


def _beside(entry: keras.KerasTensor, steps: Steps, number: int) -> keras.KerasTensor:
    """The columns and their pieces behind them."""
    rise = keras.layers.Dense(len(steps.columns), trainable=False, name=f"rise_{number}")
    limit = keras.layers.ReLU(max_value=1.0, name=f"limit_{number}")
    scale = keras.layers.Rescaling(2.0, offset=-1.0, name=f"pieces_{number}")
    pieces = scale(limit(rise(entry)))
    kernel = np.zeros((entry.shape[-1], len(steps.columns)), np.float32)
    kernel[steps.columns, np.arange(len(steps.columns))] = 1 / steps.width
    rise.set_weights([kernel, (-steps.low / steps.width).astype(np.float32)])
    return keras.layers.Concatenate(name=f"columns_and_pieces_{number}")([entry, pieces])
