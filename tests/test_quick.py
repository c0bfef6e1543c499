"""What stands in for a part of Keras to be quicker gives what Keras gives."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from conftest import dense_net
from justright.network.adam import adam_step, is_plain_adam, step_length
from justright.network.blueprint import Blueprint
from justright.network.convolution import quick_convolution
from justright.network.dense import SMALL_BATCH, QuickDense, product
from justright.network.network import Network
from justright.network.optimizer import FunctionalOptimizer
from justright.regularizers import Recipe

NUMBERS = st.floats(-1e3, 1e3, width=32)


@pytest.mark.parametrize("rows", [1, 8, SMALL_BATCH, SMALL_BATCH + 1])
@pytest.mark.parametrize("use_bias", [True, False])
def test_quick_dense_is_dense_in_values_and_gradients(rows, use_bias):
    quick = QuickDense(5, activation="tanh", use_bias=use_bias)
    plain = keras.layers.Dense(5, activation="tanh", use_bias=use_bias)
    x = jax.random.normal(jax.random.key(rows), (rows, 7))
    quick.build(x.shape)
    plain.build(x.shape)
    values = [v.value for v in quick.trainable_variables]

    def loss(layer):
        return lambda weights, x: jnp.sum(layer.stateless_call(weights, [], x)[0] ** 3)

    for order in (
        jax.grad,
        lambda f, n: jax.grad(lambda w, x: jnp.sum(jax.grad(f, 1)(w, x) ** 2), n),
    ):
        for argument in (0, 1):
            ours, theirs = (
                jax.jit(order(loss(one), argument))(values, x) for one in (quick, plain)
            )
            jax.tree.map(
                lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), ours, theirs
            )


@settings(deadline=None, max_examples=20)
@given(
    hnp.arrays(np.float32, (4, 3), elements=NUMBERS),
    hnp.arrays(np.float32, (3, 2), elements=NUMBERS),
)
def test_the_product_has_a_forward_derivative_too(x, kernel):
    out, along = jax.jvp(product, (x, kernel), (x, kernel))
    np.testing.assert_allclose(out, x @ kernel, rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(along, 2 * (x @ kernel), rtol=1e-4, atol=1e-2)


def test_layers_on_sequences_pass_through_keras():
    layer = QuickDense(2)
    x = jnp.ones((3, 4, 5))
    layer.build(x.shape)
    np.testing.assert_allclose(layer(x), x @ layer.kernel.value, rtol=1e-6)


@settings(deadline=None, max_examples=50)
@given(
    gradient=st.floats(-(2.0**60), 2.0**60, width=32)
    | st.sampled_from([0.0, 1e-30, -1e-22, 1e-12]),
    v=st.floats(0, 2.0**100, width=32) | st.sampled_from([0.0, 1e-40, 1e-30, 1e-14]),
    m=st.floats(-1e3, 1e3, width=32),
    iterations=st.integers(0, 10**6),
)
def test_an_adam_step_is_adams_in_float64(gradient, v, m, iterations):
    optimizer = keras.optimizers.Adam(0.01)
    length = step_length(optimizer, jnp.int32(iterations), jnp.float32(0.01))
    arrays = (jnp.full((3,), a, jnp.float32) for a in (gradient, 0.0, m, v))
    g, weight, m0, v0 = arrays
    moved, (m1, v1) = adam_step(optimizer, length, g, weight, (m0, v0))
    t = iterations + 1
    m_wanted = 0.9 * m + 0.1 * gradient
    v_wanted = 0.999 * v + 0.001 * gradient**2
    rate = 0.01 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    wanted = -rate * m_wanted / (np.sqrt(v_wanted) + 1e-7)
    scale = max(abs(m), abs(gradient))
    np.testing.assert_allclose(m1, m_wanted, rtol=1e-4, atol=1e-5 * scale + 1e-37)
    np.testing.assert_allclose(v1, v_wanted, rtol=1e-4, atol=1e-37)
    slack = 1e-4 * abs(wanted) + 1e-5 * rate * scale / (np.sqrt(v_wanted) + 1e-7)
    np.testing.assert_allclose(moved, wanted, rtol=0, atol=slack + 1e-30)


@pytest.mark.parametrize(
    ("optimizer", "plain"),
    [
        (keras.optimizers.Adam(0.1, beta_1=0.8, beta_2=0.9, epsilon=1e-5), True),
        (keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 9)), True),
        (keras.optimizers.Adam(amsgrad=True), False),
        (keras.optimizers.Adam(clipnorm=1.0), False),
        (keras.optimizers.Adam(clipvalue=1.0), False),
        (keras.optimizers.Adam(global_clipnorm=1.0), False),
        (keras.optimizers.Adam(weight_decay=0.1), False),
        (keras.optimizers.Adam(epsilon=0.0), False),
        (keras.optimizers.AdamW(), False),
        (keras.optimizers.RMSprop(), False),
    ],
)
def test_only_a_plain_adam_is_taken_over_and_it_steps_as_keras_does(optimizer, plain):
    network = Network(Blueprint.of(dense_net(), (5,)), Recipe())
    functional = FunctionalOptimizer(optimizer, network)
    assert is_plain_adam(functional._optimizer) == plain
    weights, _ = network.complete(network.blueprint.initial_values(0))
    gradient = {path: np.sin(np.arange(w.size)).reshape(w.shape) for path, w in weights.items()}
    gradient = jax.tree.map(jnp.float32, gradient)
    state = theirs = tuple(map(jnp.asarray, functional.start()))
    keras_weights = dict(weights)
    for _ in range(5):
        weights, state = functional.apply(state, gradient, weights, jnp.float32(0.1))
        values = functional._with_rate(theirs, jnp.float32(0.1))
        updated, theirs = functional._optimizer.stateless_apply(
            values, [gradient[p] for p in network.trainable], list(keras_weights.values())
        )
        keras_weights = dict(zip(network.trainable, updated, strict=True))
    for path in network.trainable:
        np.testing.assert_allclose(weights[path], keras_weights[path], rtol=1e-5, atol=1e-6)
    for ours, keras_s in zip(state, theirs, strict=True):
        np.testing.assert_allclose(ours, keras_s, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("kind", "shape", "how"),
    [
        ("Conv1D", (9, 3), {"kernel_size": 3, "padding": "causal", "dilation_rate": 2}),
        ("Conv1D", (9, 3), {"kernel_size": 4, "padding": "same", "strides": 2}),
        ("Conv2D", (7, 6, 3), {"kernel_size": 3, "padding": "same"}),
        ("Conv2D", (8, 7, 2), {"kernel_size": (2, 3), "strides": (2, 1), "padding": "same"}),
        ("Conv2D", (9, 8, 2), {"kernel_size": 3, "dilation_rate": 2, "use_bias": False}),
        ("Conv2D", (9, 9, 1), {"kernel_size": 4, "strides": 3, "activation": "tanh"}),
        ("Conv3D", (4, 5, 4, 2), {"kernel_size": 2, "strides": 2, "padding": "same"}),
    ],
)
def test_quick_convolutions_are_keras_in_values_and_gradients(kind, shape, how):
    plain = getattr(keras.layers, kind)(4, **how)
    quick = quick_convolution(plain).from_config(plain.get_config())
    x = jax.random.normal(jax.random.key(0), (5, *shape))
    plain.build(x.shape)
    quick.build(x.shape)
    values = [v.value for v in plain.trainable_variables]

    def loss(layer):
        return lambda weights, x: jnp.sum(jnp.sin(layer.stateless_call(weights, [], x)[0]))

    for argument in (0, 1):
        ours, theirs = (
            jax.jit(jax.value_and_grad(loss(one), argument))(values, x) for one in (quick, plain)
        )
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4), ours, theirs
        )
    assert quick.compute_output_shape(x.shape) == plain.compute_output_shape(x.shape)


def test_other_convolutions_stay_with_keras():
    layers = keras.layers
    for layer in (layers.Conv2D(4, 3, groups=2), layers.DepthwiseConv2D(3), layers.Dense(2)):
        assert quick_convolution(layer) is None
