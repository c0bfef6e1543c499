"""Random words: the bits of Threefry-2x32, from keys that do not collide."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.extend.random import threefry_2x32
from scipy import stats

from justright.engine.keys import shuffled
from justright.regularizers.random import (
    fold_in,
    normal,
    permutation,
    random_words,
    symmetric_beta,
    threefry,
    uniform,
)

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


def test_uniform_numbers_are_uniform_and_never_reach_the_ends():
    numbers = np.asarray(uniform(jax.random.key(7), (300, 400)), float)
    assert numbers.min() > 0
    assert numbers.max() < 1
    assert stats.kstest(numbers.ravel(), "uniform").pvalue > 1e-3


def test_normal_numbers_are_normal():
    numbers = np.asarray(normal(jax.random.key(8), (300, 400)), float)
    assert stats.kstest(numbers.ravel(), "norm").pvalue > 1e-3
    assert stats.kurtosis(numbers.ravel()) == pytest.approx(0, abs=5 * np.sqrt(24 / numbers.size))
    columns = np.corrcoef(numbers, rowvar=False) - np.eye(400)
    assert abs(columns).max() < 6 / np.sqrt(300)


def test_the_farthest_normal_numbers_are_finite():
    farthest = jnp.float32([2.0**-24, 1 - 2.0**-24])
    assert np.isfinite(jax.lax.erf_inv(2 * farthest - 1)).all()


@pytest.mark.parametrize("count", [1, 2, 31])
def test_a_permutation_holds_each_number_once(count):
    assert sorted(np.asarray(permutation(jax.random.key(9), count))) == list(range(count))


@pytest.mark.parametrize("alpha", [0.05, 0.2, 0.5, 1.0, 2.0, 50.0])
def test_symmetric_beta_numbers_are_scipys(alpha):
    keys = jax.random.split(jax.random.key(10), 20_000)
    numbers = np.asarray(jax.vmap(lambda k: symmetric_beta(k, alpha))(keys), float)
    assert np.isfinite(numbers).all()
    # For small α much lies nearer to 1 than float32 can tell: fold it to 0.
    folded = np.where(numbers > 0.5, 1 - numbers, numbers)
    shares = stats.beta(alpha, alpha).cdf
    for edge in (1e-4, 0.01, 0.1, 0.3, 0.45):
        expected = 2 * shares(edge)
        error = np.sqrt(expected * (1 - expected) / numbers.size)
        assert abs((folded <= edge).mean() - expected) < 4.5 * error + 1e-9, edge
    assert abs((numbers > 0.5).mean() - 0.5) < 4.5 * 0.5 / np.sqrt(numbers.size)


@pytest.mark.parametrize("alpha", [0.0, 1e-30, 1e-6])
def test_the_smallest_parameters_give_the_ends(alpha):
    keys = jax.random.split(jax.random.key(11), 100)
    numbers = jax.vmap(lambda k: symmetric_beta(k, jnp.float32(alpha)))(keys)
    assert set(np.asarray(numbers).tolist()) == {0.0, 1.0}
