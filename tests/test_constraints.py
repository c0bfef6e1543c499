"""What bounds weights after an update: Keras' constraints, scikit-learn's group lasso."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import justright as jr
from justright.regularizers.places import Kernel, Update

SHAPES = {
    "dense/kernel": ((5, 7), 0),
    "conv/kernel": ((3, 3, 2, 4), [0, 1, 2]),
    "signal/kernel": ((3, 2, 4), [0, 1]),
    "depthwise/depthwise_kernel": ((3, 3, 4, 2), [0, 1]),
}


def updated(recipe, weights):
    kernels = tuple(Kernel(path, path.split("/")[0], "hidden") for path in weights)
    return recipe.after_update(weights, Update(weights, kernels, jnp.float32(0.1), None))


def kernel_of(shape, seed=0):
    return jax.random.normal(jax.random.key(seed), shape)


@pytest.mark.parametrize("path", SHAPES)
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (jr.MaxNorm(1.2), lambda axis: keras.constraints.MaxNorm(1.2, axis)),
        (jr.UnitNorm(1.0), keras.constraints.UnitNorm),
        (jr.UnitNorm(0.3), lambda axis: keras.constraints.MinMaxNorm(1, 1, 0.3, axis)),
    ],
    ids=["MaxNorm", "UnitNorm", "UnitNorm in part"],
)
def test_constraints_are_keras(path, ours, theirs):
    shape, axis = SHAPES[path]
    kernel = kernel_of(shape)
    after = updated(ours, {path: kernel})[path]
    np.testing.assert_allclose(after, theirs(axis)(kernel), rtol=1e-5, atol=1e-7)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.floats(0.01, 10))
def test_max_norm_is_a_projection(seed, limit):
    kernel = kernel_of((4, 3), seed)
    once = updated(jr.MaxNorm(limit), {"k": kernel})["k"]
    norms, bounded = (np.linalg.norm(np.asarray(w, float), axis=0) for w in (kernel, once))
    np.testing.assert_allclose(bounded, np.minimum(norms, limit), rtol=1e-5)
    inside = norms < limit
    np.testing.assert_array_equal(np.asarray(once)[:, inside], np.asarray(kernel)[:, inside])


@pytest.mark.parametrize("recipe", [jr.MaxNorm(1.0), jr.UnitNorm(1.0)])
def test_units_without_weights_stay_without(recipe):
    assert (updated(recipe, {"k": jnp.zeros((3, 2))})["k"] == 0).all()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_training_under_a_constraint_is_keras(binary, optimizer):
    X, y = binary
    keras.utils.set_random_seed(4)
    layers = [keras.Input((5,)), keras.layers.Dense(6, "tanh", name="a"), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    twin = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(6, "tanh", kernel_constraint=keras.constraints.MaxNorm(0.5)),
            keras.layers.Dense(1),
        ]
    )
    twin.set_weights(model.get_weights())
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    twin.compile(optimizer, loss)
    for _ in range(20):
        twin.train_on_batch(X, y[:, None])
    study = jr.compare(
        model, binary, {"it": jr.MaxNorm({"a": 0.5})}, validation=binary, seeds=1, epochs=20,
        batch_size=len(X), optimizer=optimizer, shuffle=False, initial_weights="model",
    )  # fmt: skip
    for a, b in zip(study.model("it").get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
