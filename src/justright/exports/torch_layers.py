"""A chain of Keras layers as modules of PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras

from justright.errors import ModelError, RecipeError
from justright.exports.source import Source, call, literal
from justright.exports.torch_classes import (
    DROP_CONNECT,
    GAUSSIAN_DROPOUT,
    NOISE,
    NOISY,
)
from justright.exports.training import Training
from justright.network.surgery import calls_of
from justright.regularizers import DropConnect, WeightNoise
from justright.regularizers.dropout import WHERE
from justright.regularizers.l2 import EVERYWHERE
from justright.regularizers.strength import Strength, strength_at

DENSE, CONVOLUTION, SEQUENCE = "nn.Linear", "nn.Conv2d", "nn.Conv1d"
_KERNELS = {"Dense": DENSE, "Conv1D": SEQUENCE, "Conv2D": CONVOLUTION}
_ACTIVATIONS = {
    "relu": "nn.ReLU",
    "relu6": "nn.ReLU6",
    "elu": "nn.ELU",
    "selu": "nn.SELU",
    "gelu": "nn.GELU",
    "silu": "nn.SiLU",
    "mish": "nn.Mish",
    "tanh": "nn.Tanh",
    "sigmoid": "nn.Sigmoid",
    "softplus": "nn.Softplus",
    "softsign": "nn.Softsign",
}
_INITIALIZERS = {
    "GlorotUniform": "nn.init.xavier_uniform_",
    "GlorotNormal": "nn.init.xavier_normal_",
    "HeUniform": 'nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")',
    "HeNormal": 'nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")',
}


@dataclass
class Modules:
    """A network in PyTorch.

    Attributes:
        modules: in order.
        definitions: classes that PyTorch lacks, by name.
        kernels: the Keras layers with kernels, in order.
        channels_moved: whether channels go from last to first before the first module.
        logits: whether the last activation is left to the loss.
    """

    modules: list[Source] = field(default_factory=list)
    definitions: dict[str, str] = field(default_factory=dict)
    kernels: list[Any] = field(default_factory=list)
    channels_moved: bool = False
    logits: bool = False

    @property
    def kinds(self) -> list[str]:
        """The classes of PyTorch that have kernels."""
        return sorted({_KERNELS[type(layer).__name__] for layer in self.kernels}, reverse=True)


def torch_modules(training: Training) -> Modules:
    """The modules of a training's network.

    Raises:
        ModelError: a network that is no chain, or a layer that is not written.
        RecipeError: weights that drop out where that is not written.
    """
    chain = _chain(training.model)
    made = Modules(logits=training.objective.from_logits)
    made.channels_moved = any(type(x).__name__.startswith("Conv") for x in chain)
    for i, layer in enumerate(chain):
        last = i == len(chain) - 1
        strip = last and training.loss in ("binary", "categorical", "sparse") and not made.logits
        _check_plain(layer)
        kind = type(layer).__name__
        if kind in _KERNELS:
            made.kernels.append(layer)
            made.modules.append(_with_kernel(training, layer, made))
        elif kind in _WRITERS:
            made.modules += _WRITERS[kind](layer, made)
        elif kind not in ("Activation", "InputLayer"):
            raise _unwritten(layer)
        if kind in _KERNELS or kind == "Activation":
            made.modules += [] if strip else _activation(layer)
        elif strip:
            raise _unwritten(layer)
        made.logits = made.logits or strip
    return made


def initial(kernels: list[Any]) -> str:
    """The line that draws a layer's kernel as Keras does.

    Raises:
        ModelError: initializers that differ by layer, or others than Glorot's and He's.
    """
    names = {type(layer.kernel_initializer).__name__ for layer in kernels}
    zeros = all(type(x.bias_initializer).__name__ == "Zeros" for x in kernels if x.use_bias)
    name = names.pop()
    if names or name not in _INITIALIZERS or not zeros:
        raise ModelError(
            "Scripts for PyTorch are written for layers that all start from one of "
            f"{', '.join(_INITIALIZERS)}, and from biases of 0."
        )
    line = _INITIALIZERS[name]
    return line if "(" in line else f"{line}(layer.weight)"


def _chain(model: keras.Model) -> list[Any]:
    if isinstance(model, keras.Sequential):
        return list(model.layers)
    calls, output = calls_of(model)
    calls = [c for c in calls if not isinstance(c.layer, keras.layers.InputLayer)]
    tensor: int | None = None
    for one in calls:
        if len(one.inputs) != 1 or (tensor is not None and one.inputs[0] != tensor):
            break
        tensor = one.outputs[0]
    names = [c.layer.name for c in calls]
    if tensor != output or len(set(names)) < len(names):
        raise ModelError(
            "A script for PyTorch is written for a chain of layers, and this network has branches. "
            'framework="keras" writes it.'
        )
    return [model.get_layer(name) for name in names]


def _check_plain(layer: Any) -> None:
    for what in ("bias_regularizer", "activity_regularizer", "bias_constraint"):
        if getattr(layer, what, None) is not None:
            raise ModelError(
                f"The layer {layer.name!r} has a {what}, which is not written for PyTorch. "
                'framework="keras" writes it.'
            )
    if layer.compute_dtype != "float32":
        raise ModelError(f"The layer {layer.name!r} computes in {layer.compute_dtype}.")


def _unwritten(layer: Any) -> ModelError:
    known = sorted([*_KERNELS, *_WRITERS, "Activation"])
    return ModelError(
        f"{type(layer).__name__} ({layer.name!r}) is not written for PyTorch as it stands here. "
        f'Layers that are: {", ".join(known)}. framework="keras" writes others.'
    )


def _with_kernel(training: Training, layer: Any, made: Modules) -> Source:
    kind = _KERNELS[type(layer).__name__]
    inputs = literal(int(layer.input.shape[-1]))
    bias: dict[str, Source] = {} if layer.use_bias else {"bias": "False"}
    noisy = _noisy(training, layer)
    if kind == DENSE:
        if len(layer.input.shape) != 2:
            raise _unwritten(layer)
        if noisy:
            if not layer.use_bias:
                raise _unwritten(layer)
            name, definition, amount = noisy
            made.definitions[name] = definition
            return call(name, inputs, literal(layer.units), literal(amount))
        return call(kind, inputs, literal(layer.units), **bias)
    strided = max(layer.strides) > 1
    written = layer.padding == "valid" or (layer.padding == "same" and not strided)
    if noisy or not written or layer.data_format != "channels_last":
        raise _unwritten(layer)
    named: dict[str, Source] = {}
    for key, value in (("stride", layer.strides), ("dilation", layer.dilation_rate)):
        if max(value) > 1:
            named[key] = _size(value)
    if layer.padding == "same":
        named["padding"] = literal("same")
    if layer.groups > 1:
        named["groups"] = literal(layer.groups)
    size = _size(layer.kernel_size)
    return call(kind, inputs, literal(layer.filters), size, **named, **bias)


def _size(value: Any) -> Source:
    numbers = tuple(int(v) for v in value)
    return literal(numbers[0] if len(set(numbers)) == 1 else numbers)


def _noisy(training: Training, layer: Any) -> tuple[str, str, float] | None:
    """The class that a layer with noise on its weights is of, and how strong that is."""
    found = []
    drop, noise = training.find(DropConnect), training.find(WeightNoise)

    def at(strength: Strength, where: Any) -> float:
        position = training.anatomy.position(layer.name)
        return strength_at(strength, layer.name, position, where) or 0.0

    if drop and at(drop.rate, WHERE):
        if drop.per_example:
            raise RecipeError("DropConnect(per_example=True) is not written for PyTorch.")
        found.append(("DropConnect", DROP_CONNECT, at(drop.rate, WHERE)))
    if noise and at(noise.stddev, EVERYWHERE):
        found.append(("NoisyLinear", NOISY, at(noise.stddev, EVERYWHERE)))
    if len(found) > 1:
        raise RecipeError("DropConnect and WeightNoise on one layer are not written for PyTorch.")
    return found[0] if found else None


def _activation(layer: Any) -> list[Source]:
    function = layer.activation
    name = getattr(function, "__name__", "")
    if function is keras.activations.linear:
        return []
    if name == "leaky_relu":
        return [call("nn.LeakyReLU", "0.2")]
    if name not in _ACTIVATIONS or getattr(keras.activations, name, None) is not function:
        raise _unwritten(layer)
    return [call(_ACTIVATIONS[name])]


def _rate(name: str) -> Callable[[Any, Modules], list[Source]]:
    return lambda layer, _: [call(name, literal(float(layer.rate)))]


def _defined(name: str, definition: str, attribute: str) -> Callable[[Any, Modules], list[Source]]:
    def write(layer: Any, made: Modules) -> list[Source]:
        made.definitions[name] = definition
        return [call(name, literal(float(getattr(layer, attribute))))]

    return write


def _batch_norm(layer: Any, _: Modules) -> list[Source]:
    rank = len(layer.input.shape)
    if not (layer.scale and layer.center) or layer.axis not in (-1, rank - 1):
        raise _unwritten(layer)
    # PyTorch counts the momentum of what is new, Keras that of what is old.
    named = {
        "eps": literal(float(layer.epsilon)),
        "momentum": literal(round(1 - layer.momentum, 12)),
    }
    kind = "BatchNorm2d" if rank == 4 else "BatchNorm1d"
    return [call(f"nn.{kind}", literal(int(layer.input.shape[-1])), **named)]


def _layer_norm(layer: Any, _: Modules) -> list[Source]:
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    if len(layer.input.shape) != 2 or len(axes) > 1 or not (layer.scale and layer.center):
        raise _unwritten(layer)
    units = literal(int(layer.input.shape[-1]))
    return [call("nn.LayerNorm", units, eps=literal(float(layer.epsilon)))]


def _relu(layer: Any, _: Modules) -> list[Source]:
    if layer.threshold or layer.negative_slope or layer.max_value is not None:
        raise _unwritten(layer)
    return [call("nn.ReLU")]


def _pooling(name: str) -> Callable[[Any, Modules], list[Source]]:
    def write(layer: Any, _: Modules) -> list[Source]:
        if layer.padding != "valid" or layer.data_format != "channels_last":
            raise _unwritten(layer)
        size, strides = _size(layer.pool_size), _size(layer.strides)
        return [call(name, size, **({} if size == strides else {"stride": strides}))]

    return write


def _global(name: str) -> Callable[[Any, Modules], list[Source]]:
    def write(layer: Any, _: Modules) -> list[Source]:
        if layer.keepdims or layer.data_format != "channels_last":
            raise _unwritten(layer)
        return [call(name, "1"), call("nn.Flatten")]

    return write


_WRITERS: dict[str, Callable[[Any, Modules], list[Source]]] = {
    "AlphaDropout": _rate("nn.AlphaDropout"),
    "AveragePooling1D": _pooling("nn.AvgPool1d"),
    "AveragePooling2D": _pooling("nn.AvgPool2d"),
    "BatchNormalization": _batch_norm,
    "Dropout": _rate("nn.Dropout"),
    "Flatten": lambda layer, _: [call("nn.Flatten")],
    "GaussianDropout": _defined("GaussianDropout", GAUSSIAN_DROPOUT, "rate"),
    "GaussianNoise": _defined("GaussianNoise", NOISE, "stddev"),
    "GlobalAveragePooling1D": _global("nn.AdaptiveAvgPool1d"),
    "GlobalAveragePooling2D": _global("nn.AdaptiveAvgPool2d"),
    "GlobalMaxPooling1D": _global("nn.AdaptiveMaxPool1d"),
    "GlobalMaxPooling2D": _global("nn.AdaptiveMaxPool2d"),
    "LayerNormalization": _layer_norm,
    "MaxPooling1D": _pooling("nn.MaxPool1d"),
    "MaxPooling2D": _pooling("nn.MaxPool2d"),
    "ReLU": _relu,
    "SpatialDropout1D": _rate("nn.Dropout1d"),
    "SpatialDropout2D": _rate("nn.Dropout2d"),
}
