"""The anatomy of a network: which layers are hidden, what follows them, what the output is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import keras

from justright.errors import ModelError
from justright.network.surgery import Call, calls_of
from justright.regularizers.location import Site
from justright.regularizers.strength import Position

KERNEL_NAMES = ("kernel", "recurrent_kernel", "depthwise_kernel", "pointwise_kernel")

# Layers that still belong to the layer before them: its site comes after these.
_NORMALIZATIONS = (
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.GroupNormalization,
    keras.layers.UnitNormalization,
)
_ACTIVATIONS = (
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ELU,
)
CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
LINEAR = (
    keras.layers.Dense,
    keras.layers.EinsumDense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
)
"""Layers whose outputs before the activation are linear in one kernel."""
_FEED_FORWARD = (*LINEAR, keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)
# Layers whose kernels have the inputs along the last axis but one.
_INPUTS_BEFORE_OUTPUTS = (
    keras.layers.Dense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
    keras.layers.SimpleRNN,
    keras.layers.GRU,
    keras.layers.LSTM,
)


@dataclass(frozen=True)
class Anatomy:
    """What a network is made of, as far as regularizers care. Layers are named.

    Attributes:
        layers: all layers with kernels, in order.
        positions: hidden or output, for each of them.
        ends: for each hidden layer, the layer after which its activations are complete.
        sites: the input, then one for each hidden layer.
        readers: layers whose kernels' last axis but one counts the network's input features.
        readers_of: for each site, all layers with kernels that its activations reach.
        normalizable: hidden dense and convolutional layers without a normalization after them.
        chains: each hidden layer with the normalizations and activations right behind it, for
            those that a skip connection fits around.
        output_activation: the name of the last activation (`"sigmoid"`, `"linear"`, …).
        output_shape: of one row.
    """

    layers: tuple[str, ...]
    positions: tuple[Position, ...]
    ends: tuple[tuple[str, str], ...]
    sites: tuple[Site, ...]
    readers: tuple[str, ...]
    readers_of: tuple[tuple[str, ...], ...]
    normalizable: tuple[str, ...]
    chains: tuple[tuple[str, ...], ...]
    output_activation: str
    output_shape: tuple[int, ...]

    def position(self, layer: str) -> Position:
        """Hidden or output; layers without kernels count as hidden."""
        if layer in self.layers:
            return self.positions[self.layers.index(layer)]
        return "hidden"

    def read_by(self, layer: str) -> tuple[int, ...]:
        """The indices of the sites whose activations reach a layer first."""
        return tuple(i for i, names in enumerate(self.readers_of) if layer in names)


def anatomy_of(model: keras.Model) -> Anatomy:
    """Read the anatomy of a Functional model.

    Raises:
        ModelError: no layer with a kernel, or an output shape that is not fixed.
    """
    calls, output = calls_of(model)
    weighted = list(dict.fromkeys(c.layer.name for c in calls if has_kernel(c.layer)))
    if not weighted:
        raise ModelError(
            f"The model {model.name!r} has no layer with weights to train. Add a Dense layer."
        )
    outputs = _output_layers(calls, output)
    consumers: dict[int, list[Call]] = {}
    for call in calls:
        for tensor in call.inputs:
            consumers.setdefault(tensor, []).append(call)
    ends: dict[str, str] = {}
    sites = [Site(0, "input", "input", len(model.inputs[0].shape))]
    normalizable: dict[str, None] = {}
    reading = _reached(calls, _given(calls))
    chains: list[tuple[str, ...]] = []
    for call in calls:
        if has_kernel(call.layer) and call.layer.name not in outputs:
            chain = _chain(call, consumers)
            if call.layer.name not in ends:
                first = getattr(call.layer, "data_format", None) == "channels_first"
                sites.append(Site(len(sites), call.layer.name, "hidden", chain[-1].rank, first))
            ends[call.layer.name] = chain[-1].layer.name
            normalized = any(isinstance(c.layer, _NORMALIZATIONS) for c in chain)
            if isinstance(call.layer, _FEED_FORWARD) and not normalized:
                normalizable[call.layer.name] = None
            if call.layer.name not in reading and _can_be_skipped(chain, calls):
                chains.append(tuple(c.layer.name for c in chain))
    readers_of = _readers(calls, ends)
    kinds = {call.layer.name: call.layer for call in calls}
    shape = model.outputs[0].shape[1:]
    if any(length is None for length in shape):
        raise ModelError(f"The output of the model {model.name!r} has no fixed shape: {shape}.")
    return Anatomy(
        layers=tuple(weighted),
        positions=tuple("output" if name in outputs else "hidden" for name in weighted),
        ends=tuple(ends.items()),
        sites=tuple(replace(site, count=len(sites)) for site in sites),
        readers=tuple(n for n in readers_of[0] if isinstance(kinds[n], _INPUTS_BEFORE_OUTPUTS)),
        readers_of=readers_of,
        normalizable=tuple(normalizable),
        chains=tuple(chains),
        output_activation=_output_activation(calls, output),
        output_shape=tuple(shape),
    )


def is_kernel(name: str) -> bool:
    """Whether a variable of this name is a kernel: what penalties act on."""
    return name in KERNEL_NAMES


def has_kernel(layer: object) -> bool:
    """Whether a layer has a kernel."""
    return isinstance(layer, keras.layers.Layer) and any(is_kernel(v.name) for v in layer.weights)


def _output_layers(calls: list[Call], output: int) -> set[str]:
    """Layers with kernels from which a way leads to the output that meets no other such layer."""
    found: set[str] = set()
    wanted = {output}
    for call in reversed(calls):
        if wanted & set(call.outputs):
            if has_kernel(call.layer):
                found.add(call.layer.name)
            else:
                wanted |= set(call.inputs)
    return found


def _readers(calls: list[Call], ends: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """Layers with kernels that each site's activations reach through no other such layer."""
    starts = [_given(calls)]
    for end in ends.values():
        starts.append({t for call in calls if call.layer.name == end for t in call.outputs})
    return tuple(_reached(calls, start) for start in starts)


