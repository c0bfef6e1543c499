"""One layer's call on its way to ONNX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from justright.errors import ModelError
from justright.exports.onnx_graph import Graph

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Written:
    """A call of a layer, to be written.

    Attributes:
        graph: takes the operations.
        layer: Keras' layer or operation.
        inputs, shapes: names and Keras' shapes (rows first) of the tensors that go in.
        args, kwargs: what the layer is called with.
    """

    graph: Graph
    layer: Any
    inputs: list[str]
    shapes: list[Shape]
    args: Sequence[Any]
    kwargs: dict[str, Any]

    @property
    def x(self) -> str:
        """The first input."""
        return self.inputs[0]

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        """One operation of the graph."""
        return self.graph.add(operation, inputs, **attributes)

    def constant(self, value: Any) -> str:
        """An array of float32."""
        return self.graph.constant(np.asarray(value))

    def refuse(self, why: str) -> ModelError:
        """An error that names the layer."""
        return ModelError(
            f"{type(self.layer).__name__} ({self.layer.name!r}) cannot be written in ONNX: {why} "
            "The model can be saved as .keras."
        )


Writer = Callable[[Written], str]
"""Writes a call, and gives the name of what comes out."""
