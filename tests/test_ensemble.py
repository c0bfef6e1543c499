"""Dropout as an ensemble: what weight scaling is exactly, NumPy's averages, and what is found."""

from itertools import product

import keras
import numpy as np
import pytest

import justright as jr
from conftest import signs
from justright.engine.ensemble import average_of_all, averages_of_samples, predictions
from justright.engine.keys import mask_draws
from justright.engine.thinned import ThinnedNetworks, Thinner, every_mask, probabilities_of
from justright.network.blueprint import Blueprint
from justright.network.network import Network
from justright.network.objective import infer_objective

ROWS = signs(seed=2, count=7)[0]


def networks_of(layers, recipe, y, seed=0):
    """The thinned networks of an untrained model, its objective, and its weights in float64."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((5,)), *layers])
    blueprint = Blueprint.of(model, (5,))
    rng = np.random.default_rng(seed)
    values = {p: rng.normal(0, 0.7, v.shape) for p, v in blueprint.initial_values(0).items()}
    network = Network(blueprint, recipe)
    anatomy = blueprint.anatomy
    objective = infer_objective(y, anatomy.output_activation, anatomy.output_shape)
    thinner = Thinner(network, recipe, (5,))
    single = {p: v.astype(np.float32) for p, v in values.items()}
    return ThinnedNetworks(thinner, recipe, single, ROWS), objective, list(values.values())


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(
    ("layer", "y"),
    [
        (keras.layers.Dense(3, "softmax"), np.arange(7) % 3),
        (keras.layers.Dense(3), np.arange(7) % 3),
        (keras.layers.Dense(1, "sigmoid"), np.arange(7) % 2),
        (keras.layers.Dense(2, "sigmoid"), np.eye(2, dtype=int)[np.arange(7) % 2]),
    ],
    ids=["softmax", "logits", "sigmoid", "labels"],
)
@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_weight_scaling_of_one_layer_is_the_geometric_mean(layer, y, rate):
    """Srivastava et al. 2014 and Baldi & Sadowski 2013: exact for a softmax on dropped inputs."""
    recipe = jr.Recipe(jr.Dropout({"input": rate}))
    networks, objective, _ = networks_of([layer], recipe, y)
    assert networks.units == 5
    averages = average_of_all(networks, objective)
    scaled = predictions(objective, networks.scaled())
    np.testing.assert_allclose(np.exp(scaled), np.exp(averages.geometric), atol=2e-6)
    assert np.abs(np.exp(scaled) - np.exp(averages.arithmetic)).max() > 1e-3


def test_weight_scaling_is_the_average_where_the_last_layer_is_linear():
    """Numbers are linear in the masks of the last hidden layer, and in no earlier one's."""
    layers = [keras.layers.Dense(6, "relu", name="a"), keras.layers.Dense(1)]
    y = np.linspace(0.0, 1.0, 7)
    exact, objective, _ = networks_of(layers, jr.Recipe(jr.Dropout(0.3)), y)
    averages = average_of_all(exact, objective)
    assert averages.geometric is None
    np.testing.assert_allclose(exact.scaled(), averages.arithmetic, atol=1e-5)
    earlier = jr.Recipe(jr.Dropout({"input": 0.3}))
    other, objective, _ = networks_of(layers, earlier, y)
    assert np.abs(other.scaled() - average_of_all(other, objective).arithmetic).max() > 0.01


def test_averages_of_all_masks_are_those_of_numpy():
    layers = [keras.layers.Dense(3, "relu", name="a"), keras.layers.Dense(2, "tanh", name="b")]
    recipe = jr.Recipe(jr.Dropout({"input": 0.25, "a": 0.5, "b": 0.125}))
    last = keras.layers.Dense(3, "softmax")
    networks, objective, values = networks_of([*layers, last], recipe, np.arange(7) % 3)
    w1, b1, w2, b2, w3, b3 = values
    mean, log_mean, total = 0.0, 0.0, 0.0
    for mask in product([0, 1], repeat=10):
        m = np.array(mask, float)
        h = np.maximum((ROWS * m[:5] / 0.75) @ w1 + b1, 0) * m[5:8] / 0.5
        h = np.tanh(h @ w2 + b2) * m[8:] / 0.875
        p = softmax(h @ w3 + b3)
        drop = np.repeat([0.25, 0.5, 0.125], [5, 3, 2])
        weight = np.where(m > 0, 1 - drop, drop).prod()
        mean, log_mean, total = mean + weight * p, log_mean + weight * np.log(p), total + weight
    assert total == pytest.approx(1)
    averages = average_of_all(networks, objective)
    np.testing.assert_allclose(np.exp(averages.arithmetic), mean, atol=1e-5)
    np.testing.assert_allclose(np.exp(averages.geometric), softmax(log_mean), atol=1e-5)


def test_masks_are_drawn_as_often_as_they_are_probable():
    drop = np.array([0.2, 0.5, 0.9])
    masks = every_mask(3)
    assert len({tuple(mask) for mask in masks}) == 8
    weights = probabilities_of(masks, drop)
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(weights @ masks, 1 - drop)


