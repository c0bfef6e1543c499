"""Decoupled weight decay: AdamW's."""

from __future__ import annotations

import jax.numpy as jnp

from justright.regularizers.location import Kernels, kernels_with
from justright.regularizers.places import ActsOnUpdate, Update, Weights
from justright.regularizers.shrinkage import Shrinks
from justright.regularizers.strength import Strength, strength
from justright.regularizers.technique import Technique, technique


@technique
class WeightDecay(Technique, ActsOnUpdate, Shrinks):
    """Shrink all kernels by learning rate × strength at each step, apart from the gradient.

    w ← w_updated − η·λ·w_before. Under plain SGD this is L2 with gradient λw.
    Under Adam it is not: there L2's gradient is divided by √v̂, so weights with
    large gradients are hardly decayed, while this decays all alike. A weight that
    the step has left at exactly zero, as `L1` or `GroupLasso` before it in the
    recipe do, has nothing left to decay and stays there.

    Args:
        strength: λ ≥ 0, or a mapping for strengths that differ by layer. 0 changes
            nothing; 0.01 is PyTorch's default in AdamW, 0.004 Keras'. Biases are
            left alone (PyTorch decays them too unless told otherwise).

    Raises:
        RecipeError: a negative strength.

    When: the optimizer is Adam, where L2 hardly acts on weights with large
        gradients.
    Cost: no extra pass.
    Try: `weight_decay=0.01`

    Source: Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR
    2019, algorithm 2; η is the learning rate, as in PyTorch and Keras.
    """

    strength: Strength = strength(smooth=True, meaning="the strength of the decay")

    def after_update(self, weights: Weights, update: Update) -> Weights:
        """Subtract η·λ·w, with w as it was before the update."""
        decayed = dict(weights)
        for path, value in kernels_with(update.kernels, self.strength):
            w = weights[path]
            less = w - update.learning_rate * value * update.before[path]
            # It would push a weight from the zero of a proximal step to beyond it.
            decayed[path] = jnp.where(w == 0, w, less)
        return decayed

    def shrunk(self, kernels: Kernels) -> tuple[str, ...]:
        """All kernels on which the strength acts."""
        return tuple(path for path, _ in kernels_with(kernels, self.strength))
