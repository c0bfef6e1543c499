"""Derivatives through training, against complex steps in float64, closed forms and differences."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

import justright as jr
from conftest import dense_net, signs
from justright.engine.hypergradient import slopes_of
from justright.experiments.setup import Setup
from justright.regularizers import TECHNIQUES
from justright.regularizers.named import limits_by_name, with_strengths
from justright.regularizers.recipe import as_recipe

RATE = 0.1


def numbers(seed=0, count=40):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 3)).astype(np.float32)
    y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.3 * rng.normal(size=count)
    return X, y.astype(np.float32)


def tanh_net(outputs=1, features=3, activation=None):
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((features,)),
            keras.layers.Dense(6, activation="tanh", name="a"),
            keras.layers.Dense(outputs, activation=activation, name="b"),
        ]
    )


def setup_of(model, train, validation, **how):
    return Setup.of(model, train, validation=validation, **how)


def slopes(setup, *recipes, seeds=(0,)):
    """Gradients by the logs of all strengths, and validation losses, by recipe and seed."""
    recipes = [as_recipe(recipe) for recipe in recipes]
    leaves = tuple(range(len(recipes[0].strengths())))
    trials = [trial for recipe in recipes for trial in setup.trials("it", recipe, seeds)]
    found = slopes_of(setup.task, trials, setup.start, leaves, setup.layout)
    return np.array([s.gradient for s in found]), np.array([s.validation[0] for s in found])


def trained_in_complex(weights, train, validation, logs, epochs):
    """Full-batch descent on tanh's network in NumPy: analytic, so it takes complex strengths."""
    kernel_a, bias_a, kernel_b, bias_b = (w.astype(complex) for w in weights)
    X, y = (part.astype(complex) for part in train)
    l2_a, l2_b, decay = np.exp(logs)
    for _ in range(epochs):
        h = np.tanh(X @ kernel_a + bias_a)
        error = 2 * (h @ kernel_b + bias_b - y[:, None]) / len(X)
        back = (error @ kernel_b.T) * (1 - h**2)
        moved = [
            kernel_a - RATE * (X.T @ back + 2 * l2_a * kernel_a) - RATE * decay * kernel_a,
            bias_a - RATE * back.sum(axis=0),
            kernel_b - RATE * (h.T @ error + 2 * l2_b * kernel_b) - RATE * decay * kernel_b,
            bias_b - RATE * error.sum(axis=0),
        ]
        kernel_a, bias_a, kernel_b, bias_b = moved
    X, y = validation
    residual = np.tanh(X @ kernel_a + bias_a) @ kernel_b + bias_b - y[:, None]
    return (residual**2).mean()


@pytest.mark.parametrize(
    "optimizer",
    ["adam", keras.optimizers.AdamW(), keras.optimizers.Nadam(), keras.optimizers.Adam(clipnorm=1)],
    ids=["Adam", "AdamW", "Nadam", "clipped"],
)
def test_units_that_no_row_wakes_leave_the_derivative_a_number(optimizer):
    """Their biases have no gradient, so that Adam's second moment is exactly 0."""
    keras.utils.set_random_seed(2)
    model = dense_net()
    first = next(layer for layer in model.layers if layer.weights)
    kernel, bias = first.get_weights()
    bias[0] = -50.0
    first.set_weights([kernel, bias])
    setup = setup_of(
        model, signs(0, 60), signs(1, 40), epochs=4, batch_size=20, initial_weights="model",
        optimizer=optimizer,
    )  # fmt: skip
    step = 0.1
    around = [jr.L2(0.1 * np.exp(shift)) for shift in (-step, 0.0, step)]
    gradients, losses = slopes(setup, *around)
    assert np.isfinite(gradients).all()
    assert gradients[1, 0] == pytest.approx((losses[2] - losses[0]) / (2 * step), rel=0.02)


def test_the_derivative_is_that_of_the_same_training_in_float64():
    train, validation = numbers(0), numbers(1)
    model, logs, epochs = tanh_net(), np.log([0.02, 0.005, 0.03]), 60
    setup = setup_of(
        model, train, validation, epochs=epochs, batch_size=40, initial_weights="model",
        optimizer=keras.optimizers.SGD(RATE),
    )  # fmt: skip
    a, b, decay = np.exp(logs)
    gradient, loss = slopes(setup, jr.L2({"a": a, "b": b}) + jr.WeightDecay(decay))
    # Biases are left alone by ours, so the decay above is on kernels only.
    weights = model.get_weights()
    step = 1e-30
    expected = [
        trained_in_complex(weights, train, validation, logs + 1j * step * row, epochs).imag / step
        for row in np.eye(3)
    ]
    assert loss[0] == pytest.approx(
        trained_in_complex(weights, train, validation, logs, epochs).real, rel=1e-5
    )
    np.testing.assert_allclose(gradient[0], expected, rtol=2e-3, atol=1e-7)


def test_at_rest_the_derivative_is_that_of_ridge_regression():
    (X, y), validation = numbers(0), numbers(1)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False, name="w")])
    setup = setup_of(
        model, (X, y), validation, epochs=400, batch_size=40, optimizer=keras.optimizers.SGD(0.1)
    )
    strength = 0.3
    gradient, _ = slopes(setup, jr.L2(strength))
    X, y, V, v = (part.astype(float) for part in (X, y, *validation))
    A = X.T @ X / len(X) + strength * np.eye(3)
    w = np.linalg.solve(A, X.T @ y / len(X))
    implicit = 2 * (V @ w - v) @ V / len(V) @ np.linalg.solve(A, -w) * strength
    assert gradient[0, 0] == pytest.approx(implicit, rel=1e-4)


