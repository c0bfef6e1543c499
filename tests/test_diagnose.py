"""jr.diagnose: every kind of thing it takes, what it says, and how often it is wrong."""

import importlib
import json
import re
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

import justright as jr
from conftest import dense_net, signs
from justright.cli.main import app
from justright.data.asked import Asked
from justright.evidence.diagnosis_advice import advice_for
from justright.evidence.diagnosis_means import Means
from justright.evidence.diagnosis_rate import SOURCES, measured, rate_in_words, rate_table
from justright.evidence.diagnosis_sign import Sign
from justright.regularizers.text import parse_recipe

ROOT = Path(__file__).parents[1]
EPOCHS = np.arange(30)
FALLING = 0.02 + 0.67 * np.exp(-EPOCHS / 5)
OVERFITTED = {"loss": FALLING, "val_loss": np.where(EPOCHS < 10, FALLING, 0.1 + 0.05 * EPOCHS)}
QUICK = {"seeds": 2, "epochs": 30, "progress": False}


@pytest.fixture
def importable(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def named(X, **more):
    frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(X.shape[1])])
    return frame.assign(**more)


# ---------------------------------------------------------------- logged epochs


def test_a_history_a_table_a_mapping_and_a_file_say_the_same(tmp_path):
    path = tmp_path / "epochs.csv"
    pd.DataFrame(OVERFITTED).to_csv(path, index=False)
    history = keras.callbacks.History()
    history.history = {name: list(values) for name, values in OVERFITTED.items()}
    told = [
        jr.diagnose(one) for one in (OVERFITTED, pd.DataFrame(OVERFITTED), history, path, str(path))
    ]
    assert {str(one) for one in told} == {str(told[0])}
    assert told[0].condition == "overfitting"
    assert told[0].source == "curves"


def test_a_history_that_keras_has_trained_is_read():
    X, y = signs(0, 80)
    model = dense_net()
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(X, y, validation_data=signs(1, 20), epochs=3, verbose=0)
    told = jr.diagnose(history, validation_rows=20, classes=2)
    assert told.source == "sizes"
    assert "too_little_validation" in [one.condition for one in told.findings]


def test_a_kept_epoch_takes_the_rest_away():
    assert jr.diagnose(OVERFITTED, kept_epoch=10).condition != "overfitting"


# ---------------------------------------------------------------- studies, models


@pytest.fixture(scope="module")
def study():
    recipes = {"plain": jr.Recipe(), "crushed": jr.L2(1.0), "stopped": jr.EarlyStopping(5)}
    return jr.compare(None, signs(0, 200), recipes, validation=signs(1, 100), **QUICK)


def test_a_study_is_diagnosed_recipe_by_recipe(study):
    told = jr.diagnose(study)
    assert told.recipes == study.recipes
    assert told.source == "rows"
    crushed = told.of("crushed")
    assert crushed.condition == "underfitting"
    assert (
        "λ of L2 0 is none, 0.001 light, 0.1 strong, 1.0 too strong" in crushed.findings[0].advice
    )
    assert (crushed.findings[0].shown, crushed.findings[0].trainings) == (2, 2)
    assert "stopped" in str(told)
    with pytest.raises(jr.DataError, match="Did you mean plain"):
        told.of("plian")
    with pytest.raises(jr.DataError, match="validation_rows=9 does not belong"):
        jr.diagnose(study, validation_rows=9)


def test_a_study_that_diverged_is_unstable():
    X, y = signs(0, 60)
    rate = keras.optimizers.SGD(1e6)
    diverged = jr.compare(
        dense_net(activation=None), (X, 1.0 * y), {"it": jr.Recipe()}, optimizer=rate, **QUICK
    )
    told = jr.diagnose(diverged)
    assert told.condition == "unstable"
    assert "SGD" in told.findings[0].python


def test_the_lessons_network_overfits_from_an_early_epoch():
    data = jr.example("breast_cancer")
    told = jr.diagnose(
        None, data.train, validation=data.validation, **QUICK | {"epochs": 100, "seeds": 2}
    )
    assert told.condition == "overfitting"
    assert 5 <= told.findings[0].epoch <= 30
    assert "training loss falls" in told.findings[0].signs[0]


def test_a_copy_of_the_target_is_found_by_name():
    X, y = signs(0, 200)
    blurred = y + np.random.default_rng(0).normal(0, 0.02, 200)
    told = jr.diagnose(None, (named(X, copy=blurred), y), **QUICK)
    assert told.condition == "leak"
    assert "'copy'" in told.findings[0].signs[0]
    assert 'X.drop(columns="copy")' in told.findings[0].python
    assert jr.diagnose(None, (named(X), y), **QUICK).condition != "leak"


