"""Random words: the bits of Threefry-2x32, from keys that do not collide."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.extend.random import threefry_2x32

from justright.engine.keys import shuffled
from justright.regularizers.random import fold_in, random_words, threefry

WORD = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=50)
@given(st.tuples(WORD, WORD), st.tuples(WORD, WORD))
def test_the_bits_are_those_of_jax(key, counter):
    key, counter = (tuple(jnp.uint32(w) for w in pair) for pair in (key, counter))
    ours = jnp.stack(threefry(key, counter))
    theirs = threefry_2x32(jnp.stack(key), jnp.stack(counter))
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 2, (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_the_bits_are_those_of_the_papers_authors(key, counter, expected):
    """The known answers that Salmon et al. publish with their code."""
    key, counter = (tuple(jnp.uint32(w) for w in pair) for pair in (key, counter))
    assert tuple(int(w) for w in threefry(key, counter)) == expected


def test_keys_of_different_numbers_differ():
    root = jax.random.key(0)
    pairs = [(a, b) for a in range(40) for b in range(40)]
    data = {tuple(np.asarray(jax.random.key_data(fold_in(root, a, b)))) for a, b in pairs}
    assert len(data) == len(pairs)


@pytest.mark.parametrize("count", [1, 2, 7, 1000])
def test_as_many_words_as_asked_for_and_all_different(count):
    words = np.asarray(random_words(jax.random.key(5), count))
    assert words.shape == (count,)
    assert len(set(words.tolist())) == count


def test_every_bit_is_fair():
    words = np.asarray(random_words(jax.random.key(6), 40_000))
    shares = np.unpackbits(words.view(np.uint8)).reshape(-1, 32).mean(axis=0)
    assert abs(shares - 0.5).max() < 5 * 0.5 / np.sqrt(40_000)


def test_an_epochs_order_is_a_permutation_and_every_row_comes_everywhere():
    rows = jnp.arange(6) + 10
    orders = np.stack([shuffled(jnp.array([3, 4], jnp.uint32), e, rows) for e in range(1200)])
    assert (np.sort(orders, axis=1) == np.asarray(rows)).all()
    counts = np.stack([(orders == row).sum(axis=0) for row in np.asarray(rows)])
    assert abs(counts - 200).max() < 5 * np.sqrt(200)
