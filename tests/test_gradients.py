"""What changes the gradient, against Keras, PyTorch and the papers' equations."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import justright as jr

GRADIENT = {"a": jnp.array([[3.0, -4.0]]), "b": jnp.array([12.0])}  # Of norm 13.
KEY = jax.random.key(1)


@pytest.mark.parametrize("limit", [0.1, 12.9, 13.1, 1e9])
def test_clipping_is_keras_global_clipnorm(limit):
    optimizer = keras.optimizers.SGD(1.0, global_clipnorm=limit)
    theirs = optimizer._clip_gradients(list(GRADIENT.values()))
    ours = jr.GradientClipping(limit).gradient(GRADIENT, None, KEY)
    for a, b in zip(ours.values(), theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_clipping_is_pytorchs():
    torch = pytest.importorskip("torch")
    parameters = [torch.zeros(g.shape, requires_grad=True) for g in GRADIENT.values()]
    for parameter, g in zip(parameters, GRADIENT.values(), strict=True):
        parameter.grad = torch.tensor(np.asarray(g))
    torch.nn.utils.clip_grad_norm_(parameters, 2.0)
    ours = jr.GradientClipping(2.0).gradient(GRADIENT, None, KEY)
    for a, b in zip(ours.values(), parameters, strict=True):
        np.testing.assert_allclose(a, b.grad.numpy(), rtol=1e-5)


@settings(deadline=None, max_examples=25)
@given(st.floats(1e-3, 1e3))
def test_a_clipped_gradient_keeps_its_direction(limit):
    ours = jr.GradientClipping(limit).gradient(GRADIENT, None, KEY)
    flat, before = (np.concatenate([np.ravel(g) for g in d.values()]) for d in (ours, GRADIENT))
    assert np.linalg.norm(flat) == pytest.approx(min(13, limit), rel=1e-5)
    np.testing.assert_allclose(flat / np.linalg.norm(flat), before / 13, rtol=1e-5)


def test_no_gradient_stays_none():
    zero = {"a": jnp.zeros(3)}
    assert (jr.GradientClipping(1.0).gradient(zero, None, KEY)["a"] == 0).all()
