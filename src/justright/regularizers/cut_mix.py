"""CutMix: paste a part of another row into each row, and mix the targets by its size."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.regularizers.images import DataFormat, within
from justright.regularizers.mixup import with_mixed_targets
from justright.regularizers.option import choice
from justright.regularizers.places import ActsOnBatch, Batch
from justright.regularizers.random import fold_in, permutation, symmetric_beta, uniform
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class CutMix(Technique, ActsOnBatch):
    """Replace a part of each row by that of another row of the batch, and mix targets by its share.

    For images the part is a box of √(1 − λ) of each side, λ ~ Beta(α, α), its
    center anywhere: one box and one λ a batch, as in the authors' code. For
    signals (rows, steps, channels) it is a segment, for tables a random subset of
    (1 − λ) of the features. Targets are mixed by the share that was really
    replaced. Classes become probabilities inside the program.

    Args:
        alpha: α ≥ 0. 1 is the paper's; 0 changes nothing.
        data_format: `"channels_last"` or `"channels_first"`, for signals and images.

    Raises:
        RecipeError: a negative α.
        ModelError: a loss of one's own that takes labels.

    When: image classifiers overfit, and mixup's double exposures look unreal.
    Cost: no extra pass.
    Try: `cut_mix=1`

    Source: Yun, Han, Oh, Chun, Choe, Yoo, "CutMix: regularization strategy to train
    strong classifiers with localizable features", ICCV 2019, equations 1 and 2.
    """

    alpha: float = strength(by_layer=False, meaning="the parameter of a beta distribution")
    data_format: DataFormat = choice(default="channels_last", others=("channels_first",))

    soft_targets = True

    def batch(self, batch: Batch, key: jax.Array) -> Batch:
        """Paste the same part into every row, each from its own partner."""
        draw = symmetric_beta(fold_in(key, 0), self.alpha)
        cut = jnp.where(jnp.asarray(self.alpha) > 0, 1 - draw, 0)
        partner = permutation(fold_in(key, 1), batch.inputs.shape[0])
        shape = batch.inputs.shape[1:]
        if len(shape) == 1:
            part = permutation(fold_in(key, 2), shape[0]) < jnp.floor(cut * shape[0])
            share = part.mean()
        else:
            first = self.data_format == "channels_first"
            places = shape[1:] if first else shape[:-1]
            box = box_of(cut, uniform(fold_in(key, 2), (len(places),)), places)
            part = box[None] if first else box[..., None]
            share = box.mean()
        return with_mixed_targets(batch, partner, share)._replace(
            inputs=jnp.where(part, batch.inputs[partner], batch.inputs)
        )


def box_of(cut: jax.Array, at: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Which places lie in a box that takes `cut` of all of them, where it does not stick out.

    Args:
        cut: share of the places, in [0, 1].
        at: the center, uniform in (0, 1), one number an axis.
        shape: of the places.
    """
    box = jnp.ones(shape, bool)
    for axis, count in enumerate(shape):
        half = jnp.floor(jnp.floor(count * cut ** (1 / len(shape))) / 2)
        line = within(jnp.floor(at[axis] * count) - half, 2 * half, count)
        box = box & line.reshape([count if a == axis else 1 for a in range(len(shape))])
    return box
