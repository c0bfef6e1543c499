"""What bounds weights after an update: Keras' constraints, scikit-learn's group lasso."""

import types

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import MultiTaskLasso

import justright as jr
from justright.network.blueprint import Blueprint
from justright.network.network import Network
from justright.regularizers.group_lasso import shrink_groups
from justright.regularizers.location import Kernel
from justright.regularizers.places import Update
from justright.regularizers.spectral_norm import spectral_norm

# For each kind of layer: the shape of a row, and along which axes of each kernel Keras is told
# to take the norm, so that it is that of a unit's incoming weights.
LAYERS = {
    "Dense": (keras.layers.Dense(7, use_bias=False), (5,), {"kernel": 0}),
    "Conv2D": (keras.layers.Conv2D(4, 3, use_bias=False), (5, 5, 2), {"kernel": [0, 1, 2]}),
    "Conv1D": (keras.layers.Conv1D(4, 3, use_bias=False), (5, 2), {"kernel": [0, 1]}),
    "DepthwiseConv2D": (
        keras.layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False),
        (5, 5, 4),
        {"kernel": [0, 1]},
    ),
    "DepthwiseConv1D": (keras.layers.DepthwiseConv1D(3, use_bias=False), (5, 4), {"kernel": 0}),
    "SeparableConv2D": (
        keras.layers.SeparableConv2D(3, 2, use_bias=False),
        (5, 5, 2),
        {"depthwise_kernel": [0, 1], "pointwise_kernel": [0, 1, 2]},
    ),
    "Conv2DTranspose": (
        keras.layers.Conv2DTranspose(3, 2, use_bias=False),
        (3, 3, 2),
        {"kernel": [0, 1, 3]},
    ),
    "EinsumDense": (keras.layers.EinsumDense("abc,cde->abde", (4, 3, 2)), (4, 5), {"kernel": 0}),
    "EinsumDense, apart": (keras.layers.EinsumDense("abc,bcd->abd", (4, 3)), (4, 5), {"kernel": 1}),
    "GRU": (keras.layers.GRU(3), (4, 5), {"kernel": 0, "recurrent_kernel": 0}),
}
LINEAR = [name for name in LAYERS if name not in ("GRU", "SeparableConv2D")]


def kernels_in(name):
    """The kernels of a network with such a layer in front, as techniques know them."""
    layer, shape, _ = LAYERS[name]
    layer = type(layer).from_config(layer.get_config())
    layers = [layer, keras.layers.Flatten(), keras.layers.Dense(1, name="out")]
    model = keras.Sequential([keras.Input(shape), *layers])
    network = Network(Blueprint.of(model, shape), jr.Recipe())
    found = {}
    for i, kernel in enumerate(k for k in network.kernels if k.layer != "out"):
        name = kernel.path.split("/")[1]
        found[name] = kernel, kernel_of(np.shape(layer.weights[i]), i)
    return layer, found


def updated(recipe, weights, kernels=None):
    kernels = kernels or tuple(Kernel(path, path.split("/")[0], "hidden") for path in weights)
    return recipe.after_update(weights, Update(weights, kernels, jnp.float32(0.1), None))


def seen(weights, kernels):
    """A forward pass as a penalty on weights alone sees it."""
    return types.SimpleNamespace(weights=weights, kernels=kernels)


