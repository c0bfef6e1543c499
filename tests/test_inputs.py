"""Exact sparsity: which inputs survive, by name; those that do not have no part in predictions."""

import json

import keras
import numpy as np
import pandas as pd
import pytest

import justright as jr
from conftest import dense_net
from justright.cli.main import run
from justright.evidence.inputs import inputs_in_words, inputs_table

NAMES = ["age", "height", "weight", "noise", "more noise"]
RECIPES = {
    "plain": jr.Recipe(),
    "l1": jr.L1(0.05),
    "net": jr.ElasticNet(0.05, 0.001),
    "group": jr.GroupLasso(0.3),
}
MADE_FOR_IT = ["l1", "net", "group"]


@pytest.fixture(scope="module")
def rows():
    X = np.random.default_rng(0).normal(size=(80, 5)).astype(np.float32)
    return pd.DataFrame(X, columns=NAMES), (X[:, 0] > 0).astype(int)


@pytest.fixture(scope="module")
def study(rows):
    quick = {"optimizer": keras.optimizers.Adam(0.01), "batch_size": 8, "epochs": 60}
    return jr.compare(dense_net(), rows, RECIPES, validation=rows, seeds=3, **quick)


@pytest.mark.parametrize("recipe", MADE_FOR_IT)
def test_an_input_that_is_out_has_weight_zero_and_no_part_in_predictions(study, rows, recipe):
    X = rows[0].to_numpy()
    for seed in range(3):
        model = study.model(recipe, seed=seed)
        kernel = model.layers[0].kernel.numpy()
        out = (kernel == 0).all(axis=1)
        assert out.any(), "the recipe is to prune something, or the law is tried on nothing"
        changed = np.where(out, X + np.float32(100) * np.abs(X) + 7, X)
        np.testing.assert_array_equal(model(changed), model(X))


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_table_counts_what_the_models_have(study, recipe):
    kernels = [study.model(recipe, seed=seed).layers[0].kernel.numpy() for seed in range(3)]
    norms = np.array([np.linalg.norm(kernel, axis=1) for kernel in kernels])
    inputs = study.inputs(recipe)
    assert list(inputs["input"]) == NAMES
    np.testing.assert_array_equal(inputs["survives"], (norms > 0).sum(axis=0))
    np.testing.assert_allclose(inputs["norm"], norms.mean(axis=0), rtol=1e-5)
    assert (inputs["trials"] == 3).all()


def test_only_recipes_that_are_made_for_it_and_do_it_are_told(study):
    assert list(study.pruned()) == MADE_FOR_IT
    assert (study.inputs("plain")["survives"] == 3).all()


def test_what_cannot_be_said_is_refused(rows):
    X, y = rows[0].to_numpy(), rows[1]
    layers = keras.layers
    signal = keras.Sequential(
        [
            keras.Input((5, 1)),
            layers.Conv1D(2, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    study = jr.compare(
        signal, (X[..., None], y), {"l1": jr.L1(0.1)}, validation=0.2, seeds=1, epochs=1
    )
    assert study.pruned() == {}
    with pytest.raises(jr.ModelError, match="does not read its inputs by dense layers alone"):
        study.inputs("l1")
    with pytest.raises(jr.DataError, match="has no recipe 'l2'"):
        study.inputs("l2")


def test_a_way_around_the_dense_layer_is_seen():
    from justright.network.blueprint import Blueprint
    from justright.network.inputs import reading_layers

    entry = keras.Input((5,))
    noisy = keras.layers.GaussianNoise(0.1)(entry)
    hidden = keras.layers.Dense(4, name="a")(noisy)
    other = keras.layers.Dense(4, name="b")(entry)
    joined = keras.layers.Concatenate()([hidden, other])
    last = keras.layers.Dense(1, name="out")
    assert reading_layers(Blueprint.of(keras.Model(entry, last(joined)), (5,))) == ("a", "b")
    around = keras.layers.Concatenate()([hidden, entry])
    last = keras.layers.Dense(1, name="out")
    assert reading_layers(Blueprint.of(keras.Model(entry, last(around)), (5,))) == ()


def test_the_sentence():
    norms = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 2.0]])
    table = inputs_table(["a", "b", "c"], norms)
    words = inputs_in_words("l1", table)
    assert words == "l1: 1 of 3 inputs are out in all 2 trials (a), 1 more in some of them."
    assert "the one trial (a, c)." in inputs_in_words("l1", inputs_table(table["input"], norms[:1]))
    assert "the same of every row" not in words
    assert "the same of every row" in inputs_in_words("l1", inputs_table(["a"], np.zeros((2, 1))))


def test_the_command_line_names_them(rows, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows[0].assign(sick=rows[1]).to_csv("patients.csv", index=False)
    dense_net().save("net.keras")
    options = ["--data", "patients.csv", "--model", "net.keras", "--seeds", "2", "--epochs", "300"]
    arguments = ["compare", *options, "--recipe", "group_lasso=0.2"]
    assert run([*arguments, "--json"]) == 0
    (table,) = json.loads(capsys.readouterr().out)["inputs"].values()
    assert [record["input"] for record in table] == NAMES
    out = [record["input"] for record in table if not record["survives"]]
    assert out
    assert run(arguments) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert f"{len(out)} of 5 inputs are out in all 2 trials ({', '.join(out)})" in words
