"""Which axes of a kernel count the units of its layer."""

from __future__ import annotations

from collections.abc import Mapping

import keras

from justright.network.anatomy import is_kernel
from justright.regularizers.location import UNITS_LAST, Units

_DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
_TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)


def units_of(layer: keras.layers.Layer) -> Mapping[int, Units]:
    """How the kernels of a layer, and of layers inside it, count units, by their identity."""
    # Inner layers come after those that hold them, and it is they who know.
    return {
        id(variable): _units(part, variable)
        for part in layer._flatten_layers()
        for variable in part.weights
        if is_kernel(variable.name)
    }


def _units(layer: keras.layers.Layer, kernel: keras.Variable) -> Units:
    if isinstance(layer, _DEPTHWISE) or kernel.name == "depthwise_kernel":
        return Units((-2, -1), (-2,))
    if isinstance(layer, _TRANSPOSED):
        return Units((-2,))
    if isinstance(layer, keras.layers.EinsumDense):
        return _of_equation(layer.equation)
    return UNITS_LAST


def _of_equation(equation: str) -> Units:
    """What `"abc,cd->abd"` says: axes of the kernel that come out count units."""
    entering, rest = equation.replace("...", "").split(",")
    kernel, leaving = rest.split("->")
    axes = [(letter, axis - len(kernel)) for axis, letter in enumerate(kernel.strip())]
    return Units(
        tuple(axis for letter, axis in axes if letter in leaving),
        tuple(axis for letter, axis in axes if letter in leaving and letter in entering),
    )