def test_rows_in_both_parts_are_counted():
    (X, y), (new_X, new_y) = signs(0, 120), signs(1, 60)
    both = np.concatenate([new_X, X[:30]]), np.concatenate([new_y, y[:30]])
    told = jr.diagnose(None, (X, y), validation=both, **QUICK)
    assert told.condition == "leak"
    assert told.findings[0].numbers["shared"] == 30


def test_shuffled_labels_are_held_beside_labels_permuted_on_purpose():
    X, y = signs(0, 160)
    mixed = np.random.default_rng(0).permutation(y)
    told = jr.diagnose(None, (X, mixed), validation=signs(1, 160), **QUICK | {"epochs": 60})
    assert told.condition == "shuffled_labels"
    assert told.source == "trainings"
    assert 0.75 < told.findings[0].numbers["permuted_pace"] < 1.3
    assert any("permuted on purpose" in note for note in told.notes)


def test_too_high_a_rate_is_told_with_a_tenth_of_it():
    rate = keras.optimizers.Adam(1.0)
    told = jr.diagnose(
        None, signs(0, 200), validation=signs(1, 100), optimizer=rate, **QUICK | {"seeds": 1}
    )
    assert told.condition == "unstable"
    assert "keras.optimizers.Adam(0.1)" in told.findings[0].python
    assert not told.findings[0].command


def test_the_same_twice_and_nothing_of_the_users_is_changed():
    model, (X, y) = dense_net(), signs(0, 100)
    before = [np.array(value) for value in model.get_weights()]
    first = jr.diagnose(model, (X, y), recipe=jr.Dropout(0.2), **QUICK)
    again = jr.diagnose(model, (X, y), recipe=jr.Dropout(0.2), **QUICK)
    assert str(first) == str(again)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("kind", ["classes", "one-hot", "several labels", "numbers", "two numbers"])
def test_every_kind_of_target_is_diagnosed(kind):
    X, _ = signs(0, 90)
    largest = X[:, :3].argmax(axis=1)
    y, outputs, activation = {
        "classes": (largest, 3, "softmax"),
        "one-hot": (np.eye(3)[largest], 3, "softmax"),
        "several labels": ((X[:, :3] > 0).astype(int), 3, "sigmoid"),
        "numbers": (X[:, 0], 1, None),
        "two numbers": (X[:, :2], 2, None),
    }[kind]
    told = jr.diagnose(
        dense_net(outputs=outputs, activation=activation), (X, y), **QUICK | {"seeds": 1}
    )
    assert all(np.isfinite(value) for one in told.findings for value in one.numbers.values())


# ---------------------------------------------------------------- what is wrong is told


@pytest.mark.parametrize(
    ("call", "words"),
    [
        pytest.param(lambda: jr.diagnose(3), "given a int.*jr.diagnose.model", id="a number"),
        pytest.param(lambda: jr.diagnose(dense_net()), "given a Sequential", id="no rows"),
        pytest.param(
            lambda: jr.diagnose(OVERFITTED, recipe=jr.Dropout(0.2)), "trained already", id="recipe"
        ),
        pytest.param(lambda: jr.diagnose(OVERFITTED, epochs=3), "epochs=3", id="epochs"),
        pytest.param(
            lambda: jr.diagnose(None, signs(0, 50), kept_epoch=3), "kept_epoch=3", id="kept epoch"
        ),
        pytest.param(
            lambda: jr.diagnose(OVERFITTED, validation_rows=0), "at least 1 is", id="zero"
        ),
        pytest.param(
            lambda: jr.diagnose(OVERFITTED, validation_rows=1.5), "validation_rows=1.5", id="half"
        ),
        pytest.param(lambda: jr.diagnose(OVERFITTED, classes=1), "at least 2 are", id="one class"),
        pytest.param(lambda: jr.diagnose({"loss": [1, 2]}), "validation loss", id="no validation"),
        pytest.param(lambda: jr.diagnose("none.csv"), "no file 'none.csv'", id="no file"),
    ],
)
def test_what_cannot_be_diagnosed_is_told(call, words):
    with pytest.raises(jr.DataError, match=words):
        call()


# ---------------------------------------------------------------- what it says


