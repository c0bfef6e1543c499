"""From a trial's seed and split to everything random in it.

Recipes with the same seed and split share initial weights and batch order, so
they compare in pairs. A technique's stream depends on its name, not on what
stands beside it in the recipe, so adding one leaves the others' draws alone.
"""

from __future__ import annotations

import zlib

import jax
import numpy as np

from justright.regularizers.random import fold_in, random_words

_INITIAL_WEIGHTS, _BATCH_ORDER, _TECHNIQUES, _OWN_LAYERS, _PASS_ORDER = range(5)


def initial_weights_seed(seed: int, split: int) -> int:
    """The seed of the layers' initializers."""
    return int(_words(seed, split, _INITIAL_WEIGHTS)[0])


def batch_order_key(seed: int, split: int) -> np.ndarray:
    """Key data (2,) of uint32 for the order of rows in each epoch."""
    return _words(seed, split, _BATCH_ORDER)


def pass_order(epoch: int) -> np.random.Generator:
    """What draws the order of one pass over a stream: all trials of a study share the pass."""
    return np.random.default_rng([_PASS_ORDER, epoch])


def technique_key(seed: int, split: int) -> np.ndarray:
    """Key data (2,) of uint32 for what the recipe draws."""
    return _words(seed, split, _TECHNIQUES)


def own_layers_key(seed: int, split: int) -> np.ndarray:
    """Key data (2,) of uint32 for random layers that the model brings itself."""
    return _words(seed, split, _OWN_LAYERS)


def stream_of(technique: object) -> int:
    """A number for a kind of technique, to fold into a key: the same on every machine."""
    return zlib.crc32(type(technique).__name__.encode()) & 0x7FFFFFFF


def step_key(key_data: jax.Array, technique: object, step: jax.Array) -> jax.Array:
    """The key of one technique in one step."""
    return fold_in(jax.random.wrap_key_data(key_data), stream_of(technique), step)


def shuffled(key_data: jax.Array, epoch: jax.Array, rows: jax.Array) -> jax.Array:
    """The rows (n,) in the order of one epoch."""
    words = random_words(fold_in(jax.random.wrap_key_data(key_data), epoch), rows.shape[0])
    return jax.lax.sort_key_val(words, rows)[1]


def _words(seed: int, split: int, purpose: int) -> np.ndarray:
    return np.random.SeedSequence([seed, split, purpose]).generate_state(2, np.uint32)
