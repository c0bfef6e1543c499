"""sweep(): every point is trained once, zero among them, and what is said follows the numbers."""

import json
import math
from dataclasses import replace

import keras
import numpy as np
import pytest
from sklearn.model_selection import KFold

import justright as jr
from conftest import Compilations, dense_net, signs
from justright.cli.main import run

QUICK = {"epochs": 4, "batch_size": 16, "seeds": 3}


@pytest.fixture(scope="module")
def rows():
    return signs(seed=0, count=80)


@pytest.fixture(scope="module")
def held():
    return signs(seed=1, count=60)


@pytest.fixture(scope="module")
def net():
    keras.utils.set_random_seed(7)
    return dense_net()


@pytest.fixture(scope="module")
def swept(rows, held, net):
    """Two strengths of which 0.9 and 1 are far too much."""
    over = {"Dropout.rate": [0.2, 0.9], "L2": [1.0]}
    return jr.sweep(net, rows, over, base=jr.EarlyStopping(3), validation=held, test=held, **QUICK)


def test_every_combination_is_trained_with_every_seed_and_zero_is_among_them(swept):
    table = swept.study.table
    assert len(table) == 3 * 2 * 3
    assert sorted(table["Dropout.rate"].unique()) == [0, 0.2, 0.9]
    assert sorted(table["L2.strength"].unique()) == [0, 1]
    assert (table.groupby("recipe")["seed"].apply(list).map(tuple) == (0, 1, 2)).all()
    assert (table["EarlyStopping.patience"] == 3).all()


def test_the_points_figures_are_the_means_of_their_trials(swept):
    trials = swept.study.table
    for row in swept.table.to_dict("records"):
        mine = trials[trials["recipe"] == row["point"]]
        for column in ("train_metric", "val_metric", "test_metric", "val_loss", "gap"):
            assert row[column] == pytest.approx(mine[column].mean())
        assert row["val_low"] <= row["val_metric"] <= row["val_high"]
        error = mine["val_metric"].std(ddof=1) / np.sqrt(3)
        assert row["val_error"] == pytest.approx(error)
    assert swept.table["wins"].sum() == pytest.approx(1)
    assert swept.wins.loc[swept.best.name] == swept.table["wins"].iloc[swept.spot.best]


def test_the_best_is_best_on_the_validation_rows_whatever_the_test_rows_say(swept):
    best = swept.table.loc[swept.table["val_metric"].idxmax()]
    assert swept.table["val_metric"].iloc[swept.spot.best] == best["val_metric"]
    by_loss = replace(swept, on="val_loss")
    assert by_loss.best.name == by_loss.table.loc[by_loss.table["val_loss"].idxmin(), "point"]
    rows = by_loss.table
    assert (rows["val_low"] <= rows["val_loss"]).all()
    assert (rows["val_loss"] <= rows["val_high"]).all()


def test_all_points_are_one_program_and_zero_is_the_recipe_without_to_the_bit(rows, held, net):
    jr.compare(net, rows, {"it": jr.Dropout(0.1) + jr.L2(0.1)}, validation=held, **QUICK)
    with Compilations() as compiled:
        found = jr.sweep(net, rows, {"dropout": [0.3], "l2": [0.2]}, validation=held, **QUICK)
    assert compiled.count == 0
    plain = jr.compare(net, rows, {"plain": jr.Recipe()}, validation=held, **QUICK)
    zero = found.study.table.query("recipe == 'dropout=0,l2=0'")
    # Another program, so equal up to rounding.
    np.testing.assert_allclose(zero["val_loss"], plain.table["val_loss"], rtol=1e-4)


def test_zero_may_be_refused(rows, held, net):
    found = jr.sweep(net, rows, {"dropout": [0.3, 0.1]}, zero=False, validation=held, **QUICK)
    assert [point.name for point in found.grid.points] == ["dropout=0.1", "dropout=0.3"]
    if found.best.name != "dropout=0.1":
        assert "the weakest tried" in found.summary()


