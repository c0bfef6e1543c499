"""A Keras model as pure functions, with sites, for one recipe's structure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from justright.errors import ModelError, RecipeError
from justright.network.anatomy import Anatomy, anatomy_of, is_kernel
from justright.network.site import Activate, RowwiseBatchNormalization, SiteLayer, acting
from justright.network.surgery import Edits, LayerFactory, copy_layer, functional, rebuild
from justright.network.weights import (
    Arrays,
    assign,
    fresh_values,
    is_random_state,
    lost,
    values_of,
    variable_paths,
)
from justright.regularizers.places import (
    ActsOnActivations,
    ActsOnStructure,
    Kernel,
    Kernels,
    Site,
    Weights,
)
from justright.regularizers.recipe import Recipe
from justright.regularizers.strength import strength_at

Buffers = dict[str, jax.Array]
"""Variables that training changes but gradients do not: running statistics, random states."""


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

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """Equal for networks that can share a compiled program: classes and configuration."""
        kinds = tuple(type(layer) for layer in self.model.layers)
        config = self.model.get_config()
        config.pop("name")
        text = json.dumps(config, sort_keys=True, default=repr)
        # Unpacking a nested model leaves conversions that Keras numbers anew in each copy.
        return kinds, re.sub(r"convert_to_tensor_\d+", "convert_to_tensor", text)

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


@dataclass(frozen=True)
class ForwardPass:
    """What a pass through the network gives: outputs (rows, …), new buffers, own penalties."""

    outputs: jax.Array
    buffers: Buffers
    own_penalty: jax.Array


class Network:
    """A blueprint with a recipe's structure built in, as pure functions of its variables.

    Args:
        blueprint: the user's network.
        recipe: only the structural techniques matter here.

    Raises:
        RecipeError: a structural technique that finds nowhere to act, or a
            per-layer strength that names no layer.
    """

    def __init__(self, blueprint: Blueprint, recipe: Recipe) -> None:
        anatomy = blueprint.anatomy
        recipe.check_layers(anatomy.layers)
        sites = anatomy.sites
        _check_acts(recipe, anatomy)
        after: dict[str, LayerFactory] = {}
        for site, (_, end) in zip(sites[1:], anatomy.ends, strict=True):
            after[end] = _site_factory(site)
        edits = Edits(
            at_input=_site_factory(sites[0]),
            before_activation={
                name: _rowwise_factory(factory)
                for name, factory in structural_layers(blueprint, recipe).items()
            },
            after=after,
            replace=_rowwise,
        )
        self.blueprint = blueprint
        self.sites = sites
        self.model = rebuild(blueprint.model, edits)
        self._paths = {id(v): path for path, v in variable_paths(self.model).items()}
        self.trainable = tuple(self._path(v) for v in self.model.trainable_variables)
        self.untrained = tuple(self._path(v) for v in self.model.non_trainable_variables)
        self.has_activity_penalty = any(
            getattr(layer, "activity_regularizer", None) for layer in self.model.layers
        )
        self.has_own_penalty = bool(self.model.losses) or self.has_activity_penalty
        _check_precision(self.model)

    @cached_property
    def _added(self) -> Arrays:
        """The values, as built, of layers that the recipe's structure has added."""
        given = {layer.name for layer in self.blueprint.model.layers}
        values = values_of(self.model)
        return {p: v for p, v in values.items() if p.split("/")[0] not in given}

    @cached_property
    def kernels(self) -> Kernels:
        """The trained kernels, in order."""
        anatomy = self.blueprint.anatomy
        return tuple(
            Kernel(
                path,
                layer.name,
                anatomy.position(layer.name),
                layer.name in anatomy.readers and v.name in ("kernel", "depthwise_kernel"),
            )
            for layer in self.model.layers
            for v in layer.trainable_weights
            if is_kernel(v.name) and (path := self._path(v))
        )

    @cached_property
    def random_states(self) -> tuple[str, ...]:
        """Paths of the states of the model's own random layers."""
        variables = self.model.non_trainable_variables
        return tuple(self._path(v) for v in variables if is_random_state(v))

    def complete(self, values: Arrays) -> tuple[Arrays, Arrays]:
        """Split values into trainable weights and buffers; what a structure adds starts as built.

        Args:
            values: by path, of all of the blueprint's variables.
        """
        everything = {**self._added, **values}
        if missing := [p for p in (*self.trainable, *self.untrained) if p not in everything]:
            raise lost(missing[0])
        weights = {p: np.asarray(everything[p]) for p in self.trainable}
        buffers = {p: np.asarray(everything[p]) for p in self.untrained}
        return weights, buffers

    def forward(
        self,
        weights: Weights,
        buffers: Buffers,
        inputs: jax.Array,
        *,
        training: bool,
        activate: Activate | None = None,
        row_mask: jax.Array | None = None,
    ) -> ForwardPass:
        """Run the network on `inputs` (rows, …).

        Args:
            weights: trainable weights by path.
            buffers: the other variables by path.
            inputs: the rows.
            training: whether normalizations use and update the batch's statistics, and
                the model's own random layers act.
            activate: what the recipe does at each site; None to leave activations alone.
            row_mask: which rows are real, (rows,) of bool; None if all are.
        """
        with acting(activate, row_mask):
            outputs, untrained, *losses = self.model.stateless_call(
                [weights[p] for p in self.trainable],
                [buffers[p] for p in self.untrained],
                inputs,
                training=training,
                return_losses=self.has_own_penalty,
            )
        # A policy of lower precision computes in it; losses and logs are in 32 bits.
        outputs = outputs.astype(jnp.float32)
        penalty = sum(losses[0], start=jnp.zeros(())) if losses else jnp.zeros(())
        return ForwardPass(outputs, dict(zip(self.untrained, untrained, strict=True)), penalty)

    def _path(self, variable: keras.Variable) -> str:
        return self._paths[id(variable)]


