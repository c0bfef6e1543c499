"""Random words from a key and counters: Threefry-2x32, written so that it compiles to one kernel.

And what is made of words: uniform and normal numbers, permutations, symmetric beta numbers.

`jax.random` gives the same bits from the same function, but on a CPU as a loop
of many small kernels, which costs a small network more than its arithmetic.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3",
SC 2011, section 4.3 (20 rounds).
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA

Words = tuple[jax.Array, jax.Array]


@jax.jit
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


def uniform(key: jax.Array, shape: tuple[int, ...] = ()) -> jax.Array:
    """Numbers uniform in the open interval (0, 1), on a grid of 2⁻²³."""
    words = random_words(key, math.prod(shape)).reshape(shape)
    return ((words >> jnp.uint32(9)).astype(jnp.float32) + 0.5) * jnp.float32(2.0**-23)


def normal(key: jax.Array, shape: tuple[int, ...] = ()) -> jax.Array:
    """Standard normal numbers, the inverse distribution function at uniform ones: within ±5.2."""
    return jnp.float32(math.sqrt(2)) * jax.lax.erf_inv(2 * uniform(key, shape) - 1)


def permutation(key: jax.Array, count: int) -> jax.Array:
    """The numbers 0 … count − 1 in a random order."""
    numbers = jax.lax.iota(jnp.int32, count)
    return jax.lax.sort_key_val(random_words(key, count), numbers)[1]


def symmetric_beta(key: jax.Array, alpha: jax.Array | float) -> jax.Array:
    """One number from Beta(α, α), α traced and at least 0; the limits at 0 are 0 and 1.

    ½ ± ½/√(1 + 1/c) with c = (U^(−1/α) − 1)·cos²(2πV): no rejection, so no loop, and for small
    α, where the power overflows, the limit is what comes out.

    Source: Bailey, "Polar generation of random variates with the t-distribution",
    Mathematics of Computation 62, 1994; Devroye, "Random variate generation in one line of
    code", WSC 1996, section 5 (the symmetric beta from Student's t).
    """
    u, v = uniform(key, (2,))
    angle = jnp.cos(2 * jnp.pi * v)
    c = jnp.expm1(-jnp.log(u) / alpha) * jnp.square(angle)
    return 0.5 + 0.5 * jnp.sign(angle) / jnp.sqrt(1 + 1 / c)


def _words_of(key: jax.Array) -> Words:
    data = jax.random.key_data(key)
    return data[0], data[1]
