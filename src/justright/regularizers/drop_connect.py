"""DropConnect: drop weights at random while training."""

from __future__ import annotations

import jax

from justright.errors import RecipeError
from justright.regularizers.dropout import WHERE, drop
from justright.regularizers.location import Kernels, kernels_with
from justright.regularizers.places import ActsOnStepWeights, Weights
from justright.regularizers.random import fold_in
from justright.regularizers.strength import Strength, strength
from justright.regularizers.technique import Technique, technique


@technique
class DropConnect(Technique, ActsOnStepWeights):
    """Drop each weight with probability `rate` in a step, and scale the rest by 1/(1 − rate).

    One mask serves all rows of a batch: it costs as many draws, and as much
    memory, as there are weights. The paper draws a mask for each row, as
    `per_example` does: rows × fan-in × fan-out draws and numbers a layer. Scaled in
    training, a weight keeps its mean, so prediction uses the weights as they are;
    the paper scales at prediction and matches a Gaussian there. Biases are left
    alone.

    Args:
        rate: fraction dropped, in [0, 1), of the kernels of hidden layers; a mapping
            can add `"output"` or differ by layer. 0.5 is the paper's; 0 changes
            nothing.
        per_example: whether each row has a mask of its own. Rows then go through the
            network one by one, so batch normalization has no batch.

    Raises:
        RecipeError: a rate outside [0, 1), no hidden layer and none named, or
            `per_example` in a network that keeps state (batch normalization, dropout
            layers of its own).

    When: dropout helps, and finer noise on the weights may help more.
    Cost: no extra pass; half a random word a weight.
    Try: `drop_connect=0.3`

    Source: Wan, Zeiler, Zhang, LeCun, Fergus, "Regularization of neural networks
    using DropConnect", ICML 2013, equation 2; a mask a batch: Merity, Keskar,
    Socher, "Regularizing and optimizing LSTM language models", ICLR 2018, section 2.
    """

    rate: Strength = strength(high=1.0, high_included=False, meaning="a drop probability")
    per_example: bool = False

    def differs_by_row(self) -> bool:
        """As `per_example` says."""
        return self.per_example

    def step_weights(self, weights: Weights, kernels: Kernels, key: jax.Array) -> Weights:
        """Drop elements of the kernels; gradients reach those that are left."""
        rates = tuple(kernels_with(kernels, self.rate, WHERE))
        if not rates:
            raise RecipeError(
                "DropConnect finds nowhere to act: it drops weights of hidden layers. Add one, "
                'or name the output: DropConnect({"output": 0.3}).'
            )
        dropped = dict(weights)
        for i, (path, rate) in enumerate(rates):
            dropped[path] = drop(weights[path], rate, fold_in(key, i))
        return dropped
