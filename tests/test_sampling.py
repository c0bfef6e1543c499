"""Monte-Carlo dropout: noise on, layers at rest; what is drawn, and what is refused."""

import keras
import numpy as np
import pytest

import justright as jr
from conftest import signs
from justright.engine.sampling import noise_of

RECIPES = {
    "plain": jr.L2(1e-3),
    "normalized": jr.BatchNorm(0.5),
    "dropped": jr.Dropout(0.4),
    "both": jr.BatchNorm(0.5) + jr.Dropout(0.4) + jr.ManifoldMixup(1.0),
    "nothing dropped": jr.BatchNorm(0.5) + jr.Dropout(0.0),
    "weights": jr.DropConnect(0.3, per_example=True),
}
ROWS = signs(seed=3, count=9)[0]


@pytest.fixture(scope="module")
def study():
    keras.utils.set_random_seed(7)
    rows = signs(seed=0, count=80)
    layers = [keras.layers.Dense(n, "relu", name=f"hidden_{n}") for n in (8, 4)]
    model = keras.Sequential([keras.Input((5,)), *layers, keras.layers.Dense(1, "sigmoid")])
    return jr.compare(model, rows, RECIPES, validation=rows, seeds=2, epochs=3)


@pytest.mark.parametrize("recipe", ["plain", "normalized", "both", "weights"])
def test_without_samples_it_is_the_exported_model(study, recipe):
    found = study.predict(ROWS, recipe)
    np.testing.assert_allclose(found.mean, study.model(recipe)(ROWS), atol=1e-6)
    assert found.spread is None
    assert found.draws is None


def test_sampling_leaves_batch_normalization_alone(study):
    """With noise of rate 0, every sample is the prediction; a row does not see the others."""
    found = study.predict(ROWS, "nothing dropped", samples=3)
    np.testing.assert_allclose(found.mean, study.predict(ROWS, "nothing dropped").mean, atol=1e-6)
    assert found.spread.max() < 1e-6
    moved = ROWS.copy()
    moved[1:] *= 100
    one, other = (study.predict(X, "both", samples=5) for X in (ROWS, moved))
    for name in ("mean", "spread"):
        a, b = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(a[0], b[0], atol=1e-6)
        assert (a[1:] != b[1:]).any()


def test_samples_are_masks_of_hidden_units(study):
    """Against passes in NumPy with masks of its own: mean and spread within their error."""
    (w1, b1, w2, b2, w3, b3) = (w.astype(float) for w in study.model("dropped").get_weights())
    rng = np.random.default_rng(0)
    count = 4000
    h = np.maximum(ROWS @ w1 + b1, 0) * (rng.random((count, 9, 8)) >= 0.4) / 0.6
    h = np.maximum(h @ w2 + b2, 0) * (rng.random((count, 9, 4)) >= 0.4) / 0.6
    theirs = 1 / (1 + np.exp(-(h @ w3 + b3)))
    found = study.predict(ROWS, "dropped", samples=count)
    error = theirs.std(axis=0) / np.sqrt(count)
    assert (np.abs(found.mean - theirs.mean(axis=0)) < 6 * error + 1e-6).all()
    np.testing.assert_allclose(found.spread, theirs.std(axis=0, ddof=1), rtol=0.15)
    np.testing.assert_allclose(found.draws.mean(axis=0), found.mean, atol=1e-5)
    np.testing.assert_allclose(found.draws.std(axis=0, ddof=1), found.spread, rtol=1e-3)


def test_a_seed_gives_the_same_draws_and_rows_their_own(study):
    one, again = (study.predict(ROWS, "dropped", samples=4, seed=1) for _ in range(2))
    np.testing.assert_array_equal(one.draws, again.draws)
    assert (study.predict(ROWS, "dropped", samples=4, seed=2).mean != one.mean).any()
    same = study.predict(np.repeat(ROWS[:1], 6, axis=0), "dropped", samples=2).mean
    assert len(np.unique(same)) > 1
    assert study.predict(ROWS, "weights", samples=3).spread.max() > 0


def test_rows_that_are_mixed_are_no_noise():
    assert noise_of(RECIPES["both"]) == jr.Recipe(jr.Dropout(0.4))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"recipe": "plain", "samples": 5}, jr.RecipeError, "L2 0.001 has none"),
        ({"recipe": "dropped", "samples": 1}, jr.DataError, "no spread"),
        ({"recipe": "dropped", "samples": -1}, jr.DataError, "samples=-1"),
        ({"recipe": "dropped", "samples": 2.5}, jr.DataError, r"samples=2\.5"),
        ({"recipe": "dropped", "samples": 2, "seed": -1}, jr.DataError, "seed=-1"),
        ({"recipe": "droped"}, jr.DataError, "dropped"),
        ({"recipe": "plain", "trial_seed": 7}, jr.DataError, "Seed 7"),
        ({"recipe": "plain", "X": ROWS[:, :4]}, jr.DataError, r"\(4,\).*takes \(5,\)"),
        ({"recipe": "plain", "X": ROWS[..., None]}, jr.DataError, r"\(5, 1\).*takes \(5,\)"),
        ({"recipe": "plain", "X": ROWS[0]}, jr.DataError, "rows of features"),
    ],
)
def test_what_does_not_fit_is_refused(study, options, error, message):
    with pytest.raises(error, match=message):
        study.predict(**{"X": ROWS} | options)
