"""One pass of a batch through the network with a recipe's noise, and what penalties see of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax

from justright.network.network import Buffers, ForwardPass, Network
from justright.network.objective import Objective
from justright.network.probabilities import log_probabilities
from justright.network.site import Activate
from justright.regularizers.places import (
    ActsOnActivations,
    ActsOnLoss,
    Batch,
    Forward,
    Site,
    Weights,
)
from justright.regularizers.random import fold_in
from justright.regularizers.recipe import Recipe

KeyOf = Callable[[object], jax.Array]
"""The key of a technique."""

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
    """
    seen: list[tuple[Site, jax.Array]] | None = None
    if any(not one.weights_only for one in recipe.filling(ActsOnLoss)):
        seen = []
    noisy = recipe if training else Recipe()

    def at(inputs: jax.Array, seen: list[tuple[Site, jax.Array]] | None) -> ForwardPass:
        return network.forward(
            weights,
            buffers,
            inputs,
            training=training,
            activate=_activate(noisy, key, seen),
            row_mask=None if batch.weights is None else batch.weights > 0,
        )

    passed = at(batch.inputs, seen)
    hidden = tuple((site, x) for site, x in seen or () if site.position == "hidden")

    def look(technique: ActsOnLoss) -> Forward:
        return Forward(
            weights=weights,
            kernels=network.kernels,
            outputs=passed.outputs,
            batch=batch,
            activations=hidden,
            outputs_at=lambda inputs: at(inputs, None).outputs,
            log_probabilities=lambda: log_probabilities(objective, passed.outputs),
            key=key(technique),
        )

    return passed, look


def _activate(
    recipe: Recipe, key: KeyOf, seen: list[tuple[Site, jax.Array]] | None
) -> Activate | None:
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
