"""The user's network, read once: what the networks of all recipes are built from."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras

from justright.network.anatomy import Anatomy, anatomy_of
from justright.network.registered import registered_in
from justright.network.surgery import functional
from justright.network.weights import Arrays, assign, fresh_values, values_of


@dataclass(frozen=True)
class Blueprint:
    """The user's network, copied and read once: what all recipes start from.

    Attributes:
        model: a Functional copy; its weights are never trained.
        anatomy: which layers are hidden, and so on.
        own_values: the values of the user's model's variables, or None if it is not built.
        sequential: whether the user's model is a Sequential one.
    """

    model: keras.Model
    anatomy: Anatomy
    own_values: Arrays | None
    sequential: bool

    @classmethod
    def of(cls, model: object, input_shape: tuple[int, ...]) -> Blueprint:
        """Read a Sequential or Functional model that takes rows of `input_shape`.

        Raises:
            ModelError: a model that cannot be read, or does not fit.
        """
        copy = functional(model, input_shape)
        own: Arrays | None = None
        if isinstance(model, keras.Model) and model.built and model.weights:
            own = values_of(model)
            assign(copy, own)
        return cls(copy, anatomy_of(copy), own, isinstance(model, keras.Sequential))

    @property
    def names(self) -> tuple[str, ...]:
        """The layers' names."""
        return tuple(layer.name for layer in self.model.layers)

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """Equal for networks that can share a compiled program: classes and configuration.

        Names that Keras has numbered, as `dense_7`, do not count: building the same network
        again numbers its layers on.
        """
        kinds = tuple(type(layer) for layer in self.model.layers)
        config = self.model.get_config()
        config.pop("name")
        text = json.dumps(config, sort_keys=True, default=repr)
        for i, layer in enumerate(self.model.layers):
            if re.fullmatch(rf"{_snake(type(layer).__name__)}(_\d+)?", layer.name):
                text = text.replace(f'"{layer.name}"', f'"layer {i}"')
        # Unpacking a nested model leaves conversions that Keras numbers anew in each copy.
        text = re.sub(r"convert_to_tensor_\d+", "convert_to_tensor", text)
        return kinds, text, registered_in(text)

    def initial_values(self, seed: int) -> Arrays:
        """Initial values of all variables for a seed, the same for every recipe.

        Frozen layers of a built model keep their values: drawing them anew would leave them
        at random for good.
        """
        values = fresh_values(self.model, seed)
        frozen = {layer.name for layer in self.model.layers if not layer.trainable}
        for path, value in (self.own_values or {}).items():
            if path.split("/")[0] in frozen and path in values:
                values[path] = value
        return values


def _snake(name: str) -> str:
    """A class name as Keras makes a layer's name of it."""
    words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