def test_a_name_alone_tries_usual_values(rows, held, net):
    quick = {**QUICK, "seeds": 1, "epochs": 1}
    found = jr.sweep(net, rows, "early_stopping", validation=held, **quick)
    assert found.grid.values == ((2, 5, 10, 20, 40, 100, math.inf),)
    assert "give more seeds" in found.summary()
    best, nearly = found.spot.best, found.spot.one_standard_error
    assert found.table["val_metric"].iloc[nearly] == found.table["val_metric"].iloc[best]


def test_a_grid_is_widened_until_the_best_is_inside(rows, held, net):
    """At first the largest value is the best, for all are small; far larger ones are not."""
    adam = keras.optimizers.Adam(0.01)
    options = {"validation": held, "epochs": 60, "batch_size": 16, "optimizer": adam}
    options |= {"seeds": 3, "on": "val_loss"}
    narrow = jr.sweep(net, rows, {"l2": [1e-3, 3e-3]}, **options)
    assert narrow.at_edge
    assert "at the edge of the grid: a larger L2 strength" in narrow.summary()
    wide = jr.sweep(net, rows, {"l2": [1e-3, 3e-3]}, expand=True, **options)
    assert not wide.at_edge
    assert set(narrow.study.recipes) < set(wide.study.recipes)
    assert "edge" not in wide.summary()
    values = wide.grid.values[0]
    assert values[0] < wide.best.values[0] < values[-1]
    # What was trained before is as it was, and all stands in the order of the grid.
    old = wide.study.table[wide.study.table["recipe"].isin(narrow.study.recipes)]
    np.testing.assert_array_equal(old["val_loss"], narrow.study.table["val_loss"])
    assert list(wide.study.recipes) == [point.name for point in wide.grid.points]


def test_widening_ends_where_the_strength_does(rows, held, net):
    quick = {**QUICK, "epochs": 1, "seeds": 1}
    found = jr.sweep(
        net, rows, {"label_smoothing": [0.999]}, zero=False, expand=True, validation=held, **quick
    )
    assert max(found.grid.values[0]) <= 1


def test_splits_are_resampled_where_there_are_several(rows, net):
    found = jr.sweep(
        net, rows, {"dropout": [0.3]}, splits=4, validation=0.25, epochs=3, seeds=2, batch_size=10
    )
    assert found.scores("val_metric").shape == (2, 2, 4)
    assert found.study.overlap.validation == pytest.approx(20 / 60)
    assert found.table["runs"].tolist() == [8, 8]
    first = found.study.table.query("recipe == 'dropout=0' and seed == 1 and split == 2")
    assert found.scores("val_metric")[0, 1, 2] == first["val_metric"].item()
    assert "4 splits of the rows" in found.summary()


@pytest.mark.parametrize("splits", [3, KFold(3, shuffle=True, random_state=0)])
def test_no_split_chooses_on_rows_that_test(rows, net, splits):
    shares = {"test": 0.2} | ({"validation": 0.25} if isinstance(splits, int) else {})
    options = {"splits": splits, "epochs": 2, "seeds": 1, **shares}
    found = jr.sweep(net, rows, {"Dropout.rate": [0, 0.4]}, **options)
    overlap = found.study.overlap
    assert overlap.test_apart
    assert overlap.same_test
    assert (overlap.shared_validation > 0) == isinstance(splits, int)


def test_the_recipe_leaves_out_what_is_off_and_the_model_predicts(swept, held):
    kinds = {type(one).__name__ for one in swept.recipe.techniques}
    assert "EarlyStopping" in kinds
    for axis, value in zip(swept.grid.axes, swept.best.values, strict=True):
        assert (axis.kind.__name__ in kinds) == (value != 0)
    model = swept.model()
    accuracy = np.mean((model.predict(held[0], verbose=0).ravel() > 0.5) == held[1])
    seeds = swept.study.table.query("recipe == @swept.best.name")
    assert np.isclose(accuracy, seeds["val_metric"]).any()
    with pytest.raises(jr.DataError, match=r"no point 'dropout=0\.3,l2=0'"):
        swept.model("dropout=0.3,l2=0")


