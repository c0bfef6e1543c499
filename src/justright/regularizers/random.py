"""Random words from a key and counters: Threefry-2x32, written so that it compiles to one kernel.

`jax.random` gives the same bits from the same function, but on a CPU as a loop
of many small kernels, which costs a small network more than its arithmetic.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3",
SC 2011, section 4.3 (20 rounds).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA

Words = tuple[jax.Array, jax.Array]


def threefry(key: Words, counter: Words) -> Words:
    """Two random words for each pair of counters.

    Args:
        key: two words of uint32.
        counter: two arrays of uint32 of one shape.

    Returns:
        Two arrays of uint32 of that shape.
    """
    schedule = (key[0], key[1], key[0] ^ key[1] ^ jnp.uint32(_PARITY))
    x, y = counter[0] + schedule[0], counter[1] + schedule[1]
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            x = x + y
            y = x ^ ((y << jnp.uint32(rotation)) | (y >> jnp.uint32(32 - rotation)))
        x = x + schedule[(group + 1) % 3]
        y = y + schedule[(group + 2) % 3] + jnp.uint32(group + 1)
    return x, y


def fold_in(key: jax.Array, a: jax.Array | int, b: jax.Array | int = 0) -> jax.Array:
    """A new key from a key and two numbers: independent for different numbers.

    Args:
        key: a key of `jax.random`.
        a, b: whole numbers, taken modulo 2³².
    """
    counter = (jnp.asarray(a).astype(jnp.uint32), jnp.asarray(b).astype(jnp.uint32))
    return jax.random.wrap_key_data(jnp.stack(threefry(_words_of(key), counter)))


def random_words(key: jax.Array, count: int) -> jax.Array:
    """`count` uniform words of uint32."""
    pairs = (count + 1) // 2
    counter = jax.lax.iota(jnp.uint32, pairs)
    x, y = threefry(_words_of(key), (counter, jnp.zeros_like(counter)))
    return jnp.concatenate([x, y])[:count]


def _words_of(key: jax.Array) -> Words:
    data = jax.random.key_data(key)
    return data[0], data[1]
