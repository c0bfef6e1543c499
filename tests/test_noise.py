"""Noise on activations and weights: the same distributions as Keras' layers."""

import itertools

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from scipy import stats

import justright as jr
from justright.engine.forward import run
from justright.network.blueprint import Blueprint
from justright.network.network import Network
from justright.network.objective import infer_objective
from justright.regularizers.drop_block import blocks
from justright.regularizers.location import Kernel, Site
from justright.regularizers.places import Batch

HIDDEN, INPUT = Site(1, "dense", "hidden"), Site(0, "input", "input")
IMAGES = Site(1, "conv", "hidden", 4)
KEY = jax.random.key(3)


@pytest.mark.parametrize("x", [0.0, -0.7, 2.0])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (jr.GaussianNoise(0.4), keras.layers.GaussianNoise(0.4)),
        (jr.GaussianDropout(0.3), keras.layers.GaussianDropout(0.3)),
        (jr.AlphaDropout(0.3), keras.layers.AlphaDropout(0.3)),
    ],
    ids=["GaussianNoise", "GaussianDropout", "AlphaDropout"],
)
def test_the_distribution_is_that_of_keras_layer(ours, theirs, x):
    x = jnp.full((100, 200), x)
    here = np.asarray(ours.activation(x, HIDDEN, KEY), float).ravel()
    there = np.asarray(theirs(x, training=True), float).ravel()
    # Rounded, so that equal values of a discrete distribution are equal.
    assert stats.ks_2samp(here.round(4), there.round(4)).pvalue > 1e-3
    assert here.mean() == pytest.approx(there.mean(), abs=5 * (0.01 + there.std()) / 100)


@pytest.mark.parametrize(
    "kind",
    [jr.GaussianNoise, jr.GaussianDropout, jr.SpatialDropout, jr.AlphaDropout],
    ids=lambda k: k.__name__,
)
def test_a_number_acts_on_hidden_layers_and_a_mapping_anywhere(kind):
    x = jnp.ones((4, 6))
    assert (kind(0.9).activation(x, INPUT, KEY) == x).all()
    assert not (kind(0.9).activation(x, HIDDEN, KEY) == x).all()
    at_input = kind({"input": 0.9})
    assert not (at_input.activation(x, INPUT, KEY) == x).all()
    assert (at_input.activation(x, HIDDEN, KEY) == x).all()
    assert at_input.keras_layer(HIDDEN) is None
    assert type(at_input.keras_layer(INPUT)).__module__.startswith("keras.")


@pytest.mark.parametrize("channels_first", [False, True])
def test_spatial_dropout_drops_whole_channels(channels_first):
    site = Site(1, "conv", "hidden", 4, channels_first)
    shape = (50, 40, 3, 5) if channels_first else (50, 3, 5, 40)
    dropped = np.asarray(jr.SpatialDropout(0.3).activation(jnp.ones(shape), site, KEY))
    maps = dropped.transpose(0, 1, 2, 3) if channels_first else dropped.transpose(0, 3, 1, 2)
    maps = maps.reshape(50 * 40, 15)
    assert (maps == maps[:, :1]).all()
    assert abs((maps[:, 0] == 0).mean() - 0.3) < 4.5 * np.sqrt(0.21 / len(maps))
    np.testing.assert_allclose(maps[maps != 0], 1 / 0.7, rtol=1e-4)


def test_spatial_dropout_on_dense_outputs_is_dropout():
    x = jnp.arange(24.0).reshape(4, 6)
    ours = jr.SpatialDropout(0.4).activation(x, HIDDEN, KEY)
    np.testing.assert_array_equal(ours, jr.Dropout(0.4).activation(x, HIDDEN, KEY))


