"""Convolutions and pooling in ONNX, which has channels first where Keras has them last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from justright.exports.onnx_activations import activated
from justright.exports.onnx_operation import Written


def convolution(one: Written) -> str:
    """Conv1D, Conv2D, Conv3D."""
    layer = one.layer
    kernel = np.asarray(layer.kernel)
    weights = np.moveaxis(kernel, [-1, -2], [0, 1])
    return _finished(one, _convolved(one, weights, layer.groups))


def depthwise(one: Written) -> str:
    """DepthwiseConv1D, DepthwiseConv2D."""
    return _finished(one, _by_channel(one, np.asarray(one.layer.kernel)))


def separable(one: Written) -> str:
    """SeparableConv1D, SeparableConv2D: a depthwise convolution, then one of one place."""
    layer = one.layer
    between = _by_channel(one, np.asarray(layer.depthwise_kernel))
    points = np.moveaxis(np.asarray(layer.pointwise_kernel), [-1, -2], [0, 1])
    return _finished(one, one.add("Conv", between, one.constant(points)))


def pooled(operation: str) -> Callable[[Written], str]:
    """Max and average pooling."""

    def write(one: Written) -> str:
        layer = one.layer
        rank = len(layer.pool_size)
        # Keras averages over real places only, as ONNX does by itself.
        attributes = {
            "kernel_shape": list(layer.pool_size),
            "strides": list(layer.strides),
            **_padding(one, layer.padding, layer.pool_size, layer.strides, (1,) * rank),
        }
        return _last(one, one.add(operation, _first(one), **attributes))

    return write


def pooled_globally(operation: str) -> Callable[[Written], str]:
    """Global max and average pooling."""

    def write(one: Written) -> str:
        axes = _places(one)
        return one.add(operation, one.x, axes=axes, keepdims=int(one.layer.keepdims))

    return write


def _by_channel(one: Written, kernel: np.ndarray) -> str:
    """A convolution of each channel with kernels (…, channels, multiplier) of its own."""
    channels, multiplier = kernel.shape[-2:]
    weights = np.moveaxis(kernel, [-2, -1], [0, 1])
    weights = weights.reshape(channels * multiplier, 1, *kernel.shape[:-2])
    return _convolved(one, weights, channels)


def _convolved(one: Written, weights: np.ndarray, groups: int) -> str:
    layer = one.layer
    size, rate = weights.shape[2:], tuple(layer.dilation_rate)
    attributes = {
        "kernel_shape": list(size),
        "strides": list(layer.strides),
        "dilations": list(rate),
        "group": groups,
        **_padding(one, layer.padding, size, layer.strides, rate),
    }
    return one.add("Conv", _first(one), one.constant(weights), **attributes)


def _finished(one: Written, x: str) -> str:
    """Bias and activation, in Keras' order of axes."""
    layer, rank = one.layer, len(one.shapes[0])
    if layer.use_bias:
        bias = np.asarray(layer.bias).reshape(-1, *(1,) * (rank - 2))
        x = one.add("Add", x, one.constant(bias))
    return activated(one.graph, _last(one, x), layer.activation, layer.name)


def _padding(
    one: Written, padding: str, size: Any, strides: Any, rate: Any
) -> dict[str, list[int]]:
    """ONNX' `pads` for Keras' word; "same" puts the odd place at the end, as Keras does."""
    reach = [(k - 1) * d for k, d in zip(size, rate, strict=True)]
    if padding == "valid":
        return {}
    if padding == "causal":
        return {"pads": [*reach, *(0 for _ in reach)]}
    lengths = [one.shapes[0][axis] for axis in _places(one)]
    before, after = [], []
    for length, far, stride in zip(lengths, reach, strides, strict=True):
        if length is None:
            raise one.refuse('padding="same" wants a fixed size of the input.')
        total = max((-(-length // stride) - 1) * stride + far + 1 - length, 0)
        before.append(total // 2)
        after.append(total - total // 2)
    return {"pads": [*before, *after]}


def _places(one: Written) -> list[int]:
    """The axes of the input that are neither rows nor channels."""
    rank = len(one.shapes[0])
    return list(range(2, rank)) if _has_channels_first(one) else list(range(1, rank - 1))


def _has_channels_first(one: Written) -> bool:
    return getattr(one.layer, "data_format", None) == "channels_first"


def _first(one: Written) -> str:
    rank = len(one.shapes[0])
    if _has_channels_first(one):
        return one.x
    return one.graph.transposed(one.x, [0, rank - 1, *range(1, rank - 1)])


def _last(one: Written, x: str) -> str:
    rank = len(one.shapes[0])
    return x if _has_channels_first(one) else one.graph.transposed(x, [0, *range(2, rank), 1])
