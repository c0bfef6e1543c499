"""DropConnect: drop weights at random while training."""

from __future__ import annotations

from typing import Literal

import jax

from justright.errors import RecipeError
from justright.regularizers.dropout import WHERE, drop
from justright.regularizers.exports import PredictsByMoments
from justright.regularizers.location import Kernels, kernels_with
from justright.regularizers.option import choice
from justright.regularizers.places import ActsOnStepWeights, Weights
from justright.regularizers.random import fold_in
from justright.regularizers.strength import Position, Strength, strength, strength_at
from justright.regularizers.technique import Technique, technique


@technique
class DropConnect(Technique, ActsOnStepWeights, PredictsByMoments):
    """Drop each weight with probability `rate` in a step, and scale the rest by 1/(1 − rate).

    One mask serves all rows of a batch: it costs as many draws, and as much memory, as
    there are weights. The paper draws a mask for each row, as `per_example` does: rows ×
    weights draws and numbers, and as many again for their gradients. Scaled in training,
    a weight keeps its mean, so prediction may use the weights as they are. The paper
    predicts otherwise: what reaches the activation of a masked layer has nearly a normal
    distribution, N(Wx, rate/(1 − rate)·(W∘W)(x∘x)), and what is sent on is the mean of the
    activation over draws from it. `Study.predict` does that if `inference` says so, with
    200 draws from its seed: about two passes, and 200 times the memory and the activations
    of the masked layers, dense and convolutional ones. Curves, tables and the exported
    model take the weights as they are in either case, since a standard Keras layer cannot
    draw; the export says so. Biases are left alone (the paper masks them, too).

    Args:
        rate: fraction dropped, in [0, 1), of the kernels of hidden layers; a mapping
            can add `"output"` or differ by layer. 0.5 is the paper's; 0 changes
            nothing.
        per_example: whether each row has a mask of its own. Rows then go through the
            network one by one, so batch normalization has no batch.
        inference: `"mean"`, the weights as they are, or `"gaussian"`, the paper's rule.

    Raises:
        RecipeError: a rate outside [0, 1), an unknown `inference`, no hidden layer and
            none named, `per_example` in a network that keeps state (batch
            normalization, dropout layers of its own), or `"gaussian"` for weights of a
            recurrent, separable or attention layer.

    When: dropout helps, and finer noise on the weights may help more.
    Cost: no extra pass; half a random word a weight.
    Try: `drop_connect=0.3`

    Source: Wan, Zeiler, Zhang, LeCun, Fergus, "Regularization of neural networks
    using DropConnect", ICML 2013, equation 2, algorithm 2; a mask a batch: Merity, Keskar,
    Socher, "Regularizing and optimizing LSTM language models", ICLR 2018, section 2.
    """

    rate: Strength = strength(high=1.0, high_included=False, meaning="a drop probability")
    per_example: bool = False
    inference: Literal["mean", "gaussian"] = choice(default="mean", others=("gaussian",))

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

    def weight_variance(self, layer: str, position: Position) -> float | None:
        """That of a mask by the square of its mean, rate/(1 − rate)."""
        rate = strength_at(self.rate, layer, position, WHERE)
        return None if rate is None or self.inference == "mean" else rate / (1 - rate)
