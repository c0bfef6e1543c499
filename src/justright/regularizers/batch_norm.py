"""Batch normalization: standardise what a hidden layer computes, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from justright.regularizers.option import option
from justright.regularizers.places import ActsOnStructure
from justright.regularizers.technique import Technique, technique

if TYPE_CHECKING:
    import keras


@technique
class BatchNorm(Technique, ActsOnStructure):
    """Put batch normalization between each hidden layer and its activation.

    x̂ = (x − μ)/√(σ² + ε), then a learned scale and shift, with μ and σ² of the
    batch in training and running averages of them at prediction. The order is
    Dense → BatchNorm → activation → Dropout. It acts on dense and convolutional
    hidden layers that are not followed by a normalization of their own.

    Args:
        momentum: of the running averages, in [0, 1): Keras' 0.99. With few batches
            in all, 0.9 follows sooner.
        epsilon: ε > 0, added to the variance: Keras' 0.001.

    Raises:
        RecipeError: momentum or epsilon out of range, or a network without a
            layer to act on.

    When: a deep network trains slowly, and batches have 16 rows or more.
    Cost: no extra pass; statistics of each hidden layer.
    Try: `batch_norm`

    Source: Ioffe & Szegedy, "Batch normalization: accelerating deep network
    training by reducing internal covariate shift", ICML 2015, algorithms 1 and 2.
    """

    momentum: float = option(default=0.99, high=1.0, high_included=False)
    epsilon: float = option(default=0.001, low_included=False)

    def before_activation(self, layer: keras.layers.Layer) -> Sequence[keras.layers.Layer]:
        """`keras.layers.BatchNormalization` over the layer's units or channels."""
        import keras

        channels_first = getattr(layer, "data_format", None) == "channels_first"
        return [
            keras.layers.BatchNormalization(
                axis=1 if channels_first else -1,
                momentum=self.momentum,
                epsilon=self.epsilon,
                name=f"{layer.name}_batch_norm",
            )
        ]