TYPED = (
    "--data",
    "my rows.csv",
    "--target",
    "y",
    "--without",
    "id",
    "--text",
    "note",
    "--distinct",
)
TYPED += ("--hidden", "32,16", "--recipe", "batch_norm,dropout=0.2", "--epochs", "7")
TYPED += ("--learning-rate", "0.01", "--validation", "0.3")


def every_advice(**known):
    """Each condition with each cause and some strengths that the advice turns on."""
    for condition, cause in (
        *(("leak", "rows"), ("leak", "column"), ("unstable", "rate"), ("shuffled_labels", "")),
        *(("underfitting", "size"), ("underfitting", "time"), ("overfitting", "")),
        *(("too_little_validation", ""), ("fine", "")),
    ):
        for strengths in ({}, {"Dropout.rate": 0.5}, {"L2.strength": 1.0}):
            sign = Sign(condition, "It shows.", cause=cause, name="c 0")
            means = Means(learning_rate=1e-3, epochs=3, strengths=strengths, **known)
            yield pytest.param(sign, means, id=f"{condition}-{cause}-{strengths}")


@pytest.mark.parametrize(
    ("sign", "means"), [*every_advice(), *every_advice(options=TYPED, asked=Asked.of({}))]
)
def test_commands_are_such_as_the_command_line_takes(sign, means):
    advice = advice_for([sign], means)
    assert max(map(len, f"{advice.command}\n{advice.python}".splitlines())) <= 76
    program, verb, *arguments = split(advice.command)
    assert program == "justright"
    command = app.commands[verb]
    given = command.make_context(verb, list(arguments)).params
    for text in given["texts"] if verb == "compare" else ():
        assert parse_recipe(text).techniques
    if means.options is None:
        return
    # Nothing that was typed is forgotten, and what is asked in Python is not said beside it.
    assert not advice.python
    assert (given["data"], given["target"], given["distinct"]) == ("my rows.csv", "y", True)
    assert (given["without"][0], given["as_text"]) == ("id", ("note",))
    assert given["learning_rate"] == 0.01 or sign.cause == "rate"
    if verb == "compare":
        assert all("batch_norm" in text for text in given["texts"])
    else:
        assert given["recipe"] == "batch_norm,dropout=0.2"
        assert given["epochs"] == (9 if sign.condition == "underfitting" else 7)


def split(command):
    import shlex

    return shlex.split(command.replace("\\\n", " "))


@pytest.mark.parametrize(
    ("cause", "form"),
    [
        *(("rows", "arrays"), ("rows", "table")),
        *(("column", "pair"), ("column", "arrays"), ("column", "file")),
    ],
)
def test_what_python_is_told_can_be_pasted_whatever_the_rows_came_in(tmp_path, cause, form):
    """A leak is told by name, and the code that is printed mends it."""
    X, y = signs(0, 80)
    blurred = y + np.random.default_rng(0).normal(0, 0.02, 80)
    frame = named(X, copy=blurred) if cause == "column" else named(X)
    frame, y = (frame, y) if cause == "column" else (pd.concat([frame] * 2), np.tile(y, 2))
    table = frame.assign(sick=y).reset_index(drop=True)
    table.to_csv(tmp_path / "rows.csv", index=False)
    train, more = {
        "pair": ((table.drop(columns="sick"), table["sick"]), {}),
        "arrays": ((frame.to_numpy(), y), {}),
        "table": (table, {"target": "sick"}),
        "file": (tmp_path / "rows.csv", {"target": "sick"}),
    }[form]
    told = jr.diagnose((4,), train, recipe=jr.BatchNorm(), batch_size=16, **QUICK, **more)
    (leak,) = [one for one in told.findings if one.condition == "leak"]
    assert not leak.command
    for kept in ("(4,)", "recipe=jr.BatchNorm()", "batch_size=16", "epochs=30", "seeds=2"):
        assert kept in leak.python
    given = {"jr": jr, "train": train}
    exec(leak.python.replace("seeds=2", "seeds=1").replace("epochs=30", "epochs=2"), given)
    mended = given["diagnosis"]
    assert "leak" not in [one.condition for one in mended.findings]


def test_code_runs_with_the_names_that_it_uses():
    """One of each condition; a small network and few epochs stand for the user's."""
    X, y = signs(0, 60)
    seen = set()
    for parameters in every_advice():
        sign, means = parameters.values
        key = sign.condition, sign.cause
        if key in seen:
            continue
        seen.add(key)
        table = named(X, COLUMN=y)
        names = {
            "jr": Shortened,
            "keras": keras,
            "model": dense_net(),
            "train": (named(X).rename(columns={"c0": "c 0"}), pd.Series(y)),
            "validation": signs(1, 20),
            "table": table,
        }
        exec(advice_for([sign], means).python, names)


