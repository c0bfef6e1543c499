"""Columns cut into pieces: what each says, and that a Keras model holds the same."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justright.data.pieces import Pieces
from justright.network.joint import Steps, Voice, joined


@given(st.integers(0, 10_000), st.integers(2, 8))
def test_pieces_rise_one_after_the_other_and_any_line_between_cuts_is_linear_in_them(seed, most):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 1)).astype(np.float32)
    pieces = Pieces.of(X, most)
    assert 1 <= len(pieces) <= most
    wide = pieces.beside(X)
    np.testing.assert_array_equal(wide[:, :1], X)
    shares = (wide[:, 1:] + 1) / 2
    assert shares.min() >= 0
    assert shares.max() <= 1
    assert (np.diff(shares, axis=1) <= 1e-6).all()  # A later piece begins when the one before ends.
    np.testing.assert_allclose(shares @ pieces.width + pieces.low[0], X[:, 0], atol=1e-5)


def test_a_column_of_two_values_is_its_own():
    X = np.array([[0, 0], [1, 1], [0, 2], [1, 3]], np.float32)
    assert set(Pieces.of(X, 4).columns) == {1}
    assert not len(Pieces.of(X[:, :1], 4))


def test_few_values_are_cut_at_each_and_outer_values_are_ends():
    X = np.array([[0], [1], [2], [5]], np.float32)
    pieces = Pieces.of(X, 8)
    np.testing.assert_array_equal(pieces.low, [0, 1, 2])
    np.testing.assert_array_equal(
        pieces.beside(np.array([[-9], [9]], np.float32))[:, 1:], [[-1] * 3, [1] * 3]
    )


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e4])
def test_a_keras_model_cuts_as_the_pieces_do(scale):
    rng = np.random.default_rng(1)
    X = (scale * rng.normal(size=(50, 3))).astype(np.float32)
    pieces = Pieces.of(X, 6)
    wide = pieces.beside(X)
    reads = keras.Sequential([keras.Input(wide.shape[1:]), keras.layers.Dense(2)])
    plain = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    steps = Steps(pieces.columns, pieces.low, pieces.width)
    model = joined([Voice(reads, 0.25, steps), Voice(plain, 0.75, None)], (3,))
    wanted = 0.25 * reads.predict(wide, verbose=0) + 0.75 * plain.predict(X, verbose=0)
    np.testing.assert_allclose(model.predict(X, verbose=0), wanted, rtol=1e-4, atol=1e-3)
    assert all(type(layer).__module__.startswith("keras") for layer in model.layers)
