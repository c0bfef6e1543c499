"""What changes the gradient, against Keras, PyTorch and the papers' equations."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import justright as jr
from justright.regularizers.places import Backward, Moment

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


# A network small enough for float64 by hand: 3 → 5 (tanh) → 1, squared error, full batches.

RATE, STEPS = 0.05, 6
rng = np.random.default_rng(0)
X = rng.normal(size=(24, 3)).astype(np.float32)
Y = (X @ [1.0, -2.0, 0.5] + 0.1).astype(np.float32)


def net():
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Dense(5, "tanh", name="a"), keras.layers.Dense(1, name="b")]
    return keras.Sequential([keras.Input((3,)), *layers])


def trained(model, recipe):
    study = jr.compare(
        model, (X, Y), {"it": recipe}, validation=(X, Y), seeds=1, epochs=STEPS, batch_size=24,
        optimizer=keras.optimizers.SGD(RATE), shuffle=False, initial_weights="model",
    )  # fmt: skip
    return study.model("it").get_weights()


def slopes(weights, inputs):
    """The gradients of the loss with respect to weights and inputs."""
    w1, b1, w2, b2 = weights
    h = np.tanh(inputs @ w1 + b1)
    d = 2 * (h @ w2 + b2 - Y[:, None]) / len(inputs)
    dh = d @ w2.T * (1 - h**2)
    return [inputs.T @ dh, dh.sum(0), h.T @ d, d.sum(0)], dh @ w1.T


def descended(model, gradient_at):
    weights = [w.astype(float) for w in model.get_weights()]
    for _ in range(STEPS):
        weights = [w - RATE * g for w, g in zip(weights, gradient_at(weights), strict=True)]
    return weights


def norm(gradient):
    return np.sqrt(sum(np.sum(g**2) for g in gradient))


def clipped(gradient, limit):
    return [g * min(1, limit / norm(gradient)) for g in gradient]


def sharpness_aware(gradient_at, rho):
    def changed(weights):
        g = gradient_at(weights)
        return gradient_at([w + rho * dw / norm(g) for w, dw in zip(weights, g, strict=True)])

    return changed


def plain(weights):
    return slopes(weights, X.astype(float))[0]


def adversarial(epsilon, alpha):
    def changed(weights):
        here, slope = slopes(weights, X.astype(float))
        there, _ = slopes(weights, X + epsilon * np.sign(slope))
        return [alpha * a + (1 - alpha) * b for a, b in zip(here, there, strict=True)]

    return changed


BY_HAND = {
    "SAM": (jr.SAM(0.3), sharpness_aware(plain, 0.3)),
    "clipping": (jr.GradientClipping(0.5), lambda w: clipped(plain(w), 0.5)),
    "adversarial": (jr.AdversarialTraining(0.2, 0.3), adversarial(0.2, 0.3)),
    "all of the loss adversarial": (jr.AdversarialTraining(0.2, 0.0), adversarial(0.2, 0.0)),
    "SAM of what is clipped": (
        jr.GradientClipping(0.5) + jr.SAM(0.3),
        sharpness_aware(lambda w: clipped(plain(w), 0.5), 0.3),
    ),
    "what SAM gives, clipped": (
        jr.SAM(0.3) + jr.GradientClipping(0.5),
        lambda w: clipped(sharpness_aware(plain, 0.3)(w), 0.5),
    ),
    "SAM of adversarial": (
        jr.AdversarialTraining(0.2) + jr.SAM(0.3),
        sharpness_aware(adversarial(0.2, 0.5), 0.3),
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_training_is_what_the_papers_equations_give(name):
    recipe, gradient_at = BY_HAND[name]
    model = net()
    theirs = descended(model, gradient_at)
    for a, b in zip(trained(model, recipe), theirs, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)


def test_rows_as_they_are_alone_are_plain_training():
    model = net()
    clean, without = (trained(model, r) for r in (jr.AdversarialTraining(0.2, 1.0), jr.Recipe()))
    for a, b in zip(clean, without, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("step", [0, 1, 100])
@pytest.mark.parametrize("gamma", [0.0, 0.55])
def test_gradient_noise_has_the_variance_of_equation_1(step, gamma):
    gradient = {"a": jnp.full((200, 300), 2.0), "b": jnp.full((200, 300), 2.0)}
    backward = Backward({}, (), None, None, None, Moment(jnp.int32(step), 10))
    noisy = jr.GradientNoise(0.3, gamma).gradient(gradient, backward, KEY)
    noise = np.asarray(noisy["a"], float) - 2
    variance = 0.3 / (1 + step) ** gamma
    assert noise.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / noise.size))
    assert noise.mean() == pytest.approx(0, abs=5 * np.sqrt(variance / noise.size))
    assert (noisy["a"] != noisy["b"]).mean() > 0.99
