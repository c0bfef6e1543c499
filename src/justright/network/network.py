"""A Keras model as pure functions, with sites, for one recipe's structure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
import keras
import numpy as np

from justright.errors import ModelError
from justright.network.anatomy import is_kernel
from justright.network.blueprint import Blueprint
from justright.network.convolution import quick_convolution
from justright.network.dense import QuickDense
from justright.network.extent import floats_per_row
from justright.network.kernels import units_of
from justright.network.meaning import check_meaning
from justright.network.moments import variances
from justright.network.site import (
    Activate,
    BranchLayer,
    RowwiseBatchNormalization,
    SiteLayer,
    Weigh,
    acting,
)
from justright.network.structure import structure_of
from justright.network.surgery import Edits, LayerFactory, copy_layer, rebuild
from justright.network.weights import (
    Arrays,
    fresh_values,
    idle_random_states,
    is_random_state,
    lost,
    values_of,
    variable_paths,
)
from justright.regularizers.branches import Branch
from justright.regularizers.learned import LearnsAtSites
from justright.regularizers.location import Kernel, Kernels, Site
from justright.regularizers.places import Weights
from justright.regularizers.recipe import Recipe

_OF_INPUTS = ("kernel", "depthwise_kernel")  # The others multiply what a layer makes of them.

Buffers = dict[str, jax.Array]
"""Variables that training changes but gradients do not: running statistics, random states."""


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
        RecipeError: a structural technique that finds nowhere to act, a per-layer strength
            that names no layer, or what `check_meaning` refuses.
    """

    def __init__(self, blueprint: Blueprint, recipe: Recipe) -> None:
        anatomy = blueprint.anatomy
        recipe.check_layers(anatomy.layers)
        sites = anatomy.sites
        check_meaning(recipe, blueprint.model, anatomy)
        structure = structure_of(blueprint, recipe)
        variances(blueprint, structure, recipe.at(0))  # Refuses what it cannot predict with.
        after = {end: _branch_factory(branch) for end, branch in structure.branches.items()}
        for site, end in zip(sites[1:], structure.ends, strict=True):
            after[end] = _site_factory(site, recipe)
        edits = Edits(
            at_input=_site_factory(sites[0], recipe),
            before_activation={
                name: _training_factory(factory)
                for name, factory in structure.before_activation.items()
            },
            after=after,
            replace=_for_training,
        )
        self.blueprint = blueprint
        self.sites = sites
        self.model = rebuild(structure.model, edits)
        self._structure = structure
        self._paths = {id(v): path for path, v in variable_paths(self.model).items()}
        self.trainable = tuple(self._path(v) for v in self.model.trainable_variables)
        self.untrained = tuple(self._path(v) for v in self.model.non_trainable_variables)
        self.has_activity_penalty = any(
            getattr(layer, "activity_regularizer", None) for layer in self.model.layers
        )
        self.has_own_penalty = bool(self.model.losses) or self.has_activity_penalty
        _check_precision(self.model)

    @cached_property
    def _built(self) -> Arrays:
        """The values of all variables as built."""
        return values_of(self.model)

    def _added(self, seed: int) -> Arrays:
        """The initial values of layers that the recipe's structure has added."""
        values = self._built
        if self._structure.branches:
            # By a seed of their own: not what the blueprint's layers have drawn in their place.
            values = values | fresh_values(self._structure.model, seed + 1)
        given = set(self.blueprint.names)
        return {p: v for p, v in values.items() if p.split("/")[0] not in given}

    @cached_property
    def kernels(self) -> Kernels:
        """The trained kernels, in order."""
        anatomy = self.blueprint.anatomy
        return tuple(
            Kernel(
                path,
                owner,
                anatomy.position(owner),
                owner in anatomy.readers and v.name in _OF_INPUTS,
                anatomy.read_by(owner) if v.name in _OF_INPUTS else (),
                units[id(v)],
            )
            for layer in self.model.layers
            if (units := units_of(layer)) and (owner := self._structure.owner(layer.name))
            for v in layer.trainable_weights
            if is_kernel(v.name) and (path := self._path(v))
        )

    @cached_property
    def floats_per_row(self) -> int:
        """Numbers that one row's activations are."""
        return floats_per_row(self.model)

    @cached_property
    def random_states(self) -> tuple[str, ...]:
        """Paths of the states of the model's own random layers."""
        variables = self.model.non_trainable_variables
        return tuple(self._path(v) for v in variables if is_random_state(v))

    @cached_property
    def changing(self) -> tuple[str, ...]:
        """Paths of the untrained variables that a pass in training changes."""
        idle = {self._path(v) for v in idle_random_states(self.model)}
        return tuple(path for path in self.untrained if path not in idle)

    def complete(self, values: Arrays, seed: int = 0) -> tuple[Arrays, Arrays]:
        """Split values into trainable weights and buffers.

        Args:
            values: by path, of all of the blueprint's variables.
            seed: what the kernels that a structure adds are drawn from.
        """
        everything = {**self._added(seed), **values}
        if missing := [p for p in (*self.trainable, *self.untrained) if p not in everything]:
            raise lost(missing[0])
        weights = {p: np.asarray(everything[p]) for p in self.trainable}
        buffers = {p: np.asarray(everything[p]) for p in self.untrained}
        return weights, buffers

    def renamed_from(self, other: Blueprint, recipe: Recipe) -> dict[str, str]:
        """Paths of variables in this network by those of its twin for another blueprint.

        Args:
            other: of an equal `Blueprint.key`.
            recipe: of the structure that this network was made with.
        """
        twin = self if other.names == self.blueprint.names else Network(other, recipe)
        here, there = ((*n.trainable, *n.untrained) for n in (self, twin))
        return dict(zip(there, here, strict=True))

    def forward(
        self,
        weights: Weights,
        buffers: Buffers,
        inputs: jax.Array,
        *,
        training: bool,
        activate: Activate | None = None,
        weigh: Weigh | None = None,
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
            weigh: what the recipe does with each branch; None to leave them alone.
            row_mask: which rows are real, (rows,) of bool; None if all are.
        """
        with acting(activate, weigh, row_mask):
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


def _check_precision(model: keras.Model) -> None:
    odd = {v.dtype for v in model.trainable_variables if v.dtype != "float32"}
    if odd or jax.config.read("jax_enable_x64"):
        what = f"variables of {min(odd)}" if odd else "JAX in 64 bits (jax_enable_x64)"
        raise ModelError(
            f"The model {model.name!r} comes with {what}, and justright trains variables of "
            "float32. Set keras.config.set_floatx('float32') or a policy whose variables are "
            "float32, and leave jax_enable_x64 off."
        )


def _site_factory(site: Site, recipe: Recipe) -> LayerFactory:
    numbers = {
        one.path(site).split("/")[1]: start
        for one in recipe.filling(LearnsAtSites)
        if (start := one.initial(site)) is not None
    }
    return lambda: [SiteLayer(site, numbers)]


def _branch_factory(branch: Branch) -> LayerFactory:
    return lambda: [BranchLayer(branch)]


def _training_factory(factory: LayerFactory) -> LayerFactory:
    return lambda: [_for_training(layer) for layer in factory()]


def _for_training(layer: keras.layers.Layer) -> keras.layers.Layer:
    """A copy of a layer, of our own kind where Keras' would be wrong or slow in a lane."""
    if type(layer) is keras.layers.BatchNormalization:
        return RowwiseBatchNormalization.from_config(layer.get_config())
    if type(layer) is keras.layers.Dense and not (layer.lora_enabled or layer.quantization_config):
        return QuickDense.from_config(layer.get_config())
    if kind := quick_convolution(layer):
        return kind.from_config(layer.get_config())
    return copy_layer(layer)
