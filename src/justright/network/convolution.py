"""Convolutions as matrix products: XLA's own are slow inside a loop on a CPU.

Inside a compiled loop XLA computes a convolution and its gradients some thirty
times slower than outside, and a lane is a loop. A product of patches with the
kernel is what convolution means, and fast everywhere; the patches take the
memory of the inputs times the kernel's size.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import keras


def patches_of(
    x: jax.Array, size: tuple[int, ...], strides: tuple[int, ...], dilation: tuple[int, ...]
) -> jax.Array:
    """What the kernel sees at each place, (rows, *places, positions in the kernel · channels).

    Args:
        x: (rows, *extent, channels), padded already.
        size, strides, dilation: of the kernel, one number for each axis of the extent.
    """
    reach = [(k - 1) * d + 1 for k, d in zip(size, dilation, strict=True)]
    places = [(n - r) // s + 1 for n, r, s in zip(x.shape[1:-1], reach, strides, strict=True)]
    seen = []
    for offset in product(*map(range, size)):
        cut = tuple(
            slice(o * d, o * d + (p - 1) * s + 1, s)
            for o, d, p, s in zip(offset, dilation, places, strides, strict=True)
        )
        seen.append(x[(slice(None), *cut)])
    return jnp.concatenate(seen, axis=-1)


def padded_as_same(
    x: jax.Array, size: tuple[int, ...], strides: tuple[int, ...], dilation: tuple[int, ...]
) -> jax.Array:
    """`x` (rows, *extent, channels) with the zeros that padding `"same"` puts around it."""
    around = []
    for n, k, s, d in zip(x.shape[1:-1], size, strides, dilation, strict=True):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        around.append((total // 2, total - total // 2))
    return jnp.pad(x, ((0, 0), *around, (0, 0)))


def convolved(layer: Any, x: jax.Array) -> jax.Array:
    """What a convolutional layer makes of `x` (rows, *extent, channels)."""
    how = tuple(layer.kernel_size), tuple(layer.strides), tuple(layer.dilation_rate)
    if layer.padding == "same":
        x = padded_as_same(x, *how)
    elif layer.padding == "causal":
        x = jnp.pad(x, ((0, 0), ((how[0][0] - 1) * how[2][0], 0), (0, 0)))
    kernel = jnp.asarray(layer.kernel)
    x = patches_of(x, *how) @ kernel.reshape(-1, kernel.shape[-1])
    if layer.use_bias:
        x = x + jnp.asarray(layer.bias)
    return x if layer.activation is None else layer.activation(x)


class QuickConv1D(keras.layers.Conv1D):
    """`keras.layers.Conv1D`, channels last and ungrouped, as a product."""

    def call(self, inputs: jax.Array) -> jax.Array:
        """As in Keras, for inputs (rows, steps, channels)."""
        return convolved(self, inputs) if isinstance(inputs, jax.Array) else super().call(inputs)


class QuickConv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D`, channels last and ungrouped, as a product."""

    def call(self, inputs: jax.Array) -> jax.Array:
        """As in Keras, for inputs (rows, height, width, channels)."""
        return convolved(self, inputs) if isinstance(inputs, jax.Array) else super().call(inputs)


class QuickConv3D(keras.layers.Conv3D):
    """`keras.layers.Conv3D`, channels last and ungrouped, as a product."""

    def call(self, inputs: jax.Array) -> jax.Array:
        """As in Keras, for inputs (rows, depth, height, width, channels)."""
        return convolved(self, inputs) if isinstance(inputs, jax.Array) else super().call(inputs)


_QUICK = {
    keras.layers.Conv1D: QuickConv1D,
    keras.layers.Conv2D: QuickConv2D,
    keras.layers.Conv3D: QuickConv3D,
}


def quick_convolution(layer: keras.layers.Layer) -> type[keras.layers.Layer] | None:
    """The class that stands in for a layer's; None for a layer that is not such a convolution."""
    kind = _QUICK.get(type(layer))
    if kind is None or layer.data_format != "channels_last" or layer.groups != 1:
        return None
    return None if layer.lora_enabled else kind