def test_points_that_diverge_are_not_chosen(rows, held, net):
    found = jr.sweep(
        net, rows, {"weight_decay": [1e-3, 1e6]}, validation=held, optimizer="sgd", epochs=30,
        batch_size=16, seeds=2,
    )  # fmt: skip
    assert found.table["failed"].tolist() == [0, 0, 2]
    assert found.best.values[0] < 1
    assert "Trials failed (2 of 2 at weight_decay=1e+06)" in found.summary()
    found.plot()


@pytest.mark.parametrize(
    ("over", "options", "error", "said"),
    [
        ({"dropout": [2]}, {}, jr.RecipeError, "drop probability"),
        ({"dropuot": [0.2]}, {}, jr.RecipeError, "Did you mean Dropout"),
        ({"elastic_net.l1": [0.1]}, {}, jr.RecipeError, "ElasticNet.l2 has no value"),
        (None, {}, jr.RecipeError, "Name a strength"),
        ({"dropout": [0.2]}, {"on": "test_metric"}, jr.DataError, "val_metric, val_loss"),
        ({"dropout": [0.2]}, {"seeds": 0}, jr.DataError, "at least one"),
    ],
)
def test_what_cannot_be_swept_is_refused(rows, net, over, options, error, said):
    with pytest.raises(error) as caught:
        jr.sweep(net, rows, over, **options)
    assert said in str(caught.value)


def test_pictures_mark_the_best_and_show_zero(rows, held, net, swept):
    one = jr.sweep(net, rows, {"l2": [1e-4, 1e-2, 1.0]}, validation=held, **QUICK)
    figure = one.plot()
    labels = [text.get_text() for text in figure.axes[1].get_xticklabels()]
    assert labels == ["0", "$10^{-4}$", "0.01", "1"]
    positions = figure.axes[1].get_xticks()
    np.testing.assert_allclose(np.diff(positions)[1:], 2)
    said = " ".join(text.get_text() for text in figure.axes[0].texts)
    assert f"best: {one.best.values[0]:g}" in said or "best: $" in said
    two = swept.plot()
    texts = [text.get_text() for text in two.axes[0].texts]
    assert len(texts) == 2 * 6
    assert swept.measure.show(swept.table["val_metric"].iloc[0]) in texts
    assert "best" in two.legends[0].texts[-1].get_text()
    over = {"dropout": [0.5], "l2": [0.1], "mixup": [0.2]}
    three = jr.sweep(net, rows, over, validation=held, **QUICK).plot()
    ticks = [text.get_text() for text in three.axes[0].get_xticklabels()]
    assert ticks == ["dropout rate", "L2 strength", "mixup alpha", "validation\naccuracy"]


def test_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    dense_net(features=30).save("net.keras")
    options = ["--model", "net.keras", "--seeds", "2", "--epochs", "2"]
    arguments = ["sweep", "--over", "dropout=0.5", "--base", "l2=1e-3", *options]
    assert run([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["point"] for row in found["table"]] == ["dropout=0", "dropout=0.5"]
    assert found["best"] in ("dropout=0", "dropout=0.5")
    assert found["sweet_spot"][0]["strength"] == "Dropout.rate"
    assert len(found["trials"]) == 4
    assert run([*arguments, "--figure", "spot.png"]) == 0
    said = capsys.readouterr().out
    assert (tmp_path / "spot.png").read_bytes().startswith(b"\x89PNG")
    assert max(map(len, said.splitlines())) <= 80
    assert "With all of them: L2 0.001" in said
    assert found["summary"] in " ".join(said.split())
    assert run(["sweep", "--over", "dropout=x"]) == 1
    assert run(["sweep"]) == 2
