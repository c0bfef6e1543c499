"""Feature masking: replace features by those of other rows."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.regularizers.dropout import LEVELS, random_levels
from justright.regularizers.places import ActsOnBatch, Batch
from justright.regularizers.random import fold_in, uniform
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class FeatureMasking(Technique, ActsOnBatch):
    """With probability `rate`, give a feature of a row the value it has in another row.

    Each feature of each row is masked on its own, and its new value comes from a
    row of the batch that is drawn for it: the feature keeps its distribution, so
    binary and skewed columns stay what they are. (Masking by zero is
    `Dropout({"input": rate})`.) Targets stay.

    Args:
        rate: fraction of features replaced, in [0, 1]. 0.1 to 0.3 is usual for
            training with labels; 0 changes nothing.

    Raises:
        RecipeError: a rate outside [0, 1].

    When: rows are a table of mixed columns, where added noise makes no sense.
    Cost: no extra pass.
    Try: `feature_masking=0.2`

    Source: Bahri, Jiang, Tay, Metzler, "SCARF: self-supervised contrastive learning
    using random feature corruption", ICLR 2022, algorithm 1, here for training
    with labels; Yoon, Zhang, Jordon, van der Schaar, "VIME", NeurIPS 2020,
    equation 3.
    """

    rate: float = strength(high=1.0, by_layer=False, meaning="a probability of masking")

    def batch(self, batch: Batch, key: jax.Array) -> Batch:
        """Replace features of the inputs (rows, …)."""
        rows = batch.inputs.shape[0]
        x = batch.inputs.reshape(rows, -1)
        threshold = jnp.round(jnp.asarray(self.rate, jnp.float32) * LEVELS)
        masked = random_levels(fold_in(key, 0), x.shape).astype(jnp.float32) < threshold
        # The product can round up to the number of rows.
        other = (uniform(fold_in(key, 1), x.shape) * rows).astype(jnp.int32)
        values = jnp.take_along_axis(x, jnp.minimum(other, rows - 1), axis=0)
        return batch._replace(inputs=jnp.where(masked, values, x).reshape(batch.inputs.shape))
