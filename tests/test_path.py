"""path(): linear networks against scikit-learn's paths, others from dense to nothing."""

import json
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import (
    LogisticRegression,
    MultiTaskLasso,
    Ridge,
    enet_path,
    lasso_path,
)
from sklearn.svm import l1_min_c

import justright as jr
from conftest import dense_net
from justright.cli.main import run
from justright.evidence.path_summary import lasting_in_words, left_in_words, path_answer
from justright.experiments.walk import rounded_up, spread
from justright.report.page.code import path_code
from justright.report.page.path_page import path_page
from justright.report.page.study_page import run_of

ROWS, FEATURES = 60, 8
TRUE = np.array([2.0, -1.5, 1.0, 0.7, -0.4, 0.0, 0.0, 0.0])
STEEP = {"optimizer": keras.optimizers.SGD(0.1), "epochs": 400, "epochs_each": 400, "seeds": 1}


@pytest.fixture(scope="module")
def table():
    """Rows in 64 bits, inputs centered, of which three are of no use."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, FEATURES))
    X = (X - X.mean(axis=0)).astype(np.float32).astype(float)
    return X, X @ TRUE + 1.5 + 0.3 * rng.normal(size=ROWS)


def linear(units=1, activation=None, use_bias=True):
    layer = keras.layers.Dense(units, activation=activation, use_bias=use_bias)
    return keras.Sequential([keras.Input((FEATURES,)), layer])


def followed(model, rows, over, **options):
    return jr.path(model, rows, over, validation=rows, **{**STEEP, "points": 12, **options})


# Linear networks


@pytest.fixture(scope="module")
def lasso(table):
    return followed(linear(), table, "L1", ratio=1e-3)


def test_the_strength_of_all_zeros_is_scikit_learns(table, lasso):
    X, y = table
    alphas, _, _ = lasso_path(X, y - y.mean())
    # Their loss is half of the mean squared error.
    assert lasso.zero_from == pytest.approx(2 * alphas[0], rel=1e-3)
    assert lasso.zero_from >= 2 * alphas[0] * (1 - 1e-6)
    assert lasso.strengths[-1] == lasso.zero_from


def test_a_linear_networks_path_is_the_lassos(table, lasso):
    X, y = table
    strengths = np.array(lasso.strengths[1:])
    _, theirs, _ = lasso_path(X, y - y.mean(), alphas=strengths[::-1] / 2, tol=1e-10)
    theirs, ours = theirs[:, ::-1].T, lasso.weights()[1:, :, 0]
    np.testing.assert_allclose(ours, theirs, atol=2e-4)
    sure = (theirs == 0) | (np.abs(theirs) > 1e-3)
    np.testing.assert_array_equal((ours == 0)[sure], (theirs == 0)[sure])
    assert (ours[-1] == 0).all()
    assert (ours[0] != 0).any()


def test_zero_strength_is_least_squares(table, lasso):
    X, y = table
    exact = np.linalg.lstsq(X, y - y.mean(), rcond=None)[0]
    np.testing.assert_allclose(lasso.weights()[0, :, 0], exact, atol=2e-4)


def test_what_survives_is_counted_and_told_by_name(table, lasso):
    ours = lasso.weights()[:, :, 0]
    np.testing.assert_array_equal(lasso.table["weights"], (ours != 0).sum(axis=1))
    np.testing.assert_array_equal(lasso.table["inputs"], (ours != 0).sum(axis=1))
    assert (lasso.table["of_inputs"] == FEATURES).all()
    inputs = lasso.inputs.set_index("input")
    assert list(inputs.index)[:3] == ["x0", "x1", "x2"]
    for name, row in inputs.iterrows():
        column = ours[:, int(name[1:])]
        out = np.array(lasso.strengths) >= row["out_from"]
        assert (column[out] == 0).all()
        assert column[~out][-1] != 0
    said = lasso.summary()
    assert f"from {lasso.zero_from:g} on all weights are zero" in said
    assert "in order: x0, x1, x2" in said


def test_elastic_net_is_scikit_learns(table):
    X, y = table
    l2 = 0.2
    found = followed(linear(), table, "elastic_net.l1", base=jr.ElasticNet(0, l2), points=5)
    for strength, ours in zip(found.strengths[1:], found.weights()[1:, :, 0], strict=True):
        # α·ρ = l1/2 and α·(1 − ρ)/2 = l2/2.
        alpha = strength / 2 + l2
        options = {"l1_ratio": strength / 2 / alpha, "alphas": [alpha], "tol": 1e-10}
        _, theirs, _ = enet_path(X, y - y.mean(), **options)
        np.testing.assert_allclose(ours, theirs[:, 0], atol=2e-4)
    assert (found.weights()[-1] == 0).all()


def test_group_lasso_of_several_outputs_is_scikit_learns(table):
    X, y = table
    Y = np.stack([y, X @ TRUE[::-1]], axis=1)
    found = followed(linear(2), (X, Y), "group_lasso", points=5)
    for strength, ours in zip(found.strengths[1:], found.weights()[1:], strict=True):
        # Their loss sums over outputs and is halved; ours is their mean.
        theirs = MultiTaskLasso(alpha=strength, tol=1e-10, max_iter=10_000)
        theirs.fit(X, Y)
        np.testing.assert_allclose(ours, theirs.coef_.T, atol=3e-4)
    norms = np.linalg.norm(X.T @ (Y - Y.mean(axis=0)), axis=1) / ROWS
    assert found.zero_from == pytest.approx(norms.max(), rel=1e-3)


def test_l2_has_no_end_and_is_ridge(table):
    X, y = table
    found = followed(linear(), table, "l2", points=[0.01, 0.1, 1.0])
    assert found.zero_from is None
    for strength, ours in zip(found.strengths[1:], found.weights()[1:, :, 0], strict=True):
        theirs = Ridge(alpha=ROWS * strength).fit(X, y).coef_
        np.testing.assert_allclose(ours, theirs, atol=2e-4)
    assert "the norm of the weights is" in found.summary()


@pytest.mark.parametrize("use_bias", [True, False])
def test_of_classes_the_end_is_scikit_learns(table, use_bias):
    X, y = table
    labels = (y > 2).astype(int)
    steep = {"optimizer": keras.optimizers.SGD(1.0), "ratio": 0.1, "points": 4}
    found = followed(linear(1, "sigmoid", use_bias), (X, labels), "l1", **steep)
    if use_bias:
        end = np.abs(X.T @ (labels - labels.mean())).max() / ROWS
    else:
        end = 1 / (ROWS * l1_min_c(X, labels, loss="log", fit_intercept=False))
    assert found.zero_from == pytest.approx(end, rel=1e-3)
    middle = found.strengths[2]
    theirs = LogisticRegression(
        C=1 / (ROWS * middle), l1_ratio=1, solver="saga", tol=1e-8, max_iter=100_000,
        fit_intercept=use_bias,
    ).fit(X, labels)  # fmt: skip
    ours = found.weights()[2, :, 0]
    np.testing.assert_allclose(ours, theirs.coef_[0], atol=1e-3)
    np.testing.assert_array_equal(ours == 0, theirs.coef_[0] == 0)
    assert (found.weights()[-1] == 0).all()


def test_batches_that_keep_weights_moving_are_said(table):
    found = followed(linear(), table, "l1", points=2, batch_size=10, epochs=2, epochs_each=2)
    assert any("weights move around zero" in note for note in found.study.notes)
    assert not any("weights move" in note for note in followed(
        linear(), table, "l1", points=2, epochs=2, epochs_each=2
    ).study.notes)  # fmt: skip


@pytest.mark.parametrize(("each", "known"), [(1, False), (2, True)])
def test_one_epoch_at_a_strength_is_not_called_rest(table, each, known):
    found = followed(linear(), table, "l1", points=2, epochs=2, epochs_each=each)
    assert found.table["moving"].notna().all() == known
    assert ("One epoch at a strength does not tell" in found.summary()) != known


# Networks with hidden layers

NAMES = ["age", "height", "weight", "noise", "more noise"]


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(90, 5)).astype(np.float32)
    y = (X[:, 0] + 0.5 * X[:, 1] + 0.2 * rng.normal(size=90) > 0).astype(int)
    return pd.DataFrame(X, columns=NAMES), y


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(7)
    return dense_net(units=(16, 8))


FAST = {"epochs": 60, "epochs_each": 20, "batch_size": 15, "seeds": 2}


@pytest.fixture(scope="module")
def deep(people, network):
    adam = keras.optimizers.Adam(0.01)
    return jr.path(network, people, "l1", validation=people, points=12, optimizer=adam, **FAST)


def test_where_all_kernels_are_zero_none_moves_however_weak_the_penalty(people):
    """Why a deep network's path does not begin at zero."""
    model = dense_net()
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    study = jr.compare(
        model, people, {"l1": jr.L1(1e-9)}, validation=people, initial_weights="model",
        seeds=1, epochs=20, batch_size=15, optimizer=keras.optimizers.SGD(0.5),
    )  # fmt: skip
    kernels = [v for path, v in study.results[0].values.items() if path.endswith("kernel")]
    assert all((kernel == 0).all() for kernel in kernels)


