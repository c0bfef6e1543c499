"""A network trained with dropout as the ensemble of all thinned networks that masks leave of it.

A mask says of each unit on which dropout acts whether it is kept; here all rows share it, so each
mask is one thinned network.

Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout: a simple way to prevent
neural networks from overfitting", JMLR 15, 2014, sections 1 and 7.5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from justright.engine.evaluate import rows_at_once
from justright.engine.forward import weigh_in_prediction
from justright.network.network import Network
from justright.network.weights import Arrays
from justright.regularizers.dropout import LEVELS, WHERE, Dropout, levels_of
from justright.regularizers.location import Site
from justright.regularizers.recipe import Recipe
from justright.regularizers.strength import strength_at


class Thinner:
    """Thins networks of one structure; what it compiles serves all their weights and rates.

    Args:
        network: with the recipe's structure.
        recipe: with `Dropout`; only its structure matters here.
        row_shape: of one row of inputs.
    """

    def __init__(self, network: Network, recipe: Recipe, row_shape: tuple[int, ...]) -> None:
        self.network = network
        self.groups: list[tuple[Site, tuple[int, ...]]] = []
        self._acts = {site.index for site in network.sites if _rate(recipe, site) is not None}
        weights, buffers = network.complete(network.blueprint.initial_values(0))
        rows = jax.ShapeDtypeStruct((1, *row_shape), jnp.float32)
        # Which units there are is found by looking: a layer that is called twice drops twice.
        outputs = jax.eval_shape(
            lambda rows: self._forward(recipe, weights, buffers, rows, self._look), rows
        )
        self.numbers = prod(outputs.shape)

    @property
    def units(self) -> int:
        """On how many units dropout acts."""
        return sum(prod(shape) for _, shape in self.groups)

    @cached_property
    def passes(self) -> Callable[..., jax.Array]:
        """From recipe, weights, buffers, rows and factors (masks, units) to (masks, rows, …)."""
        ends = np.cumsum([prod(shape) for _, shape in self.groups])[:-1]

        @jax.jit
        def passes(
            recipe: Recipe, weights: Any, buffers: Any, rows: jax.Array, factors: jax.Array
        ) -> jax.Array:
            def one(units: jax.Array) -> jax.Array:
                waiting = iter(jnp.split(units, ends))

                def thin(x: jax.Array, site: Site) -> jax.Array:
                    if site.index not in self._acts:
                        return x
                    return x * next(waiting).reshape(x.shape[1:]).astype(x.dtype)

                return self._forward(recipe, weights, buffers, rows, thin)

            return jax.lax.map(one, factors)

        return passes

    def _forward(
        self,
        recipe: Recipe,
        weights: Any,
        buffers: Any,
        rows: jax.Array,
        activate: Callable[[jax.Array, Site], jax.Array],
    ) -> jax.Array:
        weigh = weigh_in_prediction(recipe)
        passed = self.network.forward(
            weights, buffers, rows, training=False, activate=activate, weigh=weigh
        )
        return passed.outputs

    def _look(self, x: jax.Array, site: Site) -> jax.Array:
        if site.index in self._acts:
            self.groups.append((site, x.shape[1:]))
        return x


@dataclass(frozen=True)
class ThinnedNetworks:
    """The thinned networks of one trained network, and some rows.

    Attributes:
        thinner: for its structure.
        recipe: with `Dropout`, its rates as numbers; other noise rests.
        values: the trained variables by path.
        inputs: (rows, …).
    """

    thinner: Thinner
    recipe: Recipe
    values: Arrays
    inputs: np.ndarray

    @property
    def units(self) -> int:
        """On how many units dropout acts: of so many numbers is a mask."""
        return self.thinner.units

    @property
    def numbers(self) -> int:
        """How many numbers one network predicts for all rows."""
        return len(self.inputs) * self.thinner.numbers

    @cached_property
    def drop(self) -> np.ndarray:
        """The probability of each unit being dropped, as it is drawn, (units,) of float64."""
        groups = self.thinner.groups
        rates = [np.full(prod(shape), _rate(self.recipe, site)) for site, shape in groups]
        return np.concatenate([np.zeros(0), *rates])

    def scaled(self) -> np.ndarray:
        """Weight scaling: one pass with all units, (rows, …)."""
        (all_units,) = self._outputs(np.ones((1, self.units)))
        return all_units

    def outputs(self, masks: np.ndarray) -> np.ndarray:
        """What thinned networks predict; kept units are scaled by 1/(1 − rate), as in training.

        Args:
            masks: (masks, units) of bool, which units are kept.

        Returns:
            (masks, rows, …).
        """
        return self._outputs(masks / (1 - self.drop))

    def _outputs(self, factors: np.ndarray) -> np.ndarray:
        network = self.thinner.network
        given = jnp.asarray(factors, jnp.float32)
        at_once = rows_at_once(network.floats_per_row)
        weights, buffers = network.complete(self.values)
        starts = range(0, len(self.inputs), at_once)
        pieces = (self.inputs[start : start + at_once] for start in starts)
        recipe = jax.tree.map(jnp.float32, self.recipe)
        passes = self.thinner.passes
        parts = [passes(recipe, weights, buffers, piece, given) for piece in pieces]
        return np.concatenate([np.asarray(part) for part in parts], axis=1)


def every_mask(units: int) -> np.ndarray:
    """All masks of some units, (2ⁿ, units) of bool."""
    return (np.arange(1 << units)[:, None] >> np.arange(units)) & 1 == 1


def probabilities_of(masks: np.ndarray, drop: np.ndarray) -> np.ndarray:
    """How often dropout draws each mask, (masks,) of float64.

    Args:
        masks: (masks, units) of bool, which units are kept.
        drop: the probability of each unit being dropped, (units,).
    """
    return np.where(masks, 1 - drop, drop).prod(axis=1)


def sampled_masks(draws: np.random.Generator, count: int, drop: np.ndarray) -> np.ndarray:
    """Masks as dropout draws them, (count, units) of bool."""
    return draws.random((count, len(drop))) >= drop


def _rate(recipe: Recipe, site: Site) -> float | None:
    """The rate at a site, as dropout draws it; None where it does not act."""
    (dropout,) = recipe.filling(Dropout)
    rate = strength_at(dropout.rate, site.layer, site.position, WHERE)
    return None if rate is None else float(levels_of(rate)) / LEVELS
