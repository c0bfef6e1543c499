"""One pass of a batch through the network with a recipe's noise, and what penalties see of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from justright.errors import RecipeError
from justright.network.network import Buffers, ForwardPass, Network
from justright.network.objective import Objective
from justright.network.probabilities import log_probabilities
from justright.network.site import Activate, Weigh
from justright.regularizers.branches import ActsOnBranches, Branch, weighed
from justright.regularizers.learned import LearnsAtSites
from justright.regularizers.location import Site
from justright.regularizers.places import (
    ActsOnActivations,
    ActsOnLoss,
    ActsOnStepWeights,
    Batch,
    Forward,
    Weights,
    mean_loss,
)
from justright.regularizers.random import fold_in
from justright.regularizers.recipe import Recipe

KeyOf = Callable[[object], jax.Array]
"""The key of a technique."""

Seen = list[tuple[Site, jax.Array]]
"""Activations by site."""

Look = Callable[[ActsOnLoss], Forward]
"""What a technique sees of a pass."""


def run(
    network: Network,
    objective: Objective,
    recipe: Recipe,
    weights: Weights,
    buffers: Buffers,
    batch: Batch,
    key: KeyOf,
    *,
    training: bool,
    noisy: bool | None = None,
) -> tuple[ForwardPass, Look]:
    """Run the network on a batch.

    Args:
        network, objective, recipe: what runs.
        weights, buffers: by path.
        batch: the rows.
        key: of each technique's draws.
        training: whether the layers are in training: batch normalization, and random layers
            of the model itself.
        noisy: whether the recipe's noise acts; as `training`, if None.

    Returns:
        The pass, and what each penalty sees of it.

    Raises:
        RecipeError: weights that differ by row, in a network whose layers keep state.
    """
    acting = recipe if (training if noisy is None else noisy) else Recipe()
    row_mask = None if batch.weights is None else batch.weights > 0
    look_inside = any(not one.weights_only for one in recipe.filling(ActsOnLoss))

    def together(
        weights: Weights, inputs: jax.Array, key: KeyOf, row_mask: jax.Array | None
    ) -> tuple[ForwardPass, Seen]:
        seen: Seen = []
        activate = _activate(acting, weights, key, seen if look_inside else None)
        passed = network.forward(
            weights,
            buffers,
            inputs,
            training=training,
            activate=activate,
            weigh=_weigh_in_training(recipe, key) if training else weigh_in_prediction(recipe),
            row_mask=row_mask,
        )
        return passed, seen

    def at(inputs: jax.Array, key: KeyOf) -> tuple[ForwardPass, Seen]:
        used, apart = weights, []
        for one in acting.filling(ActsOnStepWeights):
            if one.differs_by_row():
                apart.append(one)
            else:
                used = one.step_weights(used, network.kernels, key(one))
        if apart:
            _check_apart(network, acting, apart[0])
            passed, seen = _row_by_row(network, apart, used, inputs, key, together)
            return replace(passed, buffers=buffers), seen
        return together(used, inputs, key, row_mask)

    passed, seen = at(batch.inputs, key)

    def look(technique: ActsOnLoss) -> Forward:
        return Forward(
            weights=weights,
            kernels=network.kernels,
            outputs=passed.outputs,
            batch=batch,
            activations=tuple((site, x) for site, x in seen if site.position == "hidden"),
            outputs_at=lambda inputs: at(inputs, key)[0].outputs,
            log_probabilities=lambda: log_probabilities(objective, passed.outputs),
            key=key(technique),
            again=partial(again, technique) if training else None,
        )

    def again(technique: ActsOnLoss) -> tuple[Forward, jax.Array]:
        _check_noisy(network, acting, technique)
        # The model's own random layers draw anew from the states that the first pass left.
        other, look_again = run(
            network,
            objective,
            recipe,
            weights,
            buffers | passed.buffers,
            batch,
            partial(_other_key, key),
            training=True,
        )
        losses = [objective.loss_rows(batch.targets, one.outputs) for one in (other, passed)]
        return look_again(technique), mean_loss(losses[0] - losses[1], batch)

    return passed, look


def _other_key(key: KeyOf, technique: object) -> jax.Array:
    """The key for a second pass; what is drawn once a step stays."""
    if isinstance(technique, ActsOnActivations) and technique.one_draw:
        return key(technique)
    return fold_in(key(technique), 0, 1)


def _check_noisy(network: Network, recipe: Recipe, technique: object) -> None:
    if any(recipe.filling(place) for place in (ActsOnActivations, ActsOnStepWeights)):
        return
    if not set(network.random_states) & set(network.changing):
        name = type(technique).__name__
        raise RecipeError(
            f"{name} compares two passes with different noise, and there is none: both are the "
            f"same. Add some, as in Dropout(0.3) + {name}(…)."
        )


def _row_by_row(
    network: Network,
    techniques: Sequence[ActsOnStepWeights],
    weights: Weights,
    inputs: jax.Array,
    key: KeyOf,
    together: Callable[..., tuple[ForwardPass, Seen]],
) -> tuple[ForwardPass, Seen]:
    """Give each row weights and draws of its own."""
    sites: list[Site] = []

    def of_row(row: jax.Array, number: jax.Array) -> tuple[jax.Array, list[jax.Array], jax.Array]:
        def own_key(technique: object) -> jax.Array:
            return fold_in(key(technique), number)

        own = weights
        for one in techniques:
            own = one.step_weights(own, network.kernels, own_key(one))
        passed, seen = together(own, row[None], own_key, None)
        sites[:] = [site for site, _ in seen]
        return passed.outputs[0], [x[0] for _, x in seen], passed.own_penalty

    outputs, activations, penalties = jax.vmap(of_row)(inputs, jnp.arange(len(inputs)))
    passed = ForwardPass(outputs, {}, penalties.mean())
    return passed, list(zip(sites, activations, strict=True))


def _check_apart(network: Network, recipe: Recipe, technique: object) -> None:
    """Refuse rows apart where something in the network or the recipe needs them together."""
    shared = network.changing[:1] or tuple(
        type(one).__name__ for one in recipe.filling(ActsOnActivations) if one.one_draw
    )
    if shared:
        raise RecipeError(
            f"{type(technique).__name__} gives each row weights of its own, so rows go through the "
            f"network one by one, and {shared[0]} is of the whole batch (a state of batch "
            "normalization or of dropout in the model itself, or a mixture of rows). Take one of "
            "them out, or let a batch share its weights."
        )


def _activate(recipe: Recipe, weights: Weights, key: KeyOf, seen: Seen | None) -> Activate | None:
    techniques: Sequence[Any] = recipe.filling(ActsOnActivations)
    if not techniques and seen is None:
        return None
    keys = [key(one) for one in techniques]
    calls = 0

    def activate(x: jax.Array, site: Site) -> jax.Array:
        # A layer that is called twice has one site, and draws anew at each call.
        nonlocal calls
        calls += 1
        if seen is not None:
            seen.append((site, x))
        for one, its_key in zip(techniques, keys, strict=True):
            own_key = its_key if one.one_draw else fold_in(its_key, calls)
            if isinstance(one, LearnsAtSites):
                x = one.activation(x, site, own_key, weights.get(one.path(site)))
            else:
                x = one.activation(x, site, own_key)
        return x

    return activate


def _weigh_in_training(recipe: Recipe, key: KeyOf) -> Weigh | None:
    acting: Sequence[Any] = recipe.filling(ActsOnBranches)
    if not acting:
        return None
    keys = [key(one) for one in acting]

    def weigh(x: jax.Array, branch: Branch) -> jax.Array:
        for one, its_key in zip(acting, keys, strict=True):
            factors = one.factors(branch, x.shape[0], fold_in(its_key, branch.block))
            x = x if factors is None else weighed(x, factors)
        return x

    return weigh


def weigh_in_prediction(recipe: Recipe) -> Weigh | None:
    """What a recipe does with branches at prediction; None without such."""
    acting = recipe.filling(ActsOnBranches)

    def weigh(x: jax.Array, branch: Branch) -> jax.Array:
        for one in acting:
            x = x * jnp.asarray(one.expected(branch), x.dtype)
        return x

    return weigh if acting else None