def test_a_deep_networks_path_goes_from_dense_to_nothing(deep):
    weights = deep.table["weights"].to_numpy()
    assert deep.zero_from is None
    assert deep.strengths[0] == 0
    assert weights[0] == deep.table["of_weights"].iloc[0] == 5 * 16 + 16 * 8 + 8
    assert weights[-1] == 0
    assert (weights[:-1] > 0).all()
    # Now and then a weight comes back; on the whole they go.
    assert np.mean(np.diff(weights) <= 0) > 0.7
    said = deep.summary()
    assert "The path goes up from the dense network" in said
    assert f"at {deep.strengths[-1]:g} no weight is left" in said


def test_inputs_of_no_use_go_first(deep):
    order = list(deep.inputs["input"])
    assert set(order) == set(NAMES)
    assert order[:2] == ["age", "height"]
    out = deep.inputs.set_index("input")["out_from"]
    assert out[["weight", "noise", "more noise"]].max() < out["height"]
    assert (deep.inputs["low"] <= deep.inputs["out_from"]).all()
    assert (deep.inputs["out_from"] <= deep.inputs["high"]).all()


def test_each_strength_begins_with_the_weights_of_the_one_before(people, network):
    """With no epochs to speak of the weights are those of the strength before, nearly."""
    still = keras.optimizers.SGD(1e-6)
    found = jr.path(
        network, people, "l1", validation=people, points=[1e-6, 1e-5], epochs=1, epochs_each=1,
        seeds=2, batch_size=90, optimizer=still,
    )  # fmt: skip
    norms = found.norms
    np.testing.assert_allclose(norms[1:], norms[:-1], rtol=1e-4)
    assert not np.allclose(norms[0, 0], norms[0, 1], rtol=1e-2), "seeds start apart"