def conv_net():
    keras.utils.set_random_seed(2)
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(3, 3, activation="relu"),
            keras.layers.Reshape((8, 6)),
            keras.layers.Conv1D(4, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(5, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


def test_spatial_dropout_is_exported_for_the_axes_of_each_layer():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(16, 6, 6, 2)).astype(np.float32), np.arange(16) % 2
    study = jr.compare(
        conv_net(), rows, {"it": jr.SpatialDropout(0.2)}, validation=rows, seeds=1, epochs=1
    )
    kinds = [type(layer).__name__ for layer in study.model("it").layers]
    assert [k for k in kinds if "ropout" in k] == [
        "SpatialDropout2D", "SpatialDropout1D", "Dropout",
    ]  # fmt: skip


KERNELS = (Kernel("a/kernel", "a", "hidden"), Kernel("b/kernel", "b", "output"))
WEIGHTS = {
    "a/kernel": jnp.linspace(1, 2, 40_000).reshape(200, 200),
    "a/bias": jnp.ones(200),
    "b/kernel": jnp.ones((200, 3)),
}


def test_drop_connect_drops_weights_of_hidden_kernels_and_keeps_the_mean():
    after = jr.DropConnect(0.3).step_weights(WEIGHTS, KERNELS, KEY)
    before, kernel = np.asarray(WEIGHTS["a/kernel"]), np.asarray(after["a/kernel"])
    kept = kernel != 0
    assert abs(kept.mean() - 0.7) < 4.5 * np.sqrt(0.21 / kept.size)
    np.testing.assert_allclose(kernel[kept], before[kept] / 0.7, rtol=1e-4)
    for path in ("a/bias", "b/kernel"):
        np.testing.assert_array_equal(after[path], WEIGHTS[path])


def test_drop_connect_passes_the_gradient_of_the_weights_that_are_left():
    """By hand: the output is x @ (M∘W)/(1 − p), so the gradient is M∘(xᵀ g)/(1 − p)."""
    rng = np.random.default_rng(1)
    x, g = rng.normal(size=(7, 200)), rng.normal(size=(7, 200))

    def loss(weights):
        used = jr.DropConnect(0.5).step_weights(weights, KERNELS, KEY)["a/kernel"]
        return jnp.sum(jnp.asarray(g, jnp.float32) * (jnp.asarray(x, jnp.float32) @ used))

    mask = np.asarray(jr.DropConnect(0.5).step_weights(WEIGHTS, KERNELS, KEY)["a/kernel"]) != 0
    gradient = jax.grad(loss)(WEIGHTS)["a/kernel"]
    np.testing.assert_allclose(gradient, mask * (x.T @ g) / 0.5, atol=1e-4)


def test_drop_connect_draws_each_kernel_anew():
    kernels = tuple(Kernel(p, p, "hidden") for p in ("one", "two"))
    after = jr.DropConnect(0.5).step_weights({k.path: jnp.ones(99) for k in kernels}, kernels, KEY)
    assert (after["one"] != after["two"]).any()


def looked_at(recipe, row_weights=None):
    """A pass of eight equal rows through 3 → 4 → 1, with all that penalties see."""
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Dense(4, "relu", name="a"), keras.layers.Dense(1, name="b")]
    blueprint = Blueprint.of(keras.Sequential([keras.Input((3,)), *layers]), (3,))
    network = Network(blueprint, recipe)
    weights, buffers = network.complete(blueprint.own_values)
    batch = Batch(jnp.ones((8, 3)), jnp.zeros((8, 1)), row_weights)
    objective = infer_objective(np.arange(8.0), "linear", (1,))
    passed, look = run(
        network, objective, recipe, weights, buffers, batch, lambda _: KEY, training=True
    )
    return weights, passed, look(jr.ActivityL1(1.0))


def test_drop_connect_per_example_gives_each_row_a_mask():
    recipe = jr.DropConnect(0.5, per_example=True) + jr.ActivityL1(1.0)
    weights, passed, seen = looked_at(recipe)
    ((site, hidden),) = seen.activations
    assert site.layer == "a"
    assert len(np.unique(np.asarray(passed.outputs))) > 4
    # Each hidden unit is a sum of some of its three weights, doubled.
    subsets = np.array(list(itertools.product([0, 2], repeat=3))) @ weights["a/kernel"]
    for row in np.asarray(hidden):
        for unit, value in enumerate(row):
            assert np.isclose(np.maximum(subsets[:, unit], 0), value, atol=1e-6).any()
    np.testing.assert_allclose(seen.outputs_at(seen.batch.inputs), passed.outputs, atol=1e-6)