def test_sampled_averages_come_nearer_to_the_exact_one():
    recipe = jr.Recipe(jr.Dropout(0.5))
    layers = [keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")]
    networks, objective, _ = networks_of(layers, recipe, np.arange(7) % 2)
    exact = np.exp(average_of_all(networks, objective).arithmetic)
    counts = [1, 16, 256]
    repeats = [
        np.exp(averages_of_samples(networks, objective, mask_draws(seed, 0), counts))
        for seed in range(40)
    ]
    deviations = np.std(repeats, axis=0)
    # A sixteenth of the variance each time.
    ratios = deviations[:-1].mean(axis=(1, 2, 3)) / deviations[1:].mean(axis=(1, 2, 3))
    np.testing.assert_allclose(ratios, 4, rtol=0.25)
    error = deviations[-1] / np.sqrt(40)
    assert (np.abs(np.mean(repeats, axis=0)[-1] - exact) < 5 * error + 1e-5).all()


def test_a_layer_that_is_called_twice_is_thinned_at_each_call():
    shared = keras.layers.Dense(5, "relu", name="shared")
    recipe = jr.Recipe(jr.Dropout(0.5))
    layers = [shared, keras.layers.Dense(5, "relu", name="between")]
    inputs = keras.Input((5,))
    outputs = keras.layers.Dense(1, name="out")(shared(layers[1](shared(inputs))))
    blueprint = Blueprint.of(keras.Model(inputs, outputs), (5,))
    thinner = Thinner(Network(blueprint, recipe), recipe, (5,))
    assert thinner.units == 15


@pytest.fixture(scope="module")
def found():
    task = jr.example()
    return jr.dropout_ensemble(
        None,
        task.train,
        validation=task.validation,
        test=task.test,
        epochs=60,
        batch_size=8,
        samples=50,
        repeats=10,
        seeds=3,
    )


def test_the_lesson_is_found_on_the_shipped_task(found):
    """L19: averages of many masks do better than one, and one pass does about as well as all."""
    means = found.table.groupby(["prediction", "masks"])[["loss", "metric", "distance"]].mean()
    sampled = means.loc["sampled masks"]
    assert list(sampled.index) == [1, 2, 5, 10, 20, 50]
    assert sampled["distance"].is_monotonic_decreasing
    assert sampled["loss"].loc[50] < sampled["loss"].loc[1]
    everything, scaling = means.loc["all masks"].iloc[0], means.loc["weight scaling"].iloc[0]
    assert abs(scaling["metric"] - everything["metric"]) < 0.05
    assert min(scaling["metric"], everything["metric"]) > sampled["metric"].loc[1]
    assert abs(sampled["loss"].loc[50] - everything["loss"]) < 0.05
    scaled = found.table[found.table["prediction"] == "weight scaling"]
    assert (scaled["to_geometric"] < scaled["distance"]).all()


def test_weight_scaling_is_what_the_study_has_measured(found):
    scaled = found.table[found.table["prediction"] == "weight scaling"]
    assert found.exact
    assert found.units == 12
    np.testing.assert_allclose(scaled["loss"], found.study.table["test_loss"], rtol=1e-4)
    np.testing.assert_allclose(scaled["metric"], found.study.table["test_metric"], atol=1e-6)


def test_the_summary_says_what_the_table_holds(found):
    text = found.summary()
    assert "12 units" in text
    assert "all of which were averaged" in text
    assert "4,096" in text
    assert "test rows (3 trainings)" in text
    figure = found.plot()
    labels = [t.get_text() for t in figure.axes[0].get_legend().get_texts()]
    assert "average of all 4,096 masks" in labels


def test_many_units_are_sampled_and_the_words_say_so(binary):
    recipe = jr.Dropout(0.2) + jr.L2(1e-3)
    found = jr.dropout_ensemble(
        None, binary, recipe, hidden=[12, 12], samples=6, repeats=4, seeds=1, epochs=2
    )
    again = jr.dropout_ensemble(
        None, binary, recipe, hidden=[12, 12], samples=6, repeats=4, seeds=1, epochs=2
    )
    assert found.table.equals(again.table)
    assert not found.exact
    assert list(found.table["masks"]) == [0, 1, 2, 5, 6, 24]
    assert "2^24" in found.summary()
    assert "24 sampled masks" in found.summary()
    assert "too few trainings" in found.summary()
    assert found.plot().axes


def test_splits_and_numbers_go_too():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = X.sum(axis=1) + rng.normal(size=60)
    found = jr.dropout_ensemble(
        None, (X, y), splits=2, preprocess="standardize", hidden=[4], seeds=2, epochs=3, samples=3
    )
    scaled, average = (
        found.table[found.table["prediction"] == name] for name in ("weight scaling", "all masks")
    )
    assert len(scaled) == 4
    # One hidden layer and a linear output: one pass is the average.
    np.testing.assert_allclose(scaled["loss"], average["loss"], rtol=1e-4)
    np.testing.assert_allclose(scaled["loss"], found.study.table["val_loss"], rtol=1e-4)
    assert scaled["to_geometric"].isna().all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"recipe": jr.L2(0.1)}, jr.RecipeError, "wants Dropout"),
        ({"recipe": jr.Dropout(0.1) + jr.SnapshotEnsemble(2)}, jr.RecipeError, "predict together"),
        ({"samples": 0}, jr.DataError, "at least one mask"),
        ({"repeats": 1}, jr.DataError, "at least two draws"),
        ({"most_units": 25}, jr.DataError, r"2\^25 masks"),
        ({"samples": 1.5}, jr.DataError, r"samples=1\.5"),
    ],
)
def test_what_cannot_be_averaged_is_refused(binary, options, error, message):
    with pytest.raises(error, match=message):
        jr.dropout_ensemble(None, binary, **options)
