"""Weight noise: compute each step with slightly wrong weights."""

from __future__ import annotations

import jax

from justright.regularizers.l2 import EVERYWHERE
from justright.regularizers.location import Kernels, kernels_with
from justright.regularizers.places import ActsOnStepWeights, Weights
from justright.regularizers.random import fold_in, normal
from justright.regularizers.strength import Strength, strength
from justright.regularizers.technique import Technique, technique


@technique
class WeightNoise(Technique, ActsOnStepWeights):
    """Add Gaussian noise to the kernels for the passes of one step: w + σ·n, n ~ N(0, 1).

    The gradient is that at the noisy weights, and moves the weights without
    noise; prediction uses those. One draw serves all rows of a batch. Biases are
    left alone.

    Args:
        stddev: σ ≥ 0, in units of the weights, or a mapping by layer. 0.01 to 0.1 is
            usual; 0 changes nothing.

    Raises:
        RecipeError: a negative σ.

    When: weights will be rounded later, or a recurrent network overfits.
    Cost: no extra pass; a normal number a weight.
    Try: `weight_noise=0.05`

    Source: Graves, "Practical variational inference for neural networks", NIPS
    2011, section 5 (fixed variance); Murray & Edwards, "Enhanced MLP performance
    and fault tolerance resulting from synaptic weight noise during training",
    IEEE Transactions on Neural Networks 5, 1994.
    """

    stddev: Strength = strength(smooth=True, meaning="a standard deviation")

    def step_weights(self, weights: Weights, kernels: Kernels, key: jax.Array) -> Weights:
        """Add noise to the kernels, a draw for each element."""
        noisy = dict(weights)
        for i, (path, stddev) in enumerate(kernels_with(kernels, self.stddev, EVERYWHERE)):
            noisy[path] = weights[path] + stddev * normal(fold_in(key, i), weights[path].shape)
        return noisy
