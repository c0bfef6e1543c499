"""Spatial dropout: drop whole feature maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax

from justright.regularizers.dropout import WHERE, drop
from justright.regularizers.exports import ExportsLayer
from justright.regularizers.location import Site
from justright.regularizers.places import ActsOnActivations
from justright.regularizers.strength import Strength, strength, strength_at
from justright.regularizers.technique import Technique, technique

if TYPE_CHECKING:
    import keras


@technique
class SpatialDropout(Technique, ActsOnActivations, ExportsLayer):
    """Drop whole channels of a convolution's output with probability `rate`, scale the rest.

    Neighboring pixels say nearly the same, so dropping them one by one hides
    little; a channel is dropped at all places of a row at once. It acts on
    signals (rows, steps, channels), images and volumes; channels are counted as the
    layer counts them, and last at the input. On the output of a dense
    layer there are no places, and it is `Dropout`.

    Args:
        rate: fraction of channels dropped, in [0, 1). It acts after the activation
            of each hidden layer; a mapping can add `"input"` or differ by layer.
            0 changes nothing.

    Raises:
        RecipeError: a rate outside [0, 1).

    When: convolutions overfit, and dropout of single pixels shows no effect.
    Cost: no extra pass.
    Try: `spatial_dropout=0.2`

    Source: Tompson, Goroshin, Jain, LeCun, Bregler, "Efficient object localization
    using convolutional networks", CVPR 2015, section 3.3; as
    `keras.layers.SpatialDropout1D` to `3D`.
    """

    rate: Strength = strength(high=1.0, high_included=False, meaning="a drop probability")

    def activation(self, x: jax.Array, site: Site, key: jax.Array) -> jax.Array:
        """Drop channels of `x`, each row its own."""
        rate = strength_at(self.rate, site.layer, site.position, WHERE)
        if rate is None:
            return x
        channel = 1 if site.channels_first else x.ndim - 1
        shape = tuple(n if axis in (0, channel) else 1 for axis, n in enumerate(x.shape))
        return drop(x, rate, key, shape)

    def keras_layer(self, site: Site) -> keras.layers.Layer | None:
        """Keras' spatial dropout for as many axes as there are, `Dropout` where there are none."""
        import keras

        rate = strength_at(self.rate, site.layer, site.position, WHERE)
        if rate is None:
            return None
        if site.rank == 3:
            return keras.layers.SpatialDropout1D(rate)
        kinds = {4: keras.layers.SpatialDropout2D, 5: keras.layers.SpatialDropout3D}
        if site.rank not in kinds:
            return keras.layers.Dropout(rate)
        data_format = "channels_first" if site.channels_first else "channels_last"
        return kinds[site.rank](rate, data_format=data_format)