def _given(calls: list[Call]) -> set[int]:
    """The tensors that no layer makes: the network's inputs."""
    made = {tensor for call in calls for tensor in call.outputs}
    return {tensor for call in calls for tensor in call.inputs} - made


def _reached(calls: list[Call], tensors: set[int]) -> tuple[str, ...]:
    reached, found = set(tensors), dict[str, None]()
    for call in calls:
        if reached & set(call.inputs):
            if has_kernel(call.layer):
                found[call.layer.name] = None
            else:
                reached |= set(call.outputs)
    return tuple(found)


def _can_be_skipped(chain: list[Call], calls: list[Call]) -> bool:
    """Whether the output of a hidden layer has the place of its input, whatever their widths."""
    layer = chain[0].layer
    names = [call.layer.name for call in calls]
    if any(names.count(call.layer.name) > 1 for call in chain):
        return False
    if type(layer) is keras.layers.Dense:
        return True
    if type(layer) not in CONVOLUTIONS:
        return False
    axes = slice(2, None) if layer.data_format == "channels_first" else slice(1, -1)
    sizes = zip(layer.input.shape[axes], layer.output.shape[axes], layer.strides, strict=True)
    padded = layer.padding != "valid"
    return all(padded if i is None else o == -(-i // stride) for i, o, stride in sizes)


def _chain(call: Call, consumers: dict[int, list[Call]]) -> list[Call]:
    """A layer's call and the normalizations and activations right behind it."""
    chain = [call]
    while True:
        following = [c for tensor in chain[-1].outputs[:1] for c in consumers.get(tensor, [])]
        if len(following) != 1 or not isinstance(
            following[0].layer, _NORMALIZATIONS + _ACTIVATIONS
        ):
            return chain
        chain.append(following[0])


def _output_activation(calls: list[Call], output: int) -> str:
    last = next((c.layer for c in calls if output in c.outputs), None)
    if isinstance(last, keras.layers.Softmax):
        return "softmax"
    activation = getattr(last, "activation", None)
    if activation is None:
        # keras.ops.sigmoid(x) and its like stand in the graph as operations.
        return str(getattr(last, "name", "linear")).rsplit("_", 1)[0].lower()
    return str(getattr(activation, "__name__", type(activation).__name__)).lower()
