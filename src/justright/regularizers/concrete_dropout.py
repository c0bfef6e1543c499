"""Concrete dropout: dropout whose rates are learned."""

from __future__ import annotations

import math
from collections.abc import Mapping

import jax
import jax.numpy as jnp

from justright.regularizers.dropout import Dropout
from justright.regularizers.learned import LearnsAtSites
from justright.regularizers.location import Site
from justright.regularizers.option import option
from justright.regularizers.places import ActsOnLoss, Forward
from justright.regularizers.random import uniform
from justright.regularizers.strength import literal, strength
from justright.regularizers.technique import Technique, technique


@technique
class ConcreteDropout(Technique, LearnsAtSites, ActsOnLoss):
    """Dropout after each hidden layer, whose rate p the optimizer learns with the weights.

    A unit is multiplied by (1 − z)/(1 − p), where z = σ((logit p + logit u)/t), u uniform
    in (0, 1), is near 0 or 1: a drop that has a derivative by p. To the loss it adds, for
    each such layer of K units, λ·‖W‖²/(1 − p) − η·K·H(p), where W are the kernels that
    read it and H is the entropy, in natural logarithms, of a coin that falls on p: large
    weights ask for a small p, and the entropy for p near ½. The bound is that of the
    paper for a mean loss over N rows. There is no further pass. Prediction uses all units.
    `Study.settled` tells the rates that were learned; an exported model has them in
    `keras.layers.Dropout`. No strength is neutral, since the data loss moves p as well.

    Args:
        l2: λ ≥ 0, on the kernels that follow. ℓ²/(2N) is the paper's, ℓ about 0.01, for N
            training rows.
        entropy: η ≥ 0. 1/N is the paper's for cross-entropy, 2/(τN) for squared error
            where the noise of the targets has variance 1/τ (with λ = ℓ²/(τN)).
        temperature: t > 0. 0.1 is the paper's.
        initial_rate: p before training, in (0, 1); another one is another program.

    Raises:
        RecipeError: a strength out of range, or a network without a hidden layer.

    When: dropout helps, and there are too many layers to tune its rates.
    Cost: no extra pass; a logarithm and a sigmoid a unit.
    Try: `concrete_dropout=1e-6:0.01:0.1`

    Source: Gal, Hron, Kendall, "Concrete dropout", NIPS 2017, equations 1 to 5, in the
    form of the authors' code, which scales in training.
    """

    l2: float = strength(neutral=None, by_layer=False, meaning="the strength of a penalty")
    entropy: float = strength(neutral=None, by_layer=False, meaning="the strength of a penalty")
    temperature: float = strength(
        0.1, low_included=False, neutral=None, by_layer=False, meaning="a temperature"
    )
    initial_rate: float = option(default=0.1, high=1.0, low_included=False, high_included=False)

    def initial(self, site: Site) -> float | None:
        """The logit of the rate to start from, at hidden sites."""
        if site.position != "hidden":
            return None
        return math.log(self.initial_rate) - math.log1p(-self.initial_rate)

    def activation(
        self, x: jax.Array, site: Site, key: jax.Array, learned: jax.Array | None = None
    ) -> jax.Array:
        """Multiply each element of `x` (rows, …, units) by its own concrete draw."""
        if learned is None:
            return x
        return x * kept(learned, self.temperature, uniform(key, x.shape)).astype(x.dtype)

    def penalty(self, forward: Forward) -> jax.Array:
        """λ·‖W‖²/(1 − p) − η·K·H(p) over all sites, a scalar."""
        total = jnp.zeros(())
        # A layer that is called twice is one site.
        for site, x in {site.index: (site, x) for site, x in forward.activations}.values():
            learned = forward.weights[self.path(site)]
            squares = sum(
                jnp.sum(jnp.square(forward.weights[kernel.path]))
                for kernel in forward.kernels
                if site.index in kernel.reads
            )
            spread = x[0].size * coin_entropy(learned)
            total += self.l2 * squares / jax.nn.sigmoid(-learned) - self.entropy * spread
        return total

    def settled(self, learned: Mapping[str, float]) -> Technique:
        """Dropout with the learned rates."""
        return Dropout({literal(name): 1 / (1 + math.exp(-x)) for name, x in learned.items()})


def kept(logit: jax.Array, temperature: jax.Array | float, u: jax.Array) -> jax.Array:
    """(1 − z)/(1 − p): by how much units are multiplied, for uniform draws u."""
    noise = jnp.log(u) - jnp.log1p(-u)
    return jax.nn.sigmoid(-(logit + noise) / temperature) / jax.nn.sigmoid(-logit)


def coin_entropy(logit: jax.Array) -> jax.Array:
    """−p·log p − (1 − p)·log(1 − p) for p of a logit."""
    p, q = jax.nn.sigmoid(logit), jax.nn.sigmoid(-logit)
    return -p * jax.nn.log_sigmoid(logit) - q * jax.nn.log_sigmoid(-logit)
