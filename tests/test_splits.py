"""Splits: parts never overlap, sizes may differ, and nothing of the held-out rows trains."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import model_selection as ms
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import justright as jr
from conftest import Compilations, dense_net
from justright.data.splits import divide
from justright.engine.keys import batch_order_key
from justright.engine.lane import Plan, epoch_batches
from justright.engine.rows import Part, Split
from justright.engine.scheduler import run_trials
from test_engine import assert_identical, make_task, trial

SPLITTERS = [
    ms.KFold(4),
    ms.KFold(4, shuffle=True, random_state=0),
    ms.StratifiedKFold(3),
    ms.RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=1),
    ms.GroupKFold(4),
    ms.LeaveOneGroupOut(),
    ms.ShuffleSplit(3, test_size=0.3, random_state=2),
    ms.GroupShuffleSplit(2, test_size=0.4, random_state=0),
    ms.StratifiedGroupKFold(3),
    ms.TimeSeriesSplit(3),
]


def some_rows(count=47):
    rng = np.random.default_rng(0)
    return rng.integers(0, 2, count), rng.integers(0, 9, count)


def assert_apart(split):
    parts = [set(split.train), set(split.validation), set(split.test)]
    assert sum(map(len, parts)) == len(set().union(*parts))


@pytest.mark.parametrize("splitter", SPLITTERS, ids=str)
@pytest.mark.parametrize("shares", [{}, {"validation": 0.3}, {"test": 0.2}])
def test_folds_are_those_of_the_splitter_and_parts_stay_apart(splitter, shares):
    y, groups = some_rows()
    if "Group" not in type(splitter).__name__:
        groups = None
    whole = divide(y, shares, (), splitter, groups)
    assert len(whole) >= 2
    for split in whole:
        assert_apart(split)
        assert min(len(split.train), len(split.validation)) > 0
        assert bool(len(split.test)) == bool(shares)
    if "test" in shares:
        assert len({tuple(split.test) for split in whole}) == 1
        return
    folds = list(splitter.split(np.zeros((len(y), 1)), y, groups))
    for split, (kept, held) in zip(whole, folds, strict=True):
        assert np.array_equal(split.test if shares else split.validation, held)
        if not shares:
            assert np.array_equal(split.train, kept)


@given(
    rows=st.integers(20, 90),
    count=st.integers(2, 5),
    shares=st.fixed_dictionaries(
        {"validation": st.floats(0.2, 0.4)}, optional={"test": st.floats(0.2, 0.4)}
    ),
    grouped=st.booleans(),
    one_test=st.booleans(),
)
@settings(max_examples=50, deadline=None)
def test_repeated_hold_outs_use_every_row_once_and_differ(rows, count, shares, grouped, one_test):
    y, groups = some_rows(rows)
    whole = divide(y, shares, (), count, groups if grouped else None, one_test)
    assert len(whole) == count
    for split in whole:
        assert_apart(split)
        assert len(split.train) + len(split.validation) + len(split.test) == rows
        if grouped:
            of = [set(groups[part]) for part in (split.train, split.validation, split.test)]
            assert sum(map(len, of)) == len(set().union(*of))
    if not grouped:
        assert len({tuple(split.validation) for split in whole}) == count
        tests = {tuple(split.test) for split in whole if len(split.test)}
        assert len(tests) <= 1 or not one_test


def test_the_first_of_several_is_the_one_that_a_single_division_gives():
    y, _ = some_rows()
    once, many = divide(y, {"validation": 0.25}, ()), divide(y, {"validation": 0.25}, (), 3)
    assert np.array_equal(once[0].validation, many[0].validation)


def test_in_the_order_of_time_nothing_later_trains():
    y = np.arange(50.0)
    for split in divide(y, {"validation": 0.25}, (), ms.TimeSeriesSplit(4)):
        assert split.train.max() < split.validation.min() <= split.validation.max()
        assert split.validation.max() < split.test.min()


@pytest.mark.parametrize(
    ("splits", "shares", "given", "words"),
    [
        (0, {"validation": 0.2}, (), ("splits=0", "at least one")),
        (3, {}, ("validation",), ("splits=3", "rows of their own", "share")),
        (ms.KFold(3, shuffle=True), {}, (), ("random_state=0",)),
        (ms.ShuffleSplit(3), {}, (), ("random_state=0",)),
        (ms.KFold(100), {}, (), ("cannot divide these 47 rows",)),
        (ms.GroupKFold(3), {}, (), ("cannot divide", "groups")),
        (ms.KFold(3), {"validation": 0.2, "test": 0.2}, (), ("folds", "nothing to do")),
        ("kfold", {}, (), ("splitter", "'kfold'")),
        ([], {}, (), ("no fold",)),
        ([(1, 2, 3, 4)], {}, (), ("index arrays",)),
        ([([0, 1], [1, 2])], {}, (), ("row 1", "train", "validation")),
        ([([0, 1], [99])], {}, (), ("row 99", "47 rows")),
        ([([0, 1], [-1])], {}, (), ("row -1",)),
        ([([0, 1], [])], {}, (), ("positions of rows",)),
        ([([0.5, 1], [3])], {}, (), ("positions of rows",)),
        ([([0, 1], [2], [3])], {"validation": 0.2}, (), ("lists the rows of each part",)),
        (2.5, {}, (), ("splitter", "2.5")),
        (True, {}, (), ("splitter", "True")),
    ],
)
def test_what_cannot_be_divided_says_why(splits, shares, given, words):
    y, _ = some_rows()
    with pytest.raises(jr.DataError) as error:
        divide(y, shares, given, splits)
    assert all(word in str(error.value) for word in words), error.value


@pytest.mark.parametrize(
    ("groups", "words"),
    [([1, 2], ("groups has shape (2,)", "47")), ([1] * 47, ("all rows are of one",))],
)
def test_groups_that_do_not_fit_say_why(groups, words):
    with pytest.raises(jr.DataError) as error:
        divide(some_rows()[0], {"validation": 0.2}, (), None, groups)
    assert all(word in str(error.value) for word in words), error.value


def test_a_splitter_that_tears_groups_apart_is_refused():
    y, groups = some_rows()
    with pytest.raises(jr.DataError, match=r"group of row \d+ .* GroupKFold"):
        divide(y, {}, (), ms.KFold(4), groups)


@given(
    count=st.integers(1, 40),
    more=st.integers(0, 30),
    batch=st.integers(1, 12),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_an_epoch_of_an_uneven_split_takes_each_of_its_rows_once(count, more, batch, seed):
    listed = np.resize(np.arange(100, 100 + count), count + more).astype(np.int32)
    part = Part(listed, np.int32(count))
    index, weights = epoch_batches(
        Plan(batch, True, 1), part, batch_order_key(seed, 0), np.int32(3)
    )
    steps = -(-count // batch)
    taken, counted = np.asarray(index)[:steps], np.asarray(weights)
    assert sorted(taken[counted[:steps] == 1]) == list(range(100, 100 + count))
    assert counted.sum() == count
    assert (counted[:steps].sum(axis=1) > 0).all()


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 5)).astype(np.float32)
    return X, (X.sum(axis=1) + rng.normal(size=150) > 0).astype(int)


RECIPES = {
    "noise": jr.Dropout(0.3) + jr.L2(0.001) + jr.BatchNorm(),
    "averages": jr.WarmRestarts(period=3, multiplier=1) + jr.SWA(2) + jr.ActivityL2(1e-3),
    "stopped": jr.Recipe(jr.EarlyStopping(3)),
    "members": jr.WarmRestarts(2, 2)
    + jr.StochasticDepth(jr.Linear(0, 0.9, 8))
    + jr.SnapshotEnsemble(3),
}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_splits_of_different_size_give_what_each_gives_alone(data, recipe):
    """In the listed order of rows: how they are shuffled depends on how many there are."""
    order = np.random.default_rng(1).permutation(150)
    small = Split(order[:53], order[60:101], order[120:])
    large = Split(order[:90], order[90:100], order[100:111])

    def result(splits):
        task = replace(make_task(*data, splits), shuffle=False)
        return run_trials(task, [trial(2, 1, recipe, 9)], task.blueprint.initial_values)[0]

    alone, together = result([small, small]), result([large, small])
    np.testing.assert_allclose(together.curves, alone.curves, rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose(together.test, alone.test, rtol=2e-4, atol=2e-5)
    assert together.chosen_epoch == alone.chosen_epoch
    assert [one.epoch for one in together.members] == [one.epoch for one in alone.members]


def test_neighbors_of_other_splits_change_nothing(data):
    order = np.random.default_rng(1).permutation(150)
    parts = [(60, 100), (80, 110), (41, 90)]
    task = make_task(*data, [Split(order[:a], order[a:b], order[b:]) for a, b in parts])
    trials = [trial(seed, split) for seed in (1, 2) for split in range(3)]
    crowd = run_trials(task, trials, task.blueprint.initial_values)
    for one, result in zip(trials, crowd, strict=True):
        assert_identical(run_trials(task, [one], task.blueprint.initial_values)[0], result)


def test_splits_share_one_program(data):
    def compare(splits, shift):
        X, y = data
        return jr.compare(
            dense_net(), (X + shift, y), {"a": jr.Dropout(0.2)}, splits=splits, seeds=2, epochs=2
        )

    compare(ms.KFold(4), 0)
    with Compilations() as compilations:
        study = compare(ms.KFold(4, shuffle=True, random_state=1), 1)
    assert compilations.count == 0
    assert list(study.table["split"]) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert "112 or 113 rows train, 37 or 38 validate" in " ".join(study.notes)


@pytest.mark.parametrize("preprocess", [StandardScaler(), "standardize"], ids=str)
@pytest.mark.parametrize("part", ["validation", "test"])
def test_held_out_rows_leave_no_trace_in_training(data, part, preprocess):
    X, y = data
    splits = divide(y, {"validation": 0.25, "test": 0.25}, (), 2)
    spoiled = X.copy()
    spoiled[getattr(splits[0], part)] *= 1000
    folds = [(s.train, s.validation, s.test) for s in splits[:1]]
    runs = [
        jr.compare(
            dense_net(),
            (rows, y),
            {"a": jr.L2(0.01)},
            splits=folds,
            preprocess=preprocess,
            seeds=1,
            epochs=4,
        )
        for rows in (X, spoiled)
    ]
    curves = [run.curves[["train_loss", "train_metric", "penalty"]].to_numpy() for run in runs]
    np.testing.assert_array_equal(*curves)
    held = "val" if part == "validation" else "test"
    assert runs[0].table[f"{held}_loss"][0] != runs[1].table[f"{held}_loss"][0]


def test_test_rows_have_no_part_in_any_choice(data):
    X, y = data
    folds = [
        (s.train, s.validation, s.test)
        for s in divide(y, {"validation": 0.25, "test": 0.25}, (), 2)
    ]
    turned = y.copy()
    turned[folds[0][2]] = 1 - y[folds[0][2]]
    runs = [
        jr.compare(
            dense_net(),
            (X, targets),
            {"a": jr.EarlyStopping(2)},
            splits=folds[:1],
            seeds=2,
            epochs=9,
        )
        for targets in (y, turned)
    ]
    pd.testing.assert_frame_equal(runs[0].curves, runs[1].curves)
    same = ["epochs_run", "best_epoch", "val_metric"]
    pd.testing.assert_frame_equal(runs[0].table[same], runs[1].table[same])
    assert not np.allclose(runs[0].table["test_metric"], runs[1].table["test_metric"])


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(2)
    table = pd.DataFrame(
        {"size": rng.normal(50, 9, 120), "color": rng.choice(["red", "blue"], 120)}
    )
    y = np.where((table["size"] > 50) ^ (table["color"] == "red"), "yes", "no")
    table.loc[::11, "size"] = np.nan
    return table, y


def columns():
    return make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["color"]),
        remainder=SimpleImputer(),
        verbose_feature_names_out=False,
    )


def test_a_frame_with_text_and_gaps_goes_through_a_transformer(frame):
    table, y = frame
    study = jr.compare(
        None,
        (table, y),
        {"a": jr.GroupLasso(1e-3)},
        splits=2,
        preprocess=columns(),
        seeds=1,
        epochs=2,
    )
    assert study.features == ("color_blue", "color_red", "size")
    assert list(study.inputs("a")["input"]) == list(study.features)
    predicted = study.predict(table.iloc[:7], "a", split=1)
    model = study.model("a", split=1)
    by_model = model.predict(study.prepared(table.iloc[:7], 1), verbose=0)
    np.testing.assert_allclose(predicted.mean, by_model, rtol=1e-5)


@pytest.mark.parametrize(
    ("preprocess", "words"),
    [
        ("scale", ("preprocess='scale'", "'standardize'")),
        (StandardScaler(), ("split 0", "could not convert")),
    ],
    ids=str,
)
def test_preprocessing_that_fails_says_why(frame, preprocess, words):
    with pytest.raises(jr.DataError) as error:
        jr.compare(None, frame, {"a": jr.Recipe()}, splits=2, preprocess=preprocess, epochs=1)
    assert all(word in str(error.value) for word in words), error.value


def test_a_split_that_is_not_there_says_so(data):
    study = jr.compare(dense_net(), data, {"a": jr.Recipe()}, splits=2, seeds=1, epochs=1)
    for call in (lambda: study.model("a", split=2), lambda: study.predict(data[0], "a", split=2)):
        with pytest.raises(jr.DataError, match=r"Split 2 .* \[0, 1\]"):
            call()


def test_preprocessing_leaves_splits_in_common_what_they_have(data):
    plain, scaled = (
        jr.compare(
            dense_net(), data, {"a": jr.Recipe()}, splits=3, preprocess=how, seeds=1, epochs=1
        )
        for how in (None, "standardize")
    )
    assert scaled.overlap == plain.overlap
    assert 0 < plain.overlap.shared_validation < 1
