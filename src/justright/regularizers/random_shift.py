"""Random shifts of images."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.regularizers.images import DataFormat, on_images, sample
from justright.regularizers.option import choice
from justright.regularizers.places import ActsOnBatch, Batch
from justright.regularizers.random import uniform
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class RandomShift(Technique, ActsOnBatch):
    """Shift each image by up to `factor` of its height and of its width, in any direction.

    Shifts are continuous: pixels are interpolated bilinearly, and beyond the edge
    the image is mirrored, as in Keras. (`RandomCrop` shifts by whole pixels and
    fills with 0.)

    Args:
        factor: in [0, 1], a share of the side. 0.1 is usual; 0 changes nothing.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        RecipeError: a factor outside [0, 1], or inputs that are no images.

    When: objects may stand anywhere in the image.
    Cost: no extra pass; four pixels read for one.
    Try: `random_shift=0.1`

    Source: Simard, Steinkraus, Platt, "Best practices for convolutional neural
    networks applied to visual document analysis", ICDAR 2003, section 2; as
    `keras.layers.RandomTranslation(factor, factor)`.
    """

    factor: float = strength(high=1.0, by_layer=False, meaning="a share of the side")
    data_format: DataFormat = choice(default="channels_last", others=("channels_first",))

    def batch(self, batch: Batch, key: jax.Array) -> Batch:
        """Shift each image by its own draw; targets stay."""

        def change(images: jax.Array) -> jax.Array:
            rows, height, width, _ = images.shape
            by = self.factor * (2 * uniform(key, (2, rows)) - 1)
            return shifted(images, by[0] * height, by[1] * width)

        return on_images(self, batch, change)


def shifted(images: jax.Array, down: jax.Array, right: jax.Array) -> jax.Array:
    """Images (rows, height, width, channels) shifted by pixels (rows,)."""
    rows, height, width, _ = images.shape
    y = jnp.arange(height)[:, None] - down[:, None, None]
    x = jnp.arange(width)[None, :] - right[:, None, None]
    places = (rows, height, width)
    return sample(images, jnp.broadcast_to(y, places), jnp.broadcast_to(x, places))