class Shortened:
    """justright, with fewer trainings."""

    Recipe, Dropout, L2, EarlyStopping = jr.Recipe, jr.Dropout, jr.L2, jr.EarlyStopping

    @staticmethod
    def compare(*given, **named):
        return jr.compare(*given, **named | {"seeds": 1, "epochs": 2})

    @staticmethod
    def diagnose(model, train, **named):
        network = dense_net(features=np.shape(train[0])[1])
        return jr.diagnose(network, train, **named | {"seeds": 1, "epochs": 2})


def test_what_it_says_fits_80_columns_and_is_json(study):
    for told in (jr.diagnose(study), jr.diagnose(OVERFITTED)):
        assert max(map(len, str(told).splitlines())) <= 80
        again = json.loads(json.dumps(told.to_dict()))
        assert [one["condition"] for one in again["findings"]] == [
            one.condition for one in told.findings
        ]
        assert again["rate"] == told.rate


# ---------------------------------------------------------------- how often it is wrong


def test_the_rate_that_is_printed_is_the_one_that_was_counted():
    judging = measured()["judging"]
    for source in SOURCES:
        percent = 100 * judging["wrong"][source] / judging["cases"]
        said = rate_in_words(source)
        assert f"{percent:.1f} % of {judging['cases']} trainings" in said
    told = jr.diagnose(OVERFITTED)
    assert re.sub(r"\s+", " ", str(told)).endswith(rate_in_words("curves"))


@pytest.mark.parametrize("half", ["tuning", "judging"])
def test_counts_add_up_and_every_condition_was_tried(half):
    counts = measured()[half]
    for source in SOURCES:
        confusion = counts["confusion"][source]
        total = sum(sum(row.values()) for row in confusion.values())
        right = sum(row.get(condition, 0) for condition, row in confusion.items())
        assert total == counts["cases"]
        assert total - right == counts["wrong"][source]
        assert all(sum(row.values()) >= 7 for row in confusion.values())


def test_the_halves_share_no_data_set_and_are_those_of_the_bed(importable):
    worlds = importlib.import_module("bed.worlds").WORLDS
    for half in ("tuning", "judging"):
        assert measured()[half]["worlds"] == [one.name for one in worlds if one.half == half]
    names = [one.name for one in worlds]
    assert len(set(names)) == len(names)
    assert measured()["judging"]["cases"] + measured()["tuning"]["cases"] >= 300


def test_the_document_shows_what_was_counted():
    text = (ROOT / "docs" / "diagnosis.md").read_text(encoding="utf-8")
    for half in ("judging", "tuning"):
        assert rate_table(measured()[half]) in text


def test_the_readme_gives_the_rates_that_were_counted():
    text = re.sub(r"\s+", " ", (ROOT / "README.md").read_text(encoding="utf-8"))
    judging = measured()["judging"]
    rates = {
        one: f"{100 * count / judging['cases']:.1f} %" for one, count in judging["wrong"].items()
    }
    assert f"wrong in {rates['trainings']} of {judging['cases']} trainings" in text
    assert f"{rates['curves']} from curves alone" in text
    counted = judging["cases"] + measured()["tuning"]["cases"]
    changes = re.sub(r"\s+", " ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert f"counted on {counted} trainings of known condition" in changes
    benchmarks = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert f"trains {counted} networks that are made to" in benchmarks


def test_it_is_seldom_wrong_on_rows_that_nobody_has_seen(importable):
    """Other draws of rows than those that were counted, from the half that nothing was set on."""
    bed = importlib.import_module("bed.cases")
    worlds = {one.name: one for one in importlib.import_module("bed.worlds").WORLDS}
    wrong, cases = [], list(bed.cases([worlds["mixture"], worlds["sparse"]], draws=[7]))
    for case in cases:
        it = bed.made(case)
        told = jr.diagnose(
            it.model,
            it.train,
            validation=it.validation,
            recipe=it.recipe,
            epochs=it.epochs,
            batch_size=it.batch_size,
            optimizer=it.optimizer,
            seeds=1,
            progress=False,
        )
        wrong += [case] if told.condition != case.condition else []
    assert len(cases) > 20
    assert len(wrong) <= 0.2 * len(cases), wrong
