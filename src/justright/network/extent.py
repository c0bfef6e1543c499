"""How much a pass of one row through a network takes."""

from __future__ import annotations

import math
from typing import Any

import jax
import keras


def floats_per_row(model: keras.Model) -> int:
    """Numbers that one row's activations are, patches of convolutions included."""
    return sum(_floats(layer) for layer in model.layers)


def _floats(layer: Any) -> int:
    passed = sum(map(_size, jax.tree.leaves(layer.output)))
    if hasattr(layer, "kernel_size") and hasattr(layer, "kernel"):
        passed += math.prod(layer.kernel_size) * sum(map(_size, jax.tree.leaves(layer.input)))
    return passed


def _size(tensor: Any) -> int:
    return math.prod(size or 1 for size in tensor.shape[1:])
