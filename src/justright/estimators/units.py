"""Targets that are numbers, standardized for the network and put back into their units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Units:
    """Mean and deviation of each target, of training rows alone.

    Attributes:
        mean, deviation: (outputs,); a target that does not vary has deviation 1.
    """

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, y: np.ndarray) -> Units:
        """Read them off targets (rows,) or (rows, outputs)."""
        columns = y.reshape(len(y), -1)
        deviation = columns.std(axis=0)
        return cls(columns.mean(axis=0), np.where(deviation > 0, deviation, 1.0))

    def standard(self, y: np.ndarray) -> np.ndarray:
        """Targets with mean 0 and deviation 1, in the shape in which they are given."""
        columns = (y.reshape(len(y), -1) - self.mean) / self.deviation
        standard: np.ndarray = columns.reshape(y.shape)
        return standard

    def back(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs (rows, outputs) in the targets' units."""
        back: np.ndarray = outputs * self.deviation + self.mean
        return back

    def appended(self, model: keras.Model) -> keras.Model:
        """A model that gives outputs in the targets' units: with a `Rescaling` at its end."""
        import keras

        scale, offset = self.deviation.tolist(), self.mean.tolist()
        if len(scale) == 1:
            scale, offset = scale[0], offset[0]
        layer = keras.layers.Rescaling(scale, offset, name="units")
        if isinstance(model, keras.Sequential):
            layers = [one for one in model.layers if not isinstance(one, keras.layers.InputLayer)]
            entry = keras.Input(model.input_shape[1:], dtype=model.input_dtype)
            whole = keras.Sequential([entry, *layers, layer], name=model.name)
        else:
            whole = keras.Model(model.inputs, layer(model.outputs[0]), name=model.name)
        optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        whole.compile(optimizer=optimizer, loss=model.loss)
        return whole
