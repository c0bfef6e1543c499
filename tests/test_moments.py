"""DropConnect's Gaussian rule of prediction: against masks drawn by the thousand in NumPy."""

import jax
import keras
import numpy as np
import pytest
from scipy import stats

import justright as jr
from conftest import signs
from justright.engine.keys import prediction_draws
from justright.network.blueprint import Blueprint
from justright.network.moments import DRAWS, MomentMatched, moment_matched, variances
from justright.network.network import Network
from justright.network.structure import structure_of

rng = np.random.default_rng(0)
ROWS = rng.normal(size=(6, 5)).astype(np.float32)


def test_activations_are_the_mean_over_normal_pre_activations():
    """Closed form: the mean of relu(h) for h ~ N(m, s²) is m·Φ(m/s) + s·φ(m/s)."""
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Dense(300, "relu", name="a"), keras.layers.Dense(1, name="out")]
    model = keras.Sequential([keras.Input((5,)), *layers])
    drawing = moment_matched(model, (5,), {"a": 0.3 / 0.7}, prediction_draws(0))
    w, b, last, bias = (v.astype(float) for v in model.get_weights())
    m, s = ROWS @ w + b, np.sqrt(0.3 / 0.7 * np.square(ROWS) @ np.square(w))
    hidden = m * stats.norm.cdf(m / s) + s * stats.norm.pdf(m / s)
    error = np.sqrt(np.square(s) @ np.square(last) / DRAWS)
    assert (np.abs(drawing(ROWS) - (hidden @ last + bias)) < 5 * error).all()


@pytest.mark.parametrize("convolves", [False, True])
def test_it_is_what_masks_give_on_average(convolves):
    """By brute force: a layer with many inputs, 20,000 masks of its kernel, then its activation."""
    keras.utils.set_random_seed(2)
    if convolves:
        layer, shape = keras.layers.Conv1D(3, 8, activation="tanh", name="a"), (8, 10)
    else:
        layer, shape = keras.layers.Dense(3, "tanh", name="a"), (80,)
    layers = [layer, keras.layers.Flatten(), keras.layers.Dense(3, name="out")]
    model = keras.Sequential([keras.Input(shape), *layers])
    kernel, _, last, _ = (v.astype(float) for v in model.get_weights())
    X = rng.normal(size=(4, *shape)).astype(np.float32)
    masks = (rng.random((20_000, 80, 3)) >= 0.5) / 0.5
    hidden = np.tanh(np.einsum("ni,kio->kno", X.reshape(4, 80), masks * kernel.reshape(80, 3)))
    expected = hidden.mean(axis=0) @ last
    ours = moment_matched(model, shape, {"a": 1.0}, prediction_draws(0))(X)
    error = np.sqrt(hidden.var(axis=0) @ np.square(last) / DRAWS)
    # A sum of 80 terms is not quite normal.
    assert (np.abs(ours - expected) < 4.5 * error + 0.02).all()
    assert np.abs(np.asarray(model(X)) - expected).max() > np.abs(ours - expected).max()


@pytest.fixture(scope="module")
def study():
    keras.utils.set_random_seed(7)
    rows = signs(seed=0, count=80)
    hidden = [keras.layers.Dense(8, "relu", name="hidden")]
    model = keras.Sequential([keras.Input((5,)), *hidden, keras.layers.Dense(1, "sigmoid")])
    recipes = {
        "drawn": jr.BatchNorm() + jr.DropConnect(0.4, inference="gaussian"),
        "nothing": jr.DropConnect(0.0, inference="gaussian"),
        "mean": jr.DropConnect(0.4),
    }
    return jr.compare(model, rows, recipes, validation=rows, seeds=1, epochs=3)


