"""Random flips of images."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp

from justright.regularizers.images import DataFormat, on_images
from justright.regularizers.option import choice
from justright.regularizers.places import ActsOnBatch, Batch
from justright.regularizers.random import uniform
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class RandomFlip(Technique, ActsOnBatch):
    """Mirror each image with some probability.

    Args:
        probability: in [0, 1], of each flip. 0.5, as in Keras, shows both sides
            alike; 0 changes nothing.
        mode: `"horizontal"` (left and right), `"vertical"`, or
            `"horizontal_and_vertical"`, each on its own, as in Keras.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        RecipeError: a probability outside [0, 1], another mode, or inputs that
            are no images.

    When: a mirrored image means the same.
    Cost: no extra pass.
    Try: `random_flip=0.5`

    Source: Krizhevsky, Sutskever, Hinton, "ImageNet classification with deep
    convolutional neural networks", NIPS 2012, section 4.1; as
    `keras.layers.RandomFlip`.
    """

    probability: float = strength(high=1.0, by_layer=False, meaning="a probability of flipping")
    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = choice(
        default="horizontal", others=("vertical", "horizontal_and_vertical")
    )
    data_format: DataFormat = choice(default="channels_last", others=("channels_first",))

    def batch(self, batch: Batch, key: jax.Array) -> Batch:
        """Mirror some of the images; targets stay."""

        def change(images: jax.Array) -> jax.Array:
            flipped = uniform(key, (2, len(images), 1, 1, 1)) < self.probability
            if "vertical" in self.mode:
                images = jnp.where(flipped[0], images[:, ::-1], images)
            if "horizontal" in self.mode:
                images = jnp.where(flipped[1], images[:, :, ::-1], images)
            return images

        return on_images(self, batch, change)
