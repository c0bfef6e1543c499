"""From a trial's seed and split to everything random in it.

Recipes with the same seed and split share initial weights and batch order, so
they compare in pairs. A technique's stream depends on its name, not on what
stands beside it in the recipe, so adding one leaves the others' draws alone.
"""

from __future__ import annotations

import zlib

import jax
import jax.numpy as jnp
import numpy as np

from justright.regularizers.random import fold_in, random_words

# So many rows leave 20 random bits a row: one row in 250 draws what another drew, and such stay
# in order.
SORTED_PACKED = 4096

_INITIAL_WEIGHTS, _BATCH_ORDER, _TECHNIQUES, _OWN_LAYERS, _PASS_ORDER, _PREDICTION = range(6)
_MASKS, _ORDERS = 6, 7


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


def prediction_key(seed: int) -> np.ndarray:
    """Key data (2,) of uint32 for noise drawn at prediction."""
    return _words(seed, 0, _PREDICTION)


def mask_draws(seed: int, split: int) -> np.random.Generator:
    """What draws the masks of an ensemble of thinned networks."""
    return np.random.default_rng([seed, split, _MASKS])


def order_draws(seed: int, split: int) -> np.random.Generator:
    """What draws the orders in which techniques are added, to share out what they bring."""
    return np.random.default_rng([seed, split, _ORDERS])


def prediction_draws(seed: int) -> jax.Array:
    """The key of what a rule of prediction draws, where the recipe's noise rests."""
    return fold_in(jax.random.wrap_key_data(jnp.asarray(prediction_key(seed))), 0, 1)


def stream_of(technique: object) -> int:
    """A number for a kind of technique, to fold into a key: the same on every machine."""
    return zlib.crc32(type(technique).__name__.encode()) & 0x7FFFFFFF


def step_key(key_data: jax.Array, technique: object, step: jax.Array) -> jax.Array:
    """The key of one technique in one step."""
    return fold_in(jax.random.wrap_key_data(key_data), stream_of(technique), step)


def shuffled(
    key_data: jax.Array, epoch: jax.Array, rows: jax.Array, real: jax.Array | None = None
) -> jax.Array:
    """The rows (n,) in the order of one epoch.

    Args:
        key_data: (2,) of uint32.
        epoch: which.
        rows: (n,) what is put in order.
        real: how many of them, the first ones, are to stand before the others; all if None.
    """
    count = rows.shape[0]
    words = random_words(fold_in(jax.random.wrap_key_data(key_data), epoch), count)
    if real is not None:
        last = jnp.uint32(0xFFFFFFFF)
        words = jnp.where(jax.lax.iota(jnp.uint32, count) < real, words >> 1, last)
    if count > 1 << 16:
        return jax.lax.sort_key_val(words, rows)[1]
    if count > SORTED_PACKED:
        return rows[_sorted_by_halves(words)]
    # One array sorts five times as fast as two: the low bits of each word say which row it is.
    low = jnp.uint32((1 << (count - 1).bit_length()) - 1)
    packed = jax.lax.sort((words & ~low) | jax.lax.iota(jnp.uint32, count))
    return rows[(packed & low).astype(jnp.int32)]


def _sorted_by_halves(words: jax.Array) -> jax.Array:
    """The positions of words (n,) in order, n ≤ 65536, in two sorts of one array each.

    First by the low halves, then by the high ones: where those are equal, the first order stays.
    """
    low, here = jnp.uint32(0xFFFF), jax.lax.iota(jnp.uint32, words.shape[0])
    first = jax.lax.sort((words << 16) | here) & low
    second = jax.lax.sort((words[first.astype(jnp.int32)] & ~low) | here) & low
    return first[second.astype(jnp.int32)].astype(jnp.int32)


def _words(seed: int, split: int, purpose: int) -> np.ndarray:
    return np.random.SeedSequence([seed, split, purpose]).generate_state(2, np.uint32)