def structural_layers(blueprint: Blueprint, recipe: Recipe) -> dict[str, LayerFactory]:
    """The layers that a recipe puts before activations, as factories by layer name.

    Raises:
        RecipeError: no layer that they could act on.
    """
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

    def factory(name: str) -> LayerFactory:
        layer = blueprint.model.get_layer(name)
        return lambda: [new for one in structural for new in one.before_activation(layer)]

    return {name: factory(name) for name in names}


def _check_precision(model: keras.Model) -> None:
    odd = {v.dtype for v in model.trainable_variables if v.dtype != "float32"}
    if odd or jax.config.read("jax_enable_x64"):
        what = f"variables of {min(odd)}" if odd else "JAX in 64 bits (jax_enable_x64)"
        raise ModelError(
            f"The model {model.name!r} comes with {what}, and justright trains variables of "
            "float32. Set keras.config.set_floatx('float32') or a policy whose variables are "
            "float32, and leave jax_enable_x64 off."
        )


def _site_factory(site: Site) -> LayerFactory:
    return lambda: [SiteLayer(site)]


def _rowwise_factory(factory: LayerFactory) -> LayerFactory:
    return lambda: [_rowwise(layer) for layer in factory()]


def _rowwise(layer: keras.layers.Layer) -> keras.layers.Layer:
    if type(layer) is keras.layers.BatchNormalization:
        return RowwiseBatchNormalization.from_config(layer.get_config())
    return copy_layer(layer)


def _check_acts(recipe: Recipe, anatomy: Anatomy) -> None:
    """Refuse a strength for which the network has no place: it would change nothing, unsaid."""
    kernels = [(name, anatomy.position(name)) for name in anatomy.layers]
    for one in recipe.techniques:
        places = kernels
        if isinstance(one, ActsOnActivations):
            places = [(site.layer, site.position) for site in anatomy.sites if one.fits(site)]
        for name in one.strength_names():
            value = getattr(one, name)
            if all(strength_at(value, *p, ("hidden", "output")) is None for p in places):
                raise RecipeError(
                    f"{type(one).__name__}.{name} finds nowhere to act in the network, whose "
                    f"layers are {', '.join(anatomy.layers)}. Add a hidden layer, name another "
                    "place, or take it out of the recipe."
                )