# Recipes that hold each strength that says it is smooth. Kinds that mix labels need classes.
RECIPES = {
    "penalties": jr.L2({"a": 0.02, "b": 0.01})
    + jr.WeightDecay(0.05)
    + jr.OrthogonalPenalty(0.02)
    + jr.ActivityL1(0.01)
    + jr.ActivityL2(0.01)
    + jr.ConfidencePenalty(0.1)
    + jr.JacobianPenalty(0.02),
    "noise": jr.GaussianNoise(0.2)
    + jr.GaussianDropout(0.2)
    + jr.WeightNoise(0.1)
    + jr.Mixup(0.5)
    + jr.LabelSmoothing(0.1)
    + jr.RDrop(0.3),
    "steps": jr.SAM(0.05) + jr.EMA(0.8),
    "zeros": jr.ElasticNet(1e-3, 0.01) + jr.GroupLasso(1e-3) + jr.L1(1e-3),
    "scheduled": jr.Recipe(jr.L2(jr.Linear(0.1, 0.01, 6))),
}


def smooth_names(recipe):
    return [n for n, limits in limits_by_name(recipe).items() if limits.smooth]


def test_every_smooth_strength_is_in_a_recipe_that_is_checked():
    smooth = {
        f"{kind.__name__}.{name}"
        for kind in TECHNIQUES
        for name, limits in _limits_of(kind).items()
        if limits.smooth
    }
    checked = {name.split("[")[0] for recipe in RECIPES.values() for name in smooth_names(recipe)}
    assert smooth == {name for name in checked if name.count(".") == 1}


def test_the_guide_names_every_smooth_strength():
    text = (Path(__file__).parents[1] / "docs" / "strength.md").read_text(encoding="utf-8")
    told = re.search(r"Strengths with a derivative: (.+?)\. Others", text, re.DOTALL).group(1)
    smooth = {
        f"{kind.__name__}.{name}"
        for kind in TECHNIQUES
        for name, limits in _limits_of(kind).items()
        if limits.smooth
    }
    assert set(re.findall(r"`([\w.]+)`", told)) == smooth


def _limits_of(kind):
    from justright.regularizers.strength import limits_of
    from justright.regularizers.technique import fields_of

    return {f.name: limits for f in fields_of(kind) if (limits := limits_of(f)) is not None}


@pytest.mark.parametrize("name", RECIPES)
def test_the_derivative_is_what_small_changes_do(name):
    recipe = RECIPES[name]
    setup = setup_of(
        tanh_net(features=5, activation="sigmoid"), signs(0, 40), signs(1, 300), epochs=8,
        batch_size=10, optimizer=keras.optimizers.SGD(0.2),
    )  # fmt: skip
    reach, values = 0.03, recipe.strengths()
    moved = [
        with_strengths(recipe, {n: float(values[n]) * np.exp(sign * reach)})
        for n in values
        for sign in (-1, 1)
    ]
    gradient, losses = slopes(setup, recipe, *moved)
    differences = np.diff(losses[1:].astype(float).reshape(-1, 2))[:, 0] / (2 * reach)
    smooth = np.array([n in smooth_names(recipe) and not n.endswith(".epochs") for n in values])
    assert smooth.any()
    np.testing.assert_allclose(gradient[0][smooth], differences[smooth], rtol=0.05, atol=3e-5)
    assert (abs(differences[smooth]) > 1e-5).all()


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "momentum"])
def test_the_optimizers_state_is_derived_too(optimizer):
    setup = setup_of(
        tanh_net(), numbers(0), numbers(1, 200), epochs=10, batch_size=20, optimizer=optimizer
    )
    reach = 0.05
    gradient, (_, low, high) = slopes(setup, *(jr.L2(0.1 * np.exp(s * reach)) for s in (0, -1, 1)))
    assert gradient[0, 0] == pytest.approx((high - low) / (2 * reach), rel=0.05)


def test_a_trial_gives_what_compare_gives_whatever_its_neighbors(small_net, binary, held_out):
    how = {"epochs": 7, "batch_size": 16}
    recipe = as_recipe(jr.L2(0.01) + jr.Dropout(0.2))
    setup = setup_of(small_net, binary, held_out, **how)
    study = jr.compare(
        small_net, binary, {"it": recipe}, validation=held_out, seeds=11, progress=False, **how
    )
    gradients, losses = slopes(setup, recipe, seeds=range(11))
    np.testing.assert_allclose(losses, study.table["val_loss"], rtol=1e-5)
    alone, _ = slopes(setup, recipe, seeds=[9])
    np.testing.assert_array_equal(alone[0], gradients[9])


def test_splits_of_different_sizes_train_on_their_own_rows(binary):
    X, y = binary
    folds = [(np.arange(60), np.arange(60, 80)), (np.arange(50), np.arange(50, 80))]
    recipe = as_recipe(jr.L2(0.05))
    how = {"splits": folds, "epochs": 5, "batch_size": 16}
    setup = Setup.of(dense_net(), (X, y), **how)
    study = jr.compare(dense_net(), (X, y), {"it": recipe}, seeds=1, progress=False, **how)
    _, losses = slopes(setup, recipe)
    np.testing.assert_allclose(losses, study.table["val_loss"], rtol=1e-5)