def test_a_lane_does_not_depend_on_its_neighbors(people, network):
    options = {"validation": people, "points": [1e-3, 1e-2], **FAST, "epochs": 6, "epochs_each": 3}
    both = jr.path(network, people, "l1", **options)
    alone = jr.path(network, people, "l1", **{**options, "seeds": [1]})
    mine = both.study.table.query("seed == 1").reset_index(drop=True)
    np.testing.assert_array_equal(mine["val_loss"], alone.study.table["val_loss"])


def test_splits_follow_paths_of_their_own(people, network):
    found = jr.path(
        network, people, "group_lasso", points=[0.01, 0.1], base=jr.L2(1e-3), splits=3,
        validation=0.3, seeds=1, epochs=3, epochs_each=2, batch_size=10,
    )  # fmt: skip
    assert found.norms.shape == (3, 3, 5)
    assert "3 splits of the rows" in found.summary()
    assert not found.escapes


def test_a_penalty_on_the_first_layer_alone_is_said_to_have_no_end(people, network):
    quick = {"validation": people, "points": [0.01, 0.1], "epochs": 2, "seeds": 1}
    found = jr.path(network, people, "group_lasso", batch_size=15, **quick)
    assert found.escapes
    assert "a base recipe with L2 keeps them from it" in found.summary()
    assert not jr.path(network, people, "l1", batch_size=15, **quick).escapes


def test_the_best_recipe_model_and_choice_are_those_of_a_sweep(deep, people):
    assert deep.best == deep.sweep.best
    axis = deep.axis
    assert deep.one_standard_error.values[0] >= deep.best.values[0]
    model = deep.model(f"{axis.key}={deep.strengths[3]:g}")
    accuracy = np.mean((model.predict(people[0].to_numpy(), verbose=0).ravel() > 0.5) == people[1])
    trials = deep.study.table[deep.study.table["L1.strength"] == deep.strengths[3]]
    assert np.isclose(accuracy, trials["val_metric"]).any()
    with pytest.raises(jr.ModelError, match="hidden layers"):
        deep.weights()


def test_the_picture_has_survivors_on_its_second_row(deep):
    upper, lower = deep.plot().axes
    counts = [text.get_text() for text in lower.texts]
    assert "inputs left:" in counts
    assert {"5", "0"} <= set(counts)
    assert counts[: 1 + len(deep.names)] == ["last to go", *deep.inputs["input"]]
    assert len(lower.lines) >= 5
    assert "0" in [text.get_text() for text in lower.get_xticklabels()]
    assert any("best" in text.get_text() for text in upper.texts)


