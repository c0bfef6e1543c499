"""Techniques that train numbers of their own beside the network's weights."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import jax

from justright.regularizers.location import Site
from justright.regularizers.places import ActsOnActivations
from justright.regularizers.recipe import Recipe
from justright.regularizers.technique import Technique


class LearnsAtSites(ActsOnActivations):
    """Trains a number at each site where it acts; the optimizer updates it like any weight."""

    @abstractmethod
    def initial(self, site: Site) -> float | None:
        """Where the number at a site starts; None where the technique does not act."""

    @abstractmethod
    def activation(
        self, x: jax.Array, site: Site, key: jax.Array, learned: jax.Array | None = None
    ) -> jax.Array:
        """The activations (rows, …, units) to pass on, given the number trained at `site`."""

    @abstractmethod
    def settled(self, learned: Mapping[str, float]) -> Technique:
        """The technique of fixed strengths that this has become, from its numbers by layer."""

    def path(self, site: Site) -> str:
        """The path of the number among the weights."""
        return f"{site_name(site)}/{type(self).__name__}"


def site_name(site: Site) -> str:
    """The name of the layer that stands at a site."""
    return f"site_{site.index}_{site.layer.replace('/', '_')}"


def settled(recipe: Recipe, sites: Sequence[Site], values: Mapping[str, Any]) -> Recipe:
    """A recipe with what its techniques have learned in their place.

    Args:
        recipe: as it was trained.
        sites: of the network.
        values: the trained variables by path.
    """

    def of(one: Technique) -> Technique:
        if not isinstance(one, LearnsAtSites):
            return one
        paths = {site.layer: one.path(site) for site in sites}
        return one.settled({n: float(values[p]) for n, p in paths.items() if p in values})

    # Not by the constructor: what has settled may stand beside another of its kind.
    return Recipe.tree_unflatten(None, tuple(map(of, recipe.techniques)))
