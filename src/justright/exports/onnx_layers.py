"""Keras' layers, and the operations that stand in graphs of ours, in operations of ONNX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from justright.exports.onnx_activations import activated
from justright.exports.onnx_convolution import (
    convolution,
    depthwise,
    pooled,
    pooled_globally,
    separable,
)
from justright.exports.onnx_operation import Writer, Written


def _dense(one: Written) -> str:
    layer = one.layer
    x = one.add("MatMul", one.x, one.constant(np.asarray(layer.kernel)))
    if layer.use_bias:
        x = one.add("Add", x, one.constant(np.asarray(layer.bias)))
    return activated(one.graph, x, layer.activation, layer.name)


def _activation(one: Written) -> str:
    return activated(one.graph, one.x, one.layer.activation, one.layer.name)


def _relu(one: Written) -> str:
    layer = one.layer
    if layer.threshold or (layer.negative_slope and layer.max_value is not None):
        raise one.refuse("a threshold, or a slope beside a largest value, is not written.")
    if layer.negative_slope:
        return one.add("LeakyRelu", one.x, alpha=float(layer.negative_slope))
    if layer.max_value is None:
        return one.add("Relu", one.x)
    return one.add("Clip", one.x, one.constant(0.0), one.constant(layer.max_value))


def _prelu(one: Written) -> str:
    return one.add("PRelu", one.x, one.constant(np.asarray(one.layer.alpha)))


def _softmax(one: Written) -> str:
    if not isinstance(one.layer.axis, int):
        raise one.refuse("softmax is written over one axis.")
    return one.add("Softmax", one.x, axis=one.layer.axis)


def _batch_norm(one: Written) -> str:
    """Scale and shift by the running statistics, which are constants by now."""
    layer, rank = one.layer, len(one.shapes[0])
    mean, variance = np.asarray(layer.moving_mean), np.asarray(layer.moving_variance)
    scale = (np.asarray(layer.gamma) if layer.scale else 1.0) / np.sqrt(variance + layer.epsilon)
    shift = (np.asarray(layer.beta) if layer.center else 0.0) - mean * scale
    shape = [1] * rank
    shape[layer.axis] = -1
    scaled = one.add("Mul", one.x, one.constant(scale.reshape(shape)))
    return one.add("Add", scaled, one.constant(shift.reshape(shape)))


def _layer_norm(one: Written) -> str:
    layer, rank = one.layer, len(one.shapes[0])
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    if [axis % rank for axis in axes] != [rank - 1] or getattr(layer, "rms_scaling", False):
        raise one.refuse("layer normalization is written over the last axis, by mean and variance.")
    units = int(one.shapes[0][-1] or 0)
    gamma = np.asarray(layer.gamma) if layer.scale else np.ones(units)
    beta = np.asarray(layer.beta) if layer.center else np.zeros(units)
    constants = one.constant(gamma), one.constant(beta)
    return one.add("LayerNormalization", one.x, *constants, axis=-1, epsilon=float(layer.epsilon))


def _normalization(one: Written) -> str:
    layer = one.layer
    if layer.invert:
        raise one.refuse("the way back (invert=True) is not written.")
    mean, variance = np.asarray(layer.mean), np.asarray(layer.variance)
    centered = one.add("Sub", one.x, one.constant(mean))
    return one.add("Div", centered, one.constant(np.maximum(np.sqrt(variance), 1e-7)))


def _rescaling(one: Written) -> str:
    scaled = one.add("Mul", one.x, one.constant(one.layer.scale))
    return one.add("Add", scaled, one.constant(one.layer.offset))


def _embedding(one: Written) -> str:
    if one.layer.mask_zero:
        raise one.refuse("a mask (mask_zero=True) is not written.")
    numbers = one.add("Cast", one.x, to=7)  # int64
    return one.add("Gather", one.constant(np.asarray(one.layer.embeddings)), numbers, axis=0)


def _flatten(one: Written) -> str:
    x, rank = one.x, len(one.shapes[0])
    if one.layer.data_format == "channels_first" and rank > 2:
        x = one.graph.transposed(x, [0, *range(2, rank), 1])
    return one.add("Reshape", x, one.graph.whole(0, -1))


def _reshape(one: Written) -> str:
    return one.add("Reshape", one.x, one.graph.whole(0, *one.layer.target_shape))


def _permute(one: Written) -> str:
    return one.graph.transposed(one.x, [0, *one.layer.dims])


def _zero_padding(one: Written) -> str:
    layer = one.layer
    if getattr(layer, "data_format", None) == "channels_first":
        raise one.refuse("it is written for channels last.")
    sides = [layer.padding] if isinstance(layer.padding[0], int) else layer.padding
    before, after = zip(*sides, strict=True)
    return one.add("Pad", one.x, one.graph.whole(0, *before, 0, 0, *after, 0))


def _all(operation: str) -> Writer:
    return lambda one: one.add(operation, *one.inputs)


def _concatenate(one: Written) -> str:
    return one.add("Concat", *one.inputs, axis=one.layer.axis)


def _as_it_is(one: Written) -> str:
    return one.x


def _operands(operation: str) -> Writer:
    """An operation of two, or more, any of which may be a number."""

    def write(one: Written) -> str:
        tensors = iter(one.inputs)
        names = [
            one.constant(value) if isinstance(value, int | float) else next(tensors)
            for value in keras.tree.flatten((one.args, one.kwargs))
        ]
        result = names[0]
        for other in names[1:]:
            result = one.add(operation, result, other)
        return result

    return write


def _stack(one: Written) -> str:
    axis = one.graph.whole(one.layer.axis)
    apart = [one.add("Unsqueeze", name, axis) for name in one.inputs]
    return one.add("Concat", *apart, axis=one.layer.axis)


def _log_sum_exp(one: Written) -> str:
    axes = [one.layer.axis] if isinstance(one.layer.axis, int) else list(one.layer.axis)
    return one.add("ReduceLogSumExp", one.x, axes=axes, keepdims=int(one.layer.keepdims))


def _log_sigmoid(one: Written) -> str:
    return one.add("Neg", one.add("Softplus", one.add("Neg", one.x)))


def _leaky(operation: str, attribute: str) -> Writer:
    def write(one: Written) -> str:
        return one.add(operation, one.x, alpha=float(getattr(one.layer, attribute)))

    return write


def _with_axis(operation: str) -> Callable[[Written], str]:
    def write(one: Written) -> str:
        axis: Any = one.layer.axis
        return one.add(operation, one.x, axis=axis)

    return write


_RESTING = (
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "GaussianDropout",
    "GaussianNoise",
    "AlphaDropout",
    "ActivityRegularization",
    "Identity",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "Cast",  # Everything is float32.
)

LAYERS: dict[str, Writer] = {
    "Dense": _dense,
    "Conv1D": convolution,
    "Conv2D": convolution,
    "Conv3D": convolution,
    "DepthwiseConv1D": depthwise,
    "DepthwiseConv2D": depthwise,
    "SeparableConv1D": separable,
    "SeparableConv2D": separable,
    **{f"MaxPooling{n}D": pooled("MaxPool") for n in (1, 2, 3)},
    **{f"AveragePooling{n}D": pooled("AveragePool") for n in (1, 2, 3)},
    **{f"GlobalMaxPooling{n}D": pooled_globally("ReduceMax") for n in (1, 2, 3)},
    **{f"GlobalAveragePooling{n}D": pooled_globally("ReduceMean") for n in (1, 2, 3)},
    "Activation": _activation,
    "ReLU": _relu,
    "LeakyReLU": _leaky("LeakyRelu", "negative_slope"),
    "ELU": _leaky("Elu", "alpha"),
    "PReLU": _prelu,
    "Softmax": _softmax,
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "Normalization": _normalization,
    "Rescaling": _rescaling,
    "Embedding": _embedding,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "ZeroPadding1D": _zero_padding,
    "ZeroPadding2D": _zero_padding,
    "ZeroPadding3D": _zero_padding,
    "Add": _operands("Add"),
    "Subtract": _operands("Sub"),
    "Multiply": _operands("Mul"),
    "Average": _all("Mean"),
    "Maximum": _all("Max"),
    "Minimum": _all("Min"),
    "Concatenate": _concatenate,
    "Stack": _stack,
    "Logsumexp": _log_sum_exp,
    "LogSoftmax": _with_axis("LogSoftmax"),
    "LogSigmoid": _log_sigmoid,
    "Negative": lambda one: one.add("Neg", one.x),
    "Sigmoid": lambda one: one.add("Sigmoid", one.x),
    **dict.fromkeys(_RESTING, _as_it_is),
}
"""By the name of Keras' layer or operation."""
