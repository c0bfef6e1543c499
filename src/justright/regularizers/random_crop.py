"""Random crops of padded images."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.regularizers.images import DataFormat, on_images
from justright.regularizers.option import choice
from justright.regularizers.places import ActsOnBatch, Batch
from justright.regularizers.random import uniform
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class RandomCrop(Technique, ActsOnBatch):
    """Pad each image with 0 on all sides, and cut one of its own size out of it.

    All places of the cut are equally likely; images move by whole pixels.

    Args:
        padding: pixels on each side, a whole number of at least 0. 4 of 32 is the
            standard for small photographs; 0 changes nothing.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        RecipeError: a negative or broken padding, or inputs that are no images.

    When: images are small photographs, whose edges say little.
    Cost: no extra pass.
    Try: `random_crop=4`

    Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition",
    CVPR 2016, section 4.2; as torchvision's `RandomCrop(size, padding)`.
    """

    padding: float = strength(integer=True, meaning="a number of pixels")
    data_format: DataFormat = choice(default="channels_last", others=("channels_first",))

    def batch(self, batch: Batch, key: jax.Array) -> Batch:
        """Cut each image by its own draw; targets stay."""

        def change(images: jax.Array) -> jax.Array:
            padding = jnp.floor(self.padding)
            draws = uniform(key, (2, len(images)))
            # The product can round up to the number of places.
            start = jnp.minimum(jnp.floor(draws * (2 * padding + 1)), 2 * padding) - padding
            return jax.vmap(crop)(images, *start.astype(jnp.int32))

        return on_images(self, batch, change)


def crop(image: jax.Array, top: jax.Array, left: jax.Array) -> jax.Array:
    """An image (height, width, channels) cut at a place that may lie outside, where it is 0."""
    height, width, _ = image.shape
    y, x = jnp.arange(height) + top, jnp.arange(width) + left
    inside = ((y >= 0) & (y < height))[:, None] & ((x >= 0) & (x < width))[None, :]
    pixels = image[jnp.clip(y, 0, height - 1)][:, jnp.clip(x, 0, width - 1)]
    return jnp.where(inside[..., None], pixels, 0)
