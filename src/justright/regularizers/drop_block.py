"""DropBlock: drop squares of feature maps."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.regularizers.dropout import WHERE
from justright.regularizers.location import Site
from justright.regularizers.option import option
from justright.regularizers.places import ActsOnActivations
from justright.regularizers.random import uniform
from justright.regularizers.strength import Strength, strength, strength_at
from justright.regularizers.technique import Technique, technique


@technique
class DropBlock(Technique, ActsOnActivations):
    """Drop squares of neighboring pixels in each feature map, scale the rest.

    Blocks lie wholly inside the map, each channel has its own, and are so
    frequent that about `rate` of the pixels is dropped (less, where blocks
    overlap). What is left is scaled by all / left of the batch, so the mean stays.
    It acts on layers whose outputs are images; others are left alone, and a
    network without one is refused.

    Args:
        rate: fraction dropped, in [0, 1), after the activation of each hidden layer,
            or a mapping by layer. 0.1 is the paper's (it raises it during
            training); 0 changes nothing.
        block_size: side of a block in pixels, at least 1; a smaller map is one
            block. 7 is the paper's; 1 is dropout.

    Raises:
        RecipeError: a rate or block size out of range, or a network without a
            layer that makes images.

    When: convolutions on large images overfit; feature maps are wider than a block.
    Cost: no extra pass.
    Try: `drop_block=0.1`

    Source: Ghiasi, Lin, Le, "DropBlock: a regularization method for convolutional
    networks", NeurIPS 2018, algorithm 1 and equation 1.
    """

    rate: Strength = strength(high=1.0, high_included=False, meaning="a drop probability")
    block_size: int = option(default=7, low=1, integer=True)

    def fits(self, site: Site) -> bool:
        """Where there are images (rows, height, width, channels)."""
        return site.rank == 4

    def activation(self, x: jax.Array, site: Site, key: jax.Array) -> jax.Array:
        """Drop blocks of the feature maps in `x`."""
        rate = strength_at(self.rate, site.layer, site.position, WHERE)
        if rate is None or not self.fits(site):
            return x
        axes = (2, 3) if site.channels_first else (1, 2)
        kept = ~blocks(x.shape, axes, self.block_size, rate, key)
        left = jnp.maximum(jnp.sum(kept.astype(jnp.float32)), 1)
        return jnp.where(kept, x * (kept.size / left).astype(x.dtype), 0)


def blocks(
    shape: tuple[int, ...], axes: tuple[int, int], size: int, rate: jax.Array, key: jax.Array
) -> jax.Array:
    """Which elements lie in a dropped block; `axes` are height and width."""
    sides = [shape[axis] for axis in axes]
    size = min(size, *sides)
    corners = [side - size + 1 for side in sides]
    places = list(shape)
    window, padding = [1] * len(shape), [(0, 0)] * len(shape)
    for axis, count in zip(axes, corners, strict=True):
        places[axis], window[axis], padding[axis] = count, size, (size - 1, size - 1)
    # Equation 1: so many blocks that their pixels would make up the rate.
    frequency = rate * (sides[0] * sides[1]) / (size**2 * corners[0] * corners[1])
    starts = (uniform(key, tuple(places)) < frequency).astype(jnp.float32)
    strides = (1,) * len(shape)
    return jax.lax.reduce_window(starts, 0.0, jax.lax.max, tuple(window), strides, padding) > 0