def test_predictions_come_from_the_seed_and_rows_do_not_see_each_other(study):
    one, again, other = (study.predict(ROWS, "drawn", seed=s).mean for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    np.testing.assert_allclose(study.predict(ROWS[3:], "drawn", seed=1).mean, one[3:], atol=1e-6)
    assert study.predict(ROWS, "drawn", samples=2).spread.max() > 0


def test_the_export_has_the_mean_rule_and_says_so(study):
    with pytest.warns(UserWarning, match="mean rule"):
        model = study.model("drawn")
    assert np.abs(study.predict(ROWS, "drawn").mean - model(ROWS)).max() > 1e-4
    np.testing.assert_allclose(
        study.predict(ROWS, "nothing").mean, study.model("nothing")(ROWS), atol=1e-6
    )
    np.testing.assert_allclose(
        study.predict(ROWS, "mean").mean, study.model("mean")(ROWS), atol=1e-6
    )


LINEAR = [
    (keras.layers.EinsumDense("abc,cd->abd", (8, 3), bias_axes="d"), (8, 5)),
    (keras.layers.Conv1D(3, 3, padding="causal", dilation_rate=2), (8, 5)),
    (keras.layers.Conv2D(4, 3, padding="same", groups=2), (6, 6, 2)),
    (keras.layers.Conv2DTranspose(3, 3, strides=2), (4, 4, 2)),
    (keras.layers.DepthwiseConv2D(3, depth_multiplier=2), (6, 6, 2)),
]


@pytest.mark.parametrize(("layer", "shape"), LINEAR, ids=lambda x: getattr(x, "name", None))
def test_the_moments_are_those_of_masks_for_every_kind_of_layer(layer, shape):
    """Mean and spread of the pre-activation, over masks of the layer's own kernel."""
    model = keras.Sequential([keras.Input(shape), layer])
    X = rng.normal(size=(2, *shape)).astype(np.float32)
    drawing = MomentMatched(layer, 0.3 / 0.7, prediction_draws(0))
    drawing(X)
    kernel, bias = layer.get_weights()
    drawing.linear.set_weights([kernel, bias + 1])
    ours = np.asarray(drawing(X)).reshape(DRAWS, *model.compute_output_shape((2, *shape)))
    kernels = kernel * (rng.random((4000, *kernel.shape)) >= 0.3).astype(np.float32) / 0.7
    masked = np.asarray(jax.vmap(lambda k: layer.stateless_call([k, bias + 1], [], X)[0])(kernels))
    spread = masked.std(axis=0)
    alive = spread > 1e-6
    assert (ours.std(axis=0)[~alive] < 1e-6).all()
    error = spread / np.sqrt(DRAWS)
    assert (np.abs(ours.mean(axis=0) - masked.mean(axis=0)) < 6 * error + 1e-6).all()
    # A spread over n draws is off by 1/√(2n) of itself.
    ratio = ours.std(axis=0)[alive] / spread[alive]
    assert np.abs(ratio - 1).max() < 6 / np.sqrt(2 * DRAWS)


def test_twins_and_projections_are_drawn_too_by_the_rate_of_their_layer():
    hidden = [keras.layers.Dense(n, "relu", name=f"hidden_{n}") for n in (8, 6)]
    model = keras.Sequential([keras.Input((5,)), *hidden, keras.layers.Dense(1, "sigmoid")])
    blueprint = Blueprint.of(model, (5,))
    recipe = jr.ShakeShake(1.0) + jr.DropConnect({"hidden_6": 0.5}, inference="gaussian")
    names = ["hidden_6", "hidden_6_2", "hidden_6_shortcut"]
    found = variances(blueprint, structure_of(blueprint, recipe), recipe)
    assert found == dict.fromkeys(names, 1.0)
    network = Network(blueprint, recipe)
    kernels = [k.path.split("/")[0] for k in network.kernels if k.layer == "hidden_6"]
    assert sorted(kernels) == names
    rows = signs(seed=0, count=60)
    study = jr.compare(model, rows, {"it": recipe}, validation=rows, seeds=1, epochs=2)
    spreads = [study.predict(ROWS, "it", seed=seed).mean for seed in range(5)]
    assert np.std(spreads, axis=0).max() > 0
    assert np.isfinite(spreads).all()


def test_what_cannot_be_drawn_is_refused_before_training():
    layers = [keras.layers.GRU(3, name="a"), keras.layers.Dense(1, name="out")]
    model = keras.Sequential([keras.Input((4, 5)), *layers])
    rows = rng.normal(size=(20, 4, 5)), np.arange(20.0)
    recipe = jr.DropConnect(jr.Linear(0, 0.5, 3), inference="gaussian")
    with pytest.raises(jr.RecipeError, match="'a' is a GRU"):
        jr.compare(model, rows, {"it": recipe}, validation=rows, seeds=1, epochs=1)
    with pytest.raises(jr.RecipeError, match="inference='median'"):
        jr.DropConnect(0.5, inference="median")


def test_a_scheduled_rate_predicts_with_that_of_the_epoch_whose_weights_it_has():
    rows = signs(seed=0, count=60)
    layers = [keras.layers.Dense(8, "relu", name="hidden"), keras.layers.Dense(1, "sigmoid")]
    model = keras.Sequential([keras.Input((5,)), *layers])
    rate = jr.Step(0.6, 0.0, 2)
    recipes = {
        str(epochs): jr.DropConnect(rate, inference="gaussian") + jr.L2(0.0) for epochs in (2, 3)
    }
    for name, recipe in recipes.items():
        study = jr.compare(model, rows, {"it": recipe}, validation=rows, seeds=1, epochs=int(name))
        one, other = (study.predict(ROWS, "it", seed=seed).mean for seed in (0, 1))
        assert (one != other).any() == (name == "2")
