"""What a recipe builds into the user's network: skip connections, and layers before activations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from justright.errors import RecipeError
from justright.network.anatomy import CONVOLUTIONS
from justright.network.blueprint import Blueprint
from justright.network.surgery import LayerFactory, copy_layer, free_name
from justright.regularizers.branches import ActsOnBranches, Branch
from justright.regularizers.places import ActsOnStructure
from justright.regularizers.recipe import Recipe


@dataclass(frozen=True)
class Structure:
    """A network with a recipe's skip connections, and what to build into it still.

    Attributes:
        model: a Functional model of standard layers; the blueprint's own without skip connections.
        before_activation: layers to stand before activations, by the layer whose activation it is.
        ends: for each hidden layer of the blueprint, where what it sends on is complete.
        branches: the branches beside skip connections, by the layers that end them.
        added: layers with kernels that skip connections bring, twins and projections, and the
            hidden layer around which each was put: its strengths are theirs.
    """

    model: keras.Model
    before_activation: Mapping[str, LayerFactory]
    ends: tuple[str, ...]
    branches: Mapping[str, Branch]
    added: Mapping[str, str]

    def owner(self, layer: str) -> str:
        """The layer of the user's network that a layer belongs to; itself, if it is one."""
        return self.added.get(layer, layer)


def structure_of(blueprint: Blueprint, recipe: Recipe) -> Structure:
    """What a recipe makes of a network.

    Raises:
        RecipeError: a structural technique that finds no layer to act on.
    """
    skips = _Skips(
        blueprint, max((t.branches() for t in recipe.filling(ActsOnBranches)), default=0)
    )
    model = blueprint.model
    if skips.count:
        _check_skips(blueprint, recipe)
        model = keras.models.clone_model(model, clone_function=copy_layer, call_function=skips.call)
    ends = tuple(skips.sums.get(layer, end) for layer, end in blueprint.anatomy.ends)
    before = _before_activations(blueprint, recipe, skips.twins)
    return Structure(model, before, ends, skips.branches, skips.added)


class _Skips:
    """Puts skip connections around layers while a model is copied call by call."""

    def __init__(self, blueprint: Blueprint, count: int) -> None:
        self.count = count
        self.sums: dict[str, str] = {}
        self.twins: dict[str, keras.layers.Layer] = {}
        self.branches: dict[str, Branch] = {}
        self.added: dict[str, str] = {}
        self._taken = set(blueprint.names)
        self._normalizable = blueprint.anatomy.normalizable
        self._chains = {chain[-1]: chain for chain in blueprint.anatomy.chains}
        self._heads = {chain[0] for chain in blueprint.anatomy.chains}
        self._entering: dict[str, Any] = {}
        self._layers: dict[str, keras.layers.Layer] = {}

    def call(self, layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        self._layers[layer.name] = layer
        if layer.name in self._heads:
            self._entering[layer.name] = args[0]
        out = layer(*args, **kwargs)
        if layer.name not in self._chains:
            return out
        return self._joined(self._chains[layer.name], out)

    def _joined(self, chain: tuple[str, ...], out: Any) -> Any:
        """The sum of what enters a chain of layers and the mean of its branches."""
        head, entering = self._layers[chain[0]], self._entering[chain[0]]
        block = len(self.sums) + 1
        outs, ends = [out], [chain[-1]]
        for number in range(1, self.count):
            twin, end = self._twin(chain, entering, number + 1)
            outs.append(twin)
            ends.append(end)
        for number, end in enumerate(ends):
            self.branches[end] = Branch(head.name, block, len(self._chains), number)
        mean = out
        if len(outs) > 1:
            mean = keras.layers.Average(name=self._name(f"{head.name}_mean"))(outs)
        shortcut = self._name(f"{head.name}_shortcut")
        path = _shortcut(head, entering, out, shortcut)
        self.added[shortcut] = head.name
        self.sums[head.name] = self._name(f"{head.name}_sum")
        return keras.layers.Add(name=self.sums[head.name])([path, mean])

    def _twin(self, chain: tuple[str, ...], tensor: Any, number: int) -> tuple[Any, str]:
        """The output of copies of a chain's layers, and the name of the last of them."""
        for name in chain:
            layer = copy_layer(self._layers[name], name=self._name(f"{name}_{number}"))
            tensor = layer(tensor)
            self._taken.add(layer.name)
            self.added[layer.name] = chain[0]
            if name in self._normalizable:
                self.twins[layer.name] = layer
        return tensor, layer.name

    def _name(self, wanted: str) -> str:
        return free_name(wanted, self._taken)


def _shortcut(layer: keras.layers.Layer, entering: Any, out: Any, name: str) -> Any:
    """What enters, or a projection of it to the shape of what comes out."""
    strided = type(layer) in CONVOLUTIONS and max(layer.strides) > 1
    if entering.shape == out.shape and not strided:
        return entering
    policy = layer.dtype_policy
    if type(layer) is keras.layers.Dense:
        return keras.layers.Dense(layer.units, use_bias=False, dtype=policy, name=name)(entering)
    return type(layer)(
        layer.filters,
        1,
        strides=layer.strides,
        data_format=layer.data_format,
        use_bias=False,
        dtype=policy,
        name=name,
    )(entering)


def _check_skips(blueprint: Blueprint, recipe: Recipe) -> None:
    if not blueprint.anatomy.chains:
        raise RecipeError(
            f"{type(recipe.filling(ActsOnBranches)[0]).__name__} finds no hidden layer that a skip "
            f"connection fits around in the model {blueprint.model.name!r}: a dense or "
            'convolutional one (padding="same") behind the first hidden layer. Add such a layer, '
            "or take it out of the recipe."
        )


def _before_activations(
    blueprint: Blueprint, recipe: Recipe, twins: Mapping[str, keras.layers.Layer]
) -> dict[str, LayerFactory]:
    """The layers that a recipe puts before activations, as factories by layer name."""
    structural = recipe.filling(ActsOnStructure)
    if not structural:
        return {}
    names = blueprint.anatomy.normalizable
    if not names:
        raise RecipeError(
            f"{type(structural[0]).__name__} finds no hidden dense or convolutional layer without "
            f"a normalization in the model {blueprint.model.name!r}. Add such a layer, or take "
            "it out of the recipe."
        )

    def factory(layer: keras.layers.Layer) -> LayerFactory:
        return lambda: [new for one in structural for new in one.before_activation(layer)]

    layers = {name: blueprint.model.get_layer(name) for name in names}
    return {name: factory(layer) for name, layer in {**layers, **twins}.items()}
