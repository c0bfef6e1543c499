"""An ONNX graph in the making: nodes, constants, and a name for every tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from justright.exports.extras import extra

OPSET = 17
"""The first with layer normalization as one operation; runtimes since 2022 know it."""
_FORMAT = 8
ROWS = "rows"


class Graph:
    """Collects what an ONNX model is made of.

    Shapes are those of Keras, rows first, and so are the axes of images: channels last.
    """

    def __init__(self) -> None:
        self._onnx: Any = extra("onnx", "onnx", "A model in ONNX")
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._count = 0

    def add(self, operation: str, inputs: Sequence[str], **attributes: Any) -> str:
        """One operation; the name of what it gives."""
        return self.several(operation, inputs, 1, **attributes)[0]

    def several(
        self, operation: str, inputs: Sequence[str], outputs: int, **attributes: Any
    ) -> list[str]:
        """One operation that gives several tensors; their names."""
        self._count += 1
        name = f"{operation}_{self._count}"
        given = [name] if outputs == 1 else [f"{name}_{i}" for i in range(outputs)]
        node = self._onnx.helper.make_node(operation, inputs, given, name=name, **attributes)
        self._nodes.append(node)
        return given

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """An array that the model holds; its name."""
        self._count += 1
        name = f"constant_{self._count}"
        array = np.ascontiguousarray(np.asarray(value, dtype))
        self._constants[name] = self._onnx.numpy_helper.from_array(array.reshape(np.shape(value)))
        self._constants[name].name = name
        return name

    def whole(self, *numbers: int) -> str:
        """Whole numbers (n,), such as a shape or axes."""
        return self.constant(list(numbers), np.int64)

    def transposed(self, tensor: str, axes: Sequence[int]) -> str:
        """A tensor with its axes in another order."""
        return self.add("Transpose", [tensor], perm=list(axes))

    def model(
        self,
        name: str,
        entry: tuple[str, tuple[int | None, ...], Any],
        output: tuple[str, tuple[int | None, ...]],
        note: str,
    ) -> Any:
        """The finished model, checked by ONNX itself.

        Args:
            name: of the graph.
            entry: name, shape of a row and NumPy dtype of the input.
            output: name of the tensor that the model gives, shape of a row.
            note: a sentence to be kept in the file.
        """
        onnx = self._onnx
        kinds = {np.float32: onnx.TensorProto.FLOAT, np.int32: onnx.TensorProto.INT32}
        inner, shape = output
        self._nodes.append(onnx.helper.make_node("Identity", [inner], ["output"], name="output"))
        made = onnx.helper.make_model(
            onnx.helper.make_graph(
                self._nodes,
                name,
                [onnx.helper.make_tensor_value_info(entry[0], kinds[entry[2]], [ROWS, *entry[1]])],
                [
                    onnx.helper.make_tensor_value_info(
                        "output", onnx.TensorProto.FLOAT, [ROWS, *shape]
                    )
                ],
                list(self._constants.values()),
            ),
            opset_imports=[onnx.helper.make_opsetid("", OPSET)],
            ir_version=_FORMAT,
            producer_name="justright",
            doc_string=note,
        )
        onnx.checker.check_model(made, full_check=True)
        return made
