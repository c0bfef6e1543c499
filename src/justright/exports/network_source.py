"""A Keras model as the body of a function that builds it."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from typing import Any

import keras

from justright.errors import ModelError
from justright.exports.layer_source import source_of
from justright.exports.source import Bracketed, Source, call, listed, literal, rendered


def network_source(model: keras.Model, at_input: Sequence[Source]) -> str:
    """The lines that build a model and return it, indented by one step.

    Args:
        model: of standard Keras layers.
        at_input: layers between the input and the first of them.

    Raises:
        ModelError: a layer that is not Keras' own, or a call with more than tensors.
    """
    given = model.inputs[0]
    dtype = {} if given.dtype == "float32" else {"dtype": literal(given.dtype)}
    entry = call("keras.Input", literal(tuple(given.shape[1:])), **dtype)
    if isinstance(model, keras.Sequential):
        layers = [entry, *at_input, *(source_of(layer) for layer in model.layers)]
        return rendered(call("keras.Sequential", listed(layers)), "return ", "", 1)
    return "\n".join(_Calls(model, entry, at_input).lines)


class _Calls:
    """The calls of a Functional model, a line each."""

    def __init__(self, model: keras.Model, entry: Source, at_input: Sequence[Source]) -> None:
        self.lines = [rendered(entry, "inputs = ", "", 1)]
        self._names: dict[int, str] = {}
        self._kept: list[Any] = []
        self._taken = {"inputs", "keras", "np"}
        self._layers: dict[str, str] = {}
        before = "inputs"
        for layer in at_input:
            self.lines.append(self._call(layer, before, "x"))
            before = "x"
        self._entry = "x" if at_input else "inputs"
        fresh = keras.Input(batch_shape=model.inputs[0].shape, dtype=model.inputs[0].dtype)
        self._names[id(fresh)] = self._entry
        copy = keras.models.clone_model(
            keras.Model(model.inputs, model.outputs),
            input_tensors=[fresh],
            clone_function=lambda layer: layer,
            call_function=self._record,
        )
        self._kept.append(copy)
        self.lines.append(f"    return keras.Model(inputs, {self._names[id(copy.outputs[0])]})")

    def _record(self, layer: Any, *args: Any, **kwargs: Any) -> Any:
        out = layer(*args, **kwargs)
        if isinstance(layer, keras.layers.InputLayer):
            return out
        # Keras notes down that noise rests by default; that it never rests would be the user's.
        kwargs = {
            k: v for k, v in kwargs.items() if v is not None and (k, v) != ("training", False)
        }
        tensors = keras.tree.flatten((args, kwargs))
        plain = not kwargs and all(isinstance(t, keras.KerasTensor) for t in tensors)
        if not isinstance(layer, keras.layers.Layer) or not plain or layer.name in self._layers:
            raise ModelError(
                f"{type(layer).__name__} ({layer.name!r}) is called in a way that a script is not "
                "written for: with more than tensors, twice, or as an operation of keras.ops."
            )
        name = self._free(layer.name)
        self._layers[layer.name] = name
        given: Source = listed([self._names[id(t)] for t in tensors])
        if len(tensors) == 1 and not isinstance(args[0], list | tuple):
            given = self._names[id(tensors[0])]
        elif len(args) > 1:
            raise ModelError(
                f"{type(layer).__name__} ({layer.name!r}) takes several tensors apart, which a "
                "script is not written for."
            )
        self.lines.append(self._call(source_of(layer), given, name))
        self._names[id(out)] = name
        self._kept.append(out)
        return out

    def _free(self, wanted: str) -> str:
        """A variable's name like the layer's."""
        name = "".join(c if c.isascii() and c.isalnum() else "_" for c in wanted).lower()
        if not name.isidentifier() or keyword.iskeyword(name):
            name = f"x_{name}"
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    @staticmethod
    def _call(layer: Source, given: Source, name: str) -> str:
        """A line that calls a layer: its arguments may need several, the tensors never do."""
        tensors = rendered(given)
        if isinstance(layer, Bracketed):
            return rendered(layer, f"{name} = ", f"({tensors})", 1)
        return f"    {name} = {layer}({tensors})"