def test_drop_connect_per_batch_gives_all_rows_the_same_mask_and_penalties_the_weights():
    weights, passed, seen = looked_at(jr.DropConnect(0.5) + jr.ActivityL1(1.0))
    assert len(np.unique(np.asarray(passed.outputs))) == 1
    ((_, hidden),) = seen.activations
    assert not np.allclose(hidden[0], np.maximum(np.ones(3) @ weights["a/kernel"], 0))
    np.testing.assert_array_equal(seen.weights["a/kernel"], weights["a/kernel"])


def test_rows_apart_draw_other_noise_too():
    recipe = jr.DropConnect(0.0, per_example=True) + jr.Dropout(0.5) + jr.ActivityL1(1.0)
    _, passed, _ = looked_at(recipe)
    assert len(np.unique(np.asarray(passed.outputs))) > 2


@pytest.mark.parametrize("batch_size", [20, 32], ids=["full batches", "a smaller last batch"])
def test_rows_apart_without_noise_train_as_together(binary, small_net, batch_size):
    studies = [
        jr.compare(
            small_net, binary, {"it": recipe}, validation=binary, seeds=1, epochs=3,
            batch_size=batch_size, initial_weights="model",
        )
        for recipe in (jr.Recipe(), jr.DropConnect(0.0, per_example=True))
    ]  # fmt: skip
    pairs = zip(*(study.model("it").get_weights() for study in studies), strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_rows_apart_have_no_batch_to_normalize_over(binary, small_net):
    recipe = jr.DropConnect(0.5, per_example=True) + jr.BatchNorm()
    with pytest.raises(jr.RecipeError, match="one by one"):
        jr.compare(small_net, binary, {"it": recipe}, validation=binary, seeds=1, epochs=1)


def recurrent(kind, dropout, recipe):
    """What a pass of four rows through a recurrent network gives, and its buffers before."""
    hidden = getattr(keras.layers, kind)(3, dropout=dropout, name="r")
    blueprint = Blueprint.of(
        keras.Sequential([keras.Input((4, 2)), hidden, keras.layers.Dense(1)]), (4, 2)
    )
    network = Network(blueprint, recipe)
    weights, buffers = network.complete(blueprint.initial_values(0))
    rows = jnp.asarray(np.random.default_rng(0).normal(size=(4, 4, 2)).astype(np.float32))
    objective = infer_objective(rows[:, 0, 0], "linear", (1,))
    batch = Batch(rows, rows[:, 0, :1], None)
    passed, look = run(
        network, objective, recipe, weights, buffers, batch, lambda _: KEY, training=True
    )
    return passed, buffers, look(jr.RDrop(1.0))


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_a_recurrent_layer_that_drops_nothing_keeps_no_noise(kind):
    """Keras gives it a random state all the same, which no pass changes."""
    together, _, seen = recurrent(kind, 0.0, jr.Recipe())
    with pytest.raises(jr.RecipeError, match=r"RDrop compares .* there is none"):
        seen.again()
    apart, before, _ = recurrent(kind, 0.0, jr.Recipe(jr.DropConnect(0.0, per_example=True)))
    np.testing.assert_allclose(apart.outputs, together.outputs, atol=1e-6)
    assert set(apart.buffers) == set(before)
    for path, value in before.items():
        np.testing.assert_array_equal(together.buffers[path], value)
    _, _, noisy = recurrent(kind, 0.5, jr.Recipe())
    assert float(abs(noisy.again()[1])) > 0
    with pytest.raises(jr.RecipeError, match="one by one"):
        recurrent(kind, 0.5, jr.Recipe(jr.DropConnect(0.0, per_example=True)))


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.9])
def test_alpha_dropout_keeps_mean_and_variance(rate):
    x = jax.random.normal(jax.random.key(9), (400, 500))
    after = np.asarray(jr.AlphaDropout(rate).activation(x, HIDDEN, KEY), float)
    assert after.mean() == pytest.approx(0, abs=0.02)
    assert after.var() == pytest.approx(1, abs=0.03)


def test_alpha_dropout_gives_pytorchs_values():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    theirs = torch.nn.functional.alpha_dropout(torch.full((4000,), 0.7), 0.3, training=True)
    ours = jr.AlphaDropout(0.3).activation(jnp.full((4000,), 0.7), HIDDEN, KEY)
    np.testing.assert_allclose(np.unique(ours), np.unique(theirs.numpy()), atol=1e-5)


# DropBlock


