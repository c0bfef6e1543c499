"""Dropout: drop units at random while training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from justright.regularizers.depth_shapes import shaped
from justright.regularizers.exports import ExportsLayer
from justright.regularizers.location import Site
from justright.regularizers.places import ActsOnActivations
from justright.regularizers.random import random_words
from justright.regularizers.strength import Position, Strength, literal, strength, strength_at
from justright.regularizers.technique import Technique, technique

if TYPE_CHECKING:
    import keras

WHERE: tuple[Position, ...] = ("hidden",)

# A drop is decided by 16 random bits: two decisions a word drawn, and a rate
# that is exact to 1/65536. The scale uses that same rate, so the mean is kept.
LEVELS = 1 << 16


@technique
class Dropout(Technique, ActsOnActivations, ExportsLayer):
    """Inverted dropout: in training, drop each unit with probability `rate`, scale the rest.

    A unit is kept with probability 1 − rate and multiplied by 1/(1 − rate), so
    its mean stays what it was; prediction uses all units, unscaled.

    Args:
        rate: fraction dropped, in [0, 1). It acts after the activation of each
            hidden layer; a mapping can add `"input"` or differ by layer. 0.2 to
            0.5 is usual; 0 changes nothing.

    Raises:
        RecipeError: a rate outside [0, 1).

    >>> Dropout(0.4)
    Dropout(rate=0.4)
    >>> Dropout({"input": 0.2, "hidden": 0.5})
    Dropout(rate={'input': 0.2, 'hidden': 0.5})

    When: a dense network memorizes its rows; the first thing to try.
    Cost: no extra pass; half a random word a unit.
    Try: `dropout=0.4`

    Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout: a
    simple way to prevent neural networks from overfitting", JMLR 15, 2014,
    section 10 (scaling at training time).
    """

    rate: Strength = strength(high=1.0, high_included=False, meaning="a drop probability")

    @classmethod
    def shaped(cls, shape: str, rate: float, layers: Sequence[str]) -> Dropout:
        """Dropout whose rate follows a shape over depth: wide means `rate`, narrow less.

        All rates and shapes over the same layers share one compiled program. The widths are
        those of the published cocktails, without their rounding to thousandths: a funnel
        over n hidden layers falls from `rate` in steps of rate/n, and so on.

        Args:
            shape: `"funnel"`, `"long_funnel"`, `"diamond"`, `"hexagon"`, `"brick"`,
                `"triangle"` or `"stairs"`.
            rate: the largest, in [0, 1).
            layers: names of the hidden layers, first to last.

        Raises:
            RecipeError: an unknown shape, no layers, or a rate outside [0, 1).

        >>> Dropout.shaped("funnel", 0.6, ["first", "second", "third"])
        Dropout(rate={'first': 0.6, 'second': 0.4, 'third': 0.2})

        Source: Kadra, Lindauer, Hutter, Grabocka, "Well-tuned simple nets excel on tabular
        datasets", NeurIPS 2021, table 1 (dropout shape); the shapes: Zimmer, Lindauer,
        Hutter, "Auto-PyTorch tabular", TPAMI 43, 2021.
        """
        return cls({literal(n): r for n, r in shaped(shape, rate, layers).items()})

    def activation(self, x: jax.Array, site: Site, key: jax.Array) -> jax.Array:
        """Drop units of `x` (rows, …, units) independently."""
        rate = strength_at(self.rate, site.layer, site.position, WHERE)
        return x if rate is None else drop(x, rate, key)

    def keras_layer(self, site: Site) -> keras.layers.Layer | None:
        """`keras.layers.Dropout` with the same rate."""
        import keras

        rate = strength_at(self.rate, site.layer, site.position, WHERE)
        return None if rate is None else keras.layers.Dropout(rate)


def drop(
    x: jax.Array, rate: jax.Array | float, key: jax.Array, shape: tuple[int, ...] | None = None
) -> jax.Array:
    """Zero each element of `x` with probability `rate`; scale the rest by 1/(1 − rate).

    Args:
        x: of any shape.
        rate: in [0, 1).
        key: for the draws.
        shape: of the draws, 1 along axes that share one; by default that of `x`.
    """
    threshold = levels_of(rate)
    kept = random_levels(key, shape or x.shape) >= threshold.astype(jnp.uint32)
    scale = (LEVELS / (LEVELS - threshold)).astype(x.dtype)
    return jnp.where(kept, x * scale, jnp.zeros((), x.dtype))


def levels_of(rate: jax.Array | float) -> jax.Array:
    """How many of the 65,536 levels drop a unit: the rate that is drawn is this many of them."""
    return jnp.minimum(jnp.round(jnp.asarray(rate, jnp.float32) * LEVELS), LEVELS - 1)


def random_levels(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Uniform whole numbers from 0 to 65535, two from each word: drawing is what dropout costs."""
    size = math.prod(shape)
    words = random_words(key, (size + 1) // 2)
    # Halved by arithmetic, low half first: a bitcast to 16 bits gives the same at twice the cost.
    halves = jnp.stack([words & jnp.uint32(LEVELS - 1), words >> 16], axis=-1)
    return halves.reshape(-1)[:size].reshape(shape)
