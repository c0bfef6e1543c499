"""Read the graph of a Keras model, and rebuild it with layers put in between.

Only public parts of Keras are used: `clone_model` with a `call_function`, which
sees every layer call of a Functional model as it happens.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from justright.errors import ModelError

_LONGEST = 160  # Keras quotes whole configurations in its errors.
_PROBE = keras.Input((1,))
_FUNCTIONAL = type(keras.Model(_PROBE, _PROBE))

LayerFactory = Callable[[], Sequence[keras.layers.Layer]]


@dataclass(frozen=True)
class Call:
    """One call of a layer: the tensors in and out by identity, and how many axes come out."""

    layer: keras.layers.Layer
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    rank: int


@dataclass(frozen=True)
class Edits:
    """What to change while rebuilding. Layers are named as in the original.

    Attributes:
        at_input: layers after every input tensor.
        before_activation: layers between a layer's linear part and its own activation.
        after: layers after a layer's output.
        drop: layers to leave out; their input takes the place of their output.
        replace: makes the new layer from the old one instead of copying it.
    """

    at_input: LayerFactory = tuple
    before_activation: Mapping[str, LayerFactory] = field(default_factory=dict)
    after: Mapping[str, LayerFactory] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()
    replace: Callable[[keras.layers.Layer], keras.layers.Layer] | None = None


def functional(model: object, input_shape: tuple[int, ...]) -> keras.Model:
    """A fresh Functional copy of a Sequential or Functional model, built, nested models unpacked.

    Args:
        model: the user's model; it is not touched.
        input_shape: the shape of one row, to build a Sequential model that is not.

    Raises:
        ModelError: not a Sequential or Functional model, several inputs or
            outputs, an input shape that does not fit, or a layer that cannot be
            rebuilt from its configuration.
    """
    if not isinstance(model, keras.Model) or not _has_graph(model):
        raise ModelError(_not_a_graph(model))
    if not model.layers:
        raise ModelError(f"The model {model.name!r} has no layers. Add a Dense layer.")
    try:
        copy = _copy(model)
        if not copy.built:
            copy.build((None, *input_shape))
        _check_one_in_one_out(copy)
        copy = _unpack(keras.Model(copy.inputs[0], copy.outputs[0], name=model.name))
    except ModelError:
        raise
    except Exception as error:
        if "should be unique" in str(error) or "times in the model" in str(error):
            raise ModelError(
                f"Two layers inside the model {model.name!r} bear the same name. Give the layers "
                "of nested models names of their own."
            ) from error
        raise ModelError(
            f"The model {model.name!r} cannot be rebuilt from its layers' configurations: "
            f"{_first_line(error)} Give layers of your own a get_config that returns all their "
            f"arguments, and check that the model takes rows of shape {input_shape}."
        ) from error
    expected = tuple(copy.inputs[0].shape[1:])
    fits = len(expected) == len(input_shape) and all(
        e is None or e == g for e, g in zip(expected, input_shape, strict=True)
    )
    if not fits:
        raise ModelError(
            f"The model {model.name!r} takes rows of shape {_shape(expected)}, and X has rows of "
            f"shape {_shape(input_shape)}. Change the model's Input or reshape X."
        )
    taken = {layer.name for layer in copy.layers}
    name = "input" if "input" not in taken else free_name("model_input", taken)
    entry = keras.Input(expected, dtype=copy.inputs[0].dtype, name=name)
    return keras.models.clone_model(copy, clone_function=copy_layer, input_tensors=entry)


def free_name(wanted: str, taken: Container[str]) -> str:
    """`wanted`, or a name like it that is not taken."""
    while wanted in taken:
        wanted += "_"
    return wanted


def _check_one_in_one_out(model: keras.Model) -> None:
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            f"The model {model.name!r} has {len(model.inputs)} inputs and {len(model.outputs)} "
            "outputs; justright trains models with one of each. Join them with a "
            "Concatenate layer, or train on one of them."
        )


def rebuild(model: keras.Model, edits: Edits) -> keras.Model:
    """Copy a Functional model layer by layer, with fresh weights and the edits made."""
    split = {name for name in edits.before_activation if has_activation(model.get_layer(name))}

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        new = edits.replace(layer) if edits.replace else copy_layer(layer)
        if layer.name in split:
            config = new.get_config() | {"activation": "linear"}
            new = type(new).from_config(config)
        return new

    names = {layer.name for layer in model.layers}
    inserted: dict[str, Sequence[keras.layers.Layer]] = {}

    def insert(where: str, factory: LayerFactory, tensor: Any) -> Any:
        # A layer that is called twice shares its weights, and so must what follows it.
        if where not in inserted:
            inserted[where] = tuple(factory())
        for layer in inserted[where]:
            tensor = layer(tensor)
        return tensor

    def call(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = keras.tree.map_structure(at_input, (args, kwargs))
        if layer.name in edits.drop:
            return args[0]
        out = layer(*args, **kwargs)
        if layer.name in edits.before_activation:
            out = insert(f"{layer.name}:linear", edits.before_activation[layer.name], out)
        if layer.name in split:
            original = model.get_layer(layer.name).activation
            name = free_name(f"{layer.name}_activation", names)
            out = insert(name, lambda: [keras.layers.Activation(original, name=name)], out)
        if layer.name in edits.after:
            out = insert(f"{layer.name}:output", edits.after[layer.name], out)
        return out

    input_names = {t.name for t in model.inputs}
    at_inputs: dict[int, Any] = {}

    def at_input(value: Any) -> Any:
        if not isinstance(value, keras.KerasTensor) or value.name not in input_names:
            return value
        if id(value) not in at_inputs:
            at_inputs[id(value)] = insert("input", edits.at_input, value)
        return at_inputs[id(value)]

    return keras.models.clone_model(model, clone_function=clone, call_function=call)


def copy_layer(layer: keras.layers.Layer, **changes: Any) -> keras.layers.Layer:
    """A fresh layer of the same configuration, but for the changes.

    An adapted `Normalization` keeps its mean and variance, which its configuration lacks.
    """
    config = layer.get_config()
    adapted = isinstance(layer, keras.layers.Normalization) and layer.input_mean is None
    if adapted and layer.built:
        for name in ("mean", "variance"):
            config[name] = np.asarray(getattr(layer, f"adapt_{name}")).tolist()
    return type(layer).from_config(config | changes)


def _copy(layer: keras.layers.Layer) -> keras.layers.Layer:
    """A fresh layer or model, inner layers copied as `copy_layer` does."""
    if _has_graph(layer):
        return keras.models.clone_model(layer, clone_function=_copy)
    return copy_layer(layer)


def inner_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """The layers of a model, those of nested models in their place."""
    for layer in model.layers:
        if _has_graph(layer):
            yield from inner_layers(layer)
        else:
            yield layer


def has_activation(layer: keras.layers.Layer) -> bool:
    """Whether a layer applies a non-linear activation of its own."""
    activation = getattr(layer, "activation", None)
    return callable(activation) and activation is not keras.activations.linear


def calls_of(model: keras.Model) -> tuple[list[Call], int]:
    """The layer calls of a Functional model in order, and the output tensor's identity."""
    calls: list[Call] = []
    kept: list[Any] = []  # An identity holds only as long as its tensor lives.

    def record(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        out = layer(*args, **kwargs)
        rank = len(keras.tree.flatten(out)[0].shape)
        calls.append(Call(layer, _tensors((args, kwargs), kept), _tensors(out, kept), rank))
        return out

    copy = keras.models.clone_model(model, clone_function=copy_layer, call_function=record)
    kept.append(copy)
    return calls, id(copy.outputs[0])


def _unpack(model: keras.Model) -> keras.Model:
    """Replace nested models by their layers, as deep as they go."""

    def call(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        # `call` runs through the inner graph, so each inner layer joins the outer one.
        return layer.call(*args, **kwargs) if _has_graph(layer) else layer(*args, **kwargs)

    while any(_has_graph(layer) for layer in model.layers):
        model = keras.models.clone_model(model, clone_function=_copy, call_function=call)
    return model


def _has_graph(layer: object) -> bool:
    # `keras.Model(inputs, outputs)` makes a Functional model, a class that Keras
    # does not export; such a model, and a Sequential, are the ones with a known graph.
    return isinstance(layer, keras.Sequential | _FUNCTIONAL)


def _tensors(tree: Any, kept: list[Any]) -> tuple[int, ...]:
    leaves = [t for t in keras.tree.flatten(tree) if isinstance(t, keras.KerasTensor)]
    kept += leaves
    return tuple(map(id, leaves))


def _not_a_graph(model: object) -> str:
    if isinstance(model, type) and issubclass(model, keras.Model):
        return f"{model.__name__} is a class. Pass a model made from it."
    kind = type(model).__name__
    if isinstance(model, keras.Model):
        return (
            f"The model is a {kind}, a subclass of keras.Model whose layers cannot be seen. Build "
            "it as keras.Sequential([...]) or as keras.Model(inputs, outputs)."
        )
    return (
        f"The model is a {kind}, not a Keras model. Pass a keras.Sequential or a functional "
        "keras.Model, or None for the default network."
    )


def _first_line(error: Exception) -> str:
    text = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    return f"{text}." if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _shape(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("any" if s is None else str(s) for s in shape) + ")"
