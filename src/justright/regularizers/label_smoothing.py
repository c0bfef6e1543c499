"""Label smoothing: targets that leave some probability to every class."""

from __future__ import annotations

import jax

from justright.errors import RecipeError
from justright.regularizers.mixup import mixed
from justright.regularizers.places import ActsOnBatch, Batch
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class LabelSmoothing(Technique, ActsOnBatch):
    """Train on targets y ← (1 − ε)·y + ε·u, where u gives all classes the same probability.

    u is 1/K for one of K classes, and ½ for a class that is or is not so (binary,
    and each of several labels a row). This is `label_smoothing` of Keras' losses
    and of PyTorch's `CrossEntropyLoss`. The logged losses are those of the true
    targets.

    Args:
        smoothing: ε in [0, 1]. 0.1 is usual; 0 changes nothing.

    Raises:
        RecipeError: ε outside [0, 1], or targets that are numbers.
        ModelError: a loss of one's own that takes labels.

    When: a classifier is too sure of itself, or some labels are wrong.
    Cost: no extra pass.
    Try: `label_smoothing=0.1`

    Source: Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, "Rethinking the inception
    architecture for computer vision", CVPR 2016, section 7.
    """

    smoothing: float = strength(
        high=1.0, by_layer=False, smooth=True, meaning="a share of the targets"
    )

    soft_targets = True

    def batch(self, batch: Batch, key: jax.Array) -> Batch:
        """Smooth the targets; the inputs stay."""
        if batch.uniform is None:
            raise RecipeError(
                "LabelSmoothing smooths over classes, and the targets are numbers. Take it out of "
                "the recipe, or give classes as targets."
            )
        uniform = batch.uniform.astype(batch.targets.dtype)
        return batch._replace(targets=mixed(batch.targets, uniform, self.smoothing))
