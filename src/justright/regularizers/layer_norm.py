"""Layer normalization: standardize what a hidden layer computes, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from justright.regularizers.option import option
from justright.regularizers.places import ActsOnStructure
from justright.regularizers.technique import Technique, technique

if TYPE_CHECKING:
    import keras


@technique
class LayerNorm(Technique, ActsOnStructure):
    """Put layer normalization between each hidden layer and its activation.

    x̂ = (x − μ)/√(σ² + ε), then a learned scale and shift for each unit, with μ and
    σ² over the units of a row: no row sees another, and prediction does what
    training does. In images they are over the channels of a pixel, as in Keras'
    layer. It acts where `BatchNorm` does, and costs no further pass.

    Args:
        epsilon: ε > 0, added to the variance: Keras' 0.001.

    Raises:
        RecipeError: ε out of range, or a network without a layer to act on.

    When: batches are too small for batch norm, or a network is deep.
    Cost: no extra pass; statistics of each row.
    Try: `layer_norm`

    Source: Ba, Kiros, Hinton, "Layer normalization", 2016, equations 3 and 4.
    """

    epsilon: float = option(default=0.001, low_included=False)

    def before_activation(self, layer: keras.layers.Layer) -> Sequence[keras.layers.Layer]:
        """`keras.layers.LayerNormalization` over the layer's units or channels."""
        import keras

        channels_first = getattr(layer, "data_format", None) == "channels_first"
        return [
            keras.layers.LayerNormalization(
                axis=1 if channels_first else -1,
                epsilon=self.epsilon,
                name=f"{layer.name}_layer_norm",
            )
        ]