def kernel_of(shape, seed=0):
    return jax.random.normal(jax.random.key(seed), shape)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (jr.MaxNorm(1.2), lambda axis: keras.constraints.MaxNorm(1.2, axis)),
        (jr.UnitNorm(1.0), keras.constraints.UnitNorm),
        (jr.UnitNorm(0.3), lambda axis: keras.constraints.MinMaxNorm(1, 1, 0.3, axis)),
    ],
    ids=["MaxNorm", "UnitNorm", "UnitNorm in part"],
)
def test_constraints_are_keras(name, ours, theirs):
    _, found = kernels_in(name)
    axes = LAYERS[name][2]
    assert found.keys() == axes.keys()
    for which, (kernel, w) in found.items():
        after = updated(ours, {kernel.path: w}, (kernel,))[kernel.path]
        np.testing.assert_allclose(after, theirs(axes[which])(w), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", LINEAR)
def test_the_incoming_weights_of_a_unit_are_those_that_it_alone_reads_with(name):
    """Doubled, they double what one unit sends on, and nothing else."""
    layer, found = kernels_in(name)
    ((kernel, w),) = found.values()
    X = np.random.default_rng(0).normal(size=(3, *LAYERS[name][1])).astype(np.float32)
    layer.set_weights([w])
    plain = np.asarray(layer(X))
    axes = [axis + w.ndim for axis in kernel.units.axes]
    units = np.prod([w.shape[axis] for axis in axes])
    last = (-2, -1) if "Einsum" in name else (-1,)
    assert units == np.prod([plain.shape[axis] for axis in last])
    for unit in np.ndindex(*(w.shape[axis] for axis in axes)):
        chosen = tuple(unit[axes.index(i)] if i in axes else slice(None) for i in range(w.ndim))
        layer.set_weights([np.asarray(w.at[chosen].multiply(2))])
        ratio = np.asarray(layer(X)) / plain
        changed = np.abs(ratio - 1) > 1e-3
        np.testing.assert_allclose(ratio[changed], 2, rtol=1e-3)
        assert changed.mean() == pytest.approx(1 / units)


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


# Group lasso


def by_bisection(w, step):
    """The minimizer of ½·Σ(z − w)²/step + ‖z‖ in float64, from its norm found by halving."""
    w, step = np.asarray(w, float), np.asarray(step, float)
    if np.sum((w / step) ** 2) <= 1:
        return 0 * w
    low, high = 0.0, np.linalg.norm(w)
    for _ in range(200):
        r = (low + high) / 2
        low, high = (r, high) if np.sum((w / (r + step)) ** 2) > 1 else (low, r)
    return w * r / (r + step)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.floats(-4, 1), st.floats(0, 2))
def test_the_proximal_step_of_groups_is_the_minimizer(seed, size, spread):
    """Also where the optimizer's steps differ by orders of magnitude within a group."""
    rng = np.random.default_rng(seed)
    w = rng.normal(size=(4, 6))
    step = 10**size * np.exp(spread * rng.normal(size=(4, 6)))
    ours = shrink_groups(jnp.float32(w), jnp.float32(step), (1,))
    expected = [by_bisection(*row) for row in zip(w, step, strict=True)]
    np.testing.assert_allclose(ours, expected, atol=2e-5)


def test_equal_steps_shrink_a_group_by_the_closed_form():
    w, step = np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]]), 1.0
    ours = shrink_groups(jnp.float32(w), jnp.full((3, 2), step), (1,))
    norms = np.linalg.norm(w, axis=1, keepdims=True)
    expected = w * np.maximum(1 - step / np.maximum(norms, 1e-9), 0)
    np.testing.assert_allclose(ours, expected, atol=1e-6)
    assert (ours[1:] == 0).all()


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_group_lasso_is_scikit_learns_multi_task_lasso(kind):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(120, 8)).astype(np.float32)
    truth = np.where(np.arange(8)[:, None] < 4, rng.normal(size=(8, 3)), 0)
    Y = (X @ truth + 0.3 * rng.normal(size=(120, 3))).astype(np.float32)
    strength = 0.15
    # Keras' mean squared error is over rows and outputs; theirs halves the sum over outputs.
    theirs = MultiTaskLasso(alpha=strength * 3 / 2, tol=1e-10, max_iter=100_000)
    theirs.fit(X.astype(float), Y.astype(float))
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)])
    decay = keras.optimizers.schedules.CosineDecay(0.02, 2900, alpha=1e-3)
    optimizer = keras.optimizers.SGD(0.2) if kind == "sgd" else keras.optimizers.Adam(decay)
    study = jr.compare(
        model, (X, Y), {"it": jr.GroupLasso(strength)}, validation=(X, Y), seeds=1, epochs=3000,
        batch_size=120, optimizer=optimizer,
    )  # fmt: skip
    kernel = study.model("it").get_weights()[0]
    np.testing.assert_allclose(kernel, theirs.coef_.T, atol=1e-3)
    assert (kernel == 0).all(axis=1).sum() >= 2
    np.testing.assert_array_equal(kernel == 0, theirs.coef_.T == 0)
    penalty = strength * np.linalg.norm(kernel, axis=1).sum()
    assert study.curves["penalty"].iloc[-1] == pytest.approx(penalty, rel=1e-5)


def kernels_that_read(model):
    network = Network(Blueprint.of(model, model.input_shape[1:]), jr.Recipe())
    return [kernel.path for kernel in network.kernels if kernel.reads_input]


