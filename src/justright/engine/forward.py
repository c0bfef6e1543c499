"""One pass of a batch through the network with a recipe's noise, and what penalties see of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from justright.errors import RecipeError
from justright.network.network import Buffers, ForwardPass, Network
from justright.network.objective import Objective
from justright.network.probabilities import log_probabilities
from justright.network.site import Activate, Weigh
from justright.regularizers.branches import ActsOnBranches, Branch, weighed
from justright.regularizers.places import (
    ActsOnActivations,
    ActsOnLoss,
    ActsOnStepWeights,
    Batch,
    Forward,
    Site,
    Weights,
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
) -> tuple[ForwardPass, Look]:
    """Run the network on a batch, with the recipe's noise if `training`.

    Returns:
        The pass, and what each penalty sees of it.

    Raises:
        RecipeError: weights that differ by row, in a network whose layers keep state.
    """
    noisy = recipe if training else Recipe()
    row_mask = None if batch.weights is None else batch.weights > 0
    look_inside = any(not one.weights_only for one in recipe.filling(ActsOnLoss))

    def together(
        weights: Weights, inputs: jax.Array, key: KeyOf, row_mask: jax.Array | None
    ) -> tuple[ForwardPass, Seen]:
        seen: Seen = []
        activate = _activate(noisy, key, seen if look_inside else None)
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

    def at(inputs: jax.Array) -> tuple[ForwardPass, Seen]:
        used, apart = weights, []
        for one in noisy.filling(ActsOnStepWeights):
            if one.differs_by_row():
                apart.append(one)
            else:
                used = one.step_weights(used, network.kernels, key(one))
        if apart:
            _check_stateless(network, apart[0])
            return _row_by_row(network, apart, used, inputs, key, together)
        return together(used, inputs, key, row_mask)

    passed, seen = at(batch.inputs)

    def look(technique: ActsOnLoss) -> Forward:
        return Forward(
            weights=weights,
            kernels=network.kernels,
            outputs=passed.outputs,
            batch=batch,
            activations=tuple((site, x) for site, x in seen if site.position == "hidden"),
            outputs_at=lambda inputs: at(inputs)[0].outputs,
            log_probabilities=lambda: log_probabilities(objective, passed.outputs),
            key=key(technique),
        )

    return passed, look


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


def _check_stateless(network: Network, technique: object) -> None:
    if network.untrained:
        raise RecipeError(
            f"{type(technique).__name__} gives each row weights of its own, so rows go through the "
            f"network one by one, and {network.untrained[0]} is a state that they share (of batch "
            "normalization, or of dropout in the model itself). Take one of them out, or let a "
            "batch share its weights."
        )


def _activate(recipe: Recipe, key: KeyOf, seen: Seen | None) -> Activate | None:
    acting: Sequence[Any] = recipe.filling(ActsOnActivations)
    if not acting and seen is None:
        return None
    keys = [key(one) for one in acting]
    calls = 0

    def activate(x: jax.Array, site: Site) -> jax.Array:
        # A layer that is called twice has one site, and draws anew at each call.
        nonlocal calls
        calls += 1
        if seen is not None:
            seen.append((site, x))
        for one, its_key in zip(acting, keys, strict=True):
            x = one.activation(x, site, fold_in(its_key, calls))
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
