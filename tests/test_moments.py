"""DropConnect's Gaussian rule of prediction: against masks drawn by the thousand in NumPy."""

import keras
import numpy as np
import pytest
from scipy import stats

import justright as jr
from conftest import signs
from justright.engine.keys import prediction_draws
from justright.network.moments import DRAWS, moment_matched

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


def test_what_cannot_be_drawn_is_refused():
    layers = [keras.layers.GRU(3, name="a"), keras.layers.Dense(1, name="out")]
    model = keras.Sequential([keras.Input((4, 5)), *layers])
    with pytest.raises(jr.RecipeError, match="'a' is a GRU"):
        moment_matched(model, (4, 5), {"a": 1.0}, prediction_draws(0))
    with pytest.raises(jr.RecipeError, match="inference='median'"):
        jr.DropConnect(0.5, inference="median")