def test_the_first_layers_are_those_that_read_the_input():
    entry = keras.Input((6,))
    left = keras.layers.Dense(3, "relu", name="left")(entry)
    right = keras.layers.Dense(3, "relu", name="right")(keras.layers.Rescaling(2.0)(entry))
    joined = keras.layers.Concatenate()([left, right])
    hidden = keras.layers.Dense(3, "relu", name="hidden")(joined)
    model = keras.Model(entry, keras.layers.Dense(1, name="out")(hidden))
    assert kernels_that_read(model) == ["left/kernel", "right/kernel"]
    layers = [keras.Input((6, 2)), keras.layers.LSTM(3, name="lstm"), keras.layers.Dense(1)]
    assert kernels_that_read(keras.Sequential(layers)) == ["lstm/kernel"]


def test_a_network_without_such_a_layer_is_refused():
    layers = [keras.Input((6, 2)), keras.layers.EinsumDense("abc,cd->abd", (6, 3))]
    model = keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(1)])
    rows = np.zeros((8, 6, 2), np.float32), np.arange(8.0)
    with pytest.raises(jr.RecipeError, match="GroupLasso finds no dense"):
        jr.compare(model, rows, {"it": jr.GroupLasso(0.1)}, validation=rows, seeds=1, epochs=1)


# Spectral norm


@pytest.mark.parametrize("shape", [(6, 9), (9, 6), (3, 3, 2, 4), (5, 1)])
def test_the_spectral_norm_is_bounded_as_by_the_singular_values(shape):
    kernel = np.asarray(kernel_of(shape), float)
    sigma = np.linalg.svd(kernel.reshape(-1, shape[-1]), compute_uv=False)[0]
    for limit in (0.3, 2 * sigma):
        after = updated(jr.SpectralNorm(limit, 200), {"k": jnp.float32(kernel)})["k"]
        np.testing.assert_allclose(after, kernel * min(1, limit / sigma), rtol=1e-4)


COLUMNS = {
    "Conv2D": lambda w: [w.reshape(-1, 4)],
    "Conv2DTranspose": lambda w: [np.moveaxis(w, 2, 3).reshape(-1, 3)],
    "DepthwiseConv2D": lambda w: [w[:, :, channel].reshape(9, 2) for channel in range(4)],
    "EinsumDense": lambda w: [w.reshape(5, 6)],
}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_matrix_of_a_kernel_has_a_column_for_each_unit(name):
    _, found = kernels_in(name)
    ((kernel, w),) = found.values()
    matrices = COLUMNS[name](np.asarray(w, float))
    sigma = max(np.linalg.svd(m, compute_uv=False)[0] for m in matrices)
    after = updated(jr.SpectralNorm(0.5, 200), {kernel.path: w}, (kernel,))[kernel.path]
    np.testing.assert_allclose(after, w * 0.5 / sigma, rtol=1e-3, atol=1e-6)
    distances = [np.square(m.T @ m - np.eye(m.shape[1])).sum() for m in matrices]
    if name == "EinsumDense":  # More units than inputs: its rows.
        distances = [np.square(m @ m.T - np.eye(len(m))).sum() for m in matrices]
    ours = jr.OrthogonalPenalty(0.1).penalty(seen({kernel.path: w}, (kernel,)))
    assert float(ours) == pytest.approx(0.1 * sum(distances), rel=1e-4)


def test_a_kernel_above_the_bound_becomes_what_pytorch_computes_with():
    torch = pytest.importorskip("torch")
    kernel = np.asarray(kernel_of((6, 9)))
    layer = torch.nn.Linear(6, 9)
    layer.weight.data = torch.tensor(kernel.T)
    spectral = torch.nn.utils.parametrizations.spectral_norm(layer, n_power_iterations=200)
    after = updated(jr.SpectralNorm(1.0, 200), {"k": kernel})["k"]
    np.testing.assert_allclose(after.T, spectral.weight.detach().numpy(), rtol=1e-4, atol=1e-6)


def test_ten_iterations_find_a_largest_value_that_stands_out_and_never_more():
    rng = np.random.default_rng(1)
    for size in (8, 64):
        for _ in range(20):
            u, v = (np.linalg.qr(rng.normal(size=(size, size)))[0] for _ in range(2))
            w = u * np.append(1, rng.uniform(0, 0.8, size - 1)) @ v
            found = float(spectral_norm(jnp.float32(w), 10))
            assert 0.99 < found < 1 + 1e-5


def test_a_kernel_of_zeros_stays():
    after = updated(jr.SpectralNorm(0.1), {"k": jnp.zeros((3, 4))})["k"]
    np.testing.assert_array_equal(after, np.zeros((3, 4)))


@pytest.mark.parametrize("iterations", [0, 1.5, True])
def test_iterations_that_are_none_are_refused(iterations):
    with pytest.raises(jr.RecipeError, match="iterations="):
        jr.SpectralNorm(1.0, iterations)
