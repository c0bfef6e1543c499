"""Random flips of images."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp

from justright.errors import RecipeError
from justright.regularizers.images import DataFormat, check_data_format, on_images
from justright.regularizers.places import ActsOnBatch, Batch
from justright.regularizers.random import uniform
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique

_MODES = ("horizontal", "vertical", "horizontal_and_vertical")


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
    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = "horizontal"
    data_format: DataFormat = "channels_last"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_data_format(self)
        if self.mode not in _MODES:
            raise RecipeError(f"RandomFlip(mode={self.mode!r}): mode is one of {_MODES}.")

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
