"""What augmentations of images share: axes, boxes, and reading pixels at moved places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import jax
import jax.numpy as jnp

from justright.errors import RecipeError
from justright.regularizers.places import Batch

DataFormat = Literal["channels_last", "channels_first"]


class OfImages(Protocol):
    """A technique with Keras' `data_format`."""

    @property
    def data_format(self) -> DataFormat:
        """Where the channels are."""


def on_images(technique: OfImages, batch: Batch, change: Callable[[jax.Array], jax.Array]) -> Batch:
    """The batch with its images (rows, height, width, channels) changed.

    Raises:
        RecipeError: inputs that are no images.
    """
    if batch.inputs.ndim != 4:
        raise RecipeError(
            f"{type(technique).__name__} is for images, and the inputs have rows of shape "
            f"{batch.inputs.shape[1:]}. Give rows of (height, width, channels), or take it out of "
            "the recipe."
        )
    if technique.data_format == "channels_last":
        return batch._replace(inputs=change(batch.inputs))
    changed = change(jnp.moveaxis(batch.inputs, 1, -1))
    return batch._replace(inputs=jnp.moveaxis(changed, -1, 1))


def within(start: jax.Array, length: jax.Array, count: int) -> jax.Array:
    """Which of `count` places in a line are among the `length` ones from `start`, (…, count)."""
    place = jnp.arange(count)
    return (place >= start[..., None]) & (place < (start + length)[..., None])


def sample(images: jax.Array, y: jax.Array, x: jax.Array) -> jax.Array:
    """Read images at places between pixels, bilinearly; beyond the edge they are mirrored.

    Args:
        images: (rows, height, width, channels).
        y, x: coordinates (rows, height, width), 0 at the first pixel's center.
    """
    _, height, width, _ = images.shape
    top, left = jnp.floor(y), jnp.floor(x)

    def read(dy: int, dx: int) -> jax.Array:
        rows = _mirrored(top.astype(jnp.int32) + dy, height)
        columns = _mirrored(left.astype(jnp.int32) + dx, width)
        return jax.vmap(lambda image, r, c: image[r, c])(images, rows, columns)

    # Written so that whole coordinates give the pixels to the bit.
    across, down = (x - left)[..., None], (y - top)[..., None]
    upper = read(0, 0) + across * (read(0, 1) - read(0, 0))
    lower = read(1, 0) + across * (read(1, 1) - read(1, 0))
    return upper + down * (lower - upper)


def _mirrored(place: jax.Array, count: int) -> jax.Array:
    """Places beyond the edge, counted back from it: d c b a | a b c d | d c b a."""
    place = place % (2 * count)
    return jnp.minimum(place, 2 * count - 1 - place)
