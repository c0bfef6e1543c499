"""Code of the user's own that workers are told of before they are given what is made of it.

A class that stands in the user's script comes to a worker by its code. That it is a layer which
Keras knows by a name, or a technique that JAX takes apart, is said by a decorator, which does not
run again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import keras

from justright.network.surgery import inner_layers
from justright.regularizers.recipe import Recipe
from justright.regularizers.technique import Technique, as_tree


@dataclass(frozen=True)
class Own:
    """What is not Keras' and not ours.

    Attributes:
        objects: layers, losses and functions by the names that configurations give them.
        kinds: of techniques.
    """

    objects: tuple[tuple[str, Any], ...]
    kinds: tuple[type[Technique], ...]

    @classmethod
    def of(cls, model: keras.Model, recipes: Iterable[Recipe]) -> Own:
        """Of a network, with all that its configuration names, and the recipes of its trainings."""
        layers = (type(layer) for layer in inner_layers(model))
        named = {keras.saving.get_registered_name(kind): kind for kind in layers}
        config = str(model.get_config())
        # What else is registered here may come from where no worker can import it.
        registered = keras.saving.get_custom_objects().items()
        objects = {name: one for name, one in registered if name in config} | named
        kinds = dict.fromkeys(type(one) for recipe in recipes for one in recipe.techniques)
        return cls(
            tuple((k, objects[k]) for k in sorted(objects) if not _known(objects[k])),
            tuple(kind for kind in kinds if not _known(kind)),
        )

    def tell(self) -> None:
        """Let Keras and JAX know them in this process."""
        keras.saving.get_custom_objects().update(dict(self.objects))
        for kind in self.kinds:
            with contextlib.suppress(ValueError):  # Known already.
                as_tree(kind)


def _known(one: Any) -> bool:
    return str(getattr(one, "__module__", "")).split(".")[0] in ("keras", "justright")