def test_images_have_weights_and_no_inputs_of_their_own(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 6, 6, 1)).astype(np.float32), np.arange(40) % 2
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(3, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    quick = {"validation": 0.25, "seeds": 1, "epochs": 2, "batch_size": 10}
    found = jr.path(model, (X, y), "l1", points=[0.01, 0.1], **quick)
    assert found.table["inputs"].isna().all()
    assert "weights are left" in found.summary()
    found.plot().savefig(tmp_path / "path.png")
    with pytest.raises(jr.ModelError, match="dense layers alone"):
        _ = found.inputs


@pytest.mark.parametrize(
    ("over", "options", "error", "said"),
    [
        ("dropout", {}, jr.RecipeError, "Follow one of L1"),
        ("l1", {"points": 0}, jr.DataError, "points=0"),
        ("l1", {"points": [0.0]}, jr.RecipeError, "no strength above 0"),
        ("l1", {"points": [-1.0]}, jr.RecipeError, "strength of a penalty"),
        ("l1", {"ratio": 2}, jr.DataError, "lies in (0, 1)"),
        ("l1", {"epochs_each": 0}, jr.DataError, "epochs_each=0"),
        ("l1", {"on": "test_loss"}, jr.DataError, "val_metric, val_loss"),
        ("elastic_net.l1", {}, jr.RecipeError, "ElasticNet.l2 has no value"),
    ],
)
def test_what_has_no_path_is_refused(people, network, over, options, error, said):
    with pytest.raises(error) as caught:
        jr.path(network, people, over, **options)
    assert said in str(caught.value)


def test_strengths_are_spread_evenly_and_ends_rounded_upwards():
    values = np.array(spread(0.1, 5, 1e-4))
    np.testing.assert_allclose(values[1:] / values[:-1], 10, rtol=1e-3)
    assert values[-1] == 0.1
    assert rounded_up(0.90320086) == 0.9033
    assert rounded_up(12.0) == 12.0


def test_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    dense_net(features=30).save("net.keras")
    options = ["--model", "net.keras", "--seeds", "1", "--epochs", "4", "--points", "3"]
    assert run(["path", *options, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["zero_from"] is None
    assert len(found["inputs"]) == 30
    assert found["table"][0]["L1.strength"] == 0
    assert run(["path", *options, "--figure", "way.png"]) == 0
    said = capsys.readouterr().out
    assert (tmp_path / "way.png").read_bytes().startswith(b"\x89PNG")
    assert max(map(len, said.splitlines())) <= 80
    assert found["summary"] in " ".join(said.split())
    assert run(["path", "--over", "dropout"]) == 1


def test_the_mean_of_what_is_left_is_not_rounded_to_a_count(deep):
    facts = deep.facts()
    few = replace(facts, table=facts.table.assign(inputs=27.5, of_inputs=30))
    assert left_in_words(few, 1).startswith("27.5 of 30 inputs and ")
    assert " are left on average. " in path_answer(few)


def test_inputs_that_last_equally_long_have_no_order():
    names = [f"x{i}" for i in range(12)]
    table = pd.DataFrame({"input": names, "out_from": [1.0] * 9 + [0.5] * 3})
    assert lasting_in_words(table) == [
        "9 of 12 inputs last equally long, to 1, so there is no order among them."
    ]
    never = table.assign(out_from=[np.inf] * 10 + [0.1] * 2)
    assert "10 of 12 inputs last equally long, to the end" in lasting_in_words(never)[0]
    (said,) = lasting_in_words(table.assign(out_from=np.linspace(1, 0.1, 12)))
    assert said.endswith("8 of 12 in order: x0, x1, x2, x3, x4, x5, x6, x7.")
    assert lasting_in_words(None) == lasting_in_words(table.assign(out_from=np.inf)) == []


def test_an_upward_path_claims_nothing_of_trainings_that_were_longer(deep, lasso):
    """Each strength trains on from the one before, so 0 has had the fewest epochs."""
    page = path_page(deep)
    for text in (page.answer, deep.summary()):
        assert "whether the penalty helps is for a sweep to say" in text
        assert "better than" not in text
        assert "not need it" not in text
    assert "verdicts" not in [section.key for section in page.sections]
    assert "for a sweep to say" not in lasso.summary()
    assert "verdicts" in [section.key for section in path_page(lasso).sections]


def test_the_inputs_of_the_picture_are_in_the_order_of_the_table(deep):
    pictures = [picture for section in path_page(deep).sections for picture in section.pictures]
    lines = next(one.data["lines"] for one in pictures if one.kind == "lines")
    assert [line["label"] for line in lines] == list(deep.inputs["input"])


@pytest.mark.parametrize(("first", "others"), [(60, 20), (4, 8)])
def test_the_code_of_a_path_has_the_epochs_of_its_first_training_and_of_the_others(
    deep, first, others
):
    given = run_of(deep.study)
    name = deep.axis.name
    trials = [
        replace(trial, epochs=others if trial.recipe.strengths()[name] else first)
        for trial in given.trials
    ]
    code = path_code(replace(given, trials=trials), deep.sweep.grid, "val_metric")
    assert f"epochs={first}," in code
    assert f"epochs_each={others}," in code