def test_blocks_are_whole_squares_inside_the_map():
    """Every dropped pixel lies in a square of dropped pixels, found by trying all squares."""
    dropped = np.asarray(blocks((300, 8, 9, 2), (1, 2), 3, jnp.float32(0.2), KEY))
    covered = np.zeros_like(dropped)
    for top in range(6):
        for left in range(7):
            square = dropped[:, top : top + 3, left : left + 3].all(axis=(1, 2), keepdims=True)
            covered[:, top : top + 3, left : left + 3] |= square
    np.testing.assert_array_equal(dropped, covered)


@pytest.mark.parametrize("size", [1, 3, 7, 20])
def test_pixels_are_dropped_as_often_as_equation_1_says(size):
    shape, rate = (2000, 8, 9, 2), 0.2
    dropped = np.asarray(blocks(shape, (1, 2), size, jnp.float32(rate), KEY), float)
    size = min(size, 8)
    corners = [8 - size + 1, 9 - size + 1]
    frequency = rate / size**2 * 72 / np.prod(corners)
    # A pixel stays if none of the blocks that could hold it is there.
    ways = [
        np.array([sum(0 <= p - c < size for c in range(count)) for p in range(side)])
        for side, count in zip((8, 9), corners, strict=True)
    ]
    expected = 1 - (1 - frequency) ** np.outer(*ways)
    np.testing.assert_allclose(dropped.mean(axis=(0, 3)), expected, atol=4.5 * 0.5 / np.sqrt(4000))


@pytest.mark.parametrize("channels_first", [False, True])
def test_drop_block_keeps_the_mean_of_the_batch(channels_first):
    site = Site(1, "conv", "hidden", 4, channels_first)
    shape = (20, 3, 8, 9) if channels_first else (20, 8, 9, 3)
    after = np.asarray(jr.DropBlock(0.3, 3).activation(jnp.ones(shape), site, KEY))
    assert after.mean() == pytest.approx(1, rel=1e-5)
    assert 0.1 < (after == 0).mean() < 0.5
    maps = after if channels_first else after.transpose(0, 3, 1, 2)
    assert (maps[:, 0] != maps[:, 1]).any()


def test_a_block_of_one_pixel_is_dropout():
    after = np.asarray(jr.DropBlock(0.3, 1).activation(jnp.ones((100, 8, 9, 3)), IMAGES, KEY))
    assert (after == 0).mean() == pytest.approx(0.3, abs=4.5 * np.sqrt(0.21 / after.size))


def test_drop_block_leaves_other_layers_alone_and_wants_one_of_its_own(binary, small_net):
    x = jnp.ones((4, 6))
    assert (jr.DropBlock(0.9).activation(x, HIDDEN, KEY) == x).all()
    with pytest.raises(jr.RecipeError, match=r"DropBlock\.rate finds nowhere to act"):
        jr.compare(small_net, binary, {"it": jr.DropBlock(0.1)}, validation=binary, seeds=1)


@pytest.mark.parametrize("size", [0, 2.5, True, "7"])
def test_a_block_size_that_is_none_is_refused(size):
    with pytest.raises(jr.RecipeError, match="block_size="):
        jr.DropBlock(0.1, size)


# Weight noise


def test_weight_noise_is_gaussian_on_all_kernels():
    after = jr.WeightNoise(0.2).step_weights(WEIGHTS, KERNELS, KEY)
    noise = np.asarray(after["a/kernel"] - WEIGHTS["a/kernel"], float).ravel()
    assert stats.kstest(noise / 0.2, "norm").pvalue > 1e-3
    assert (after["b/kernel"] != WEIGHTS["b/kernel"]).all()
    np.testing.assert_array_equal(after["a/bias"], WEIGHTS["a/bias"])


def test_the_gradient_at_noisy_weights_moves_those_without_noise():
    gradient = jax.grad(
        lambda w: jnp.sum(jr.WeightNoise(0.2).step_weights(w, KERNELS, KEY)["a/kernel"] ** 2)
    )(WEIGHTS)["a/kernel"]
    noisy = jr.WeightNoise(0.2).step_weights(WEIGHTS, KERNELS, KEY)["a/kernel"]
    np.testing.assert_allclose(gradient, 2 * noisy, rtol=1e-6)
