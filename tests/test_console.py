"""The table fits a terminal and shows names as they are."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from justright.evidence.measure import Measure
from justright.evidence.overlap import ONE_SPLIT
from justright.report.console import results_table

ACCURACY = Measure("accuracy", higher_is_better=True)
ERROR = Measure("mean_absolute_error", higher_is_better=False)
WOBBLE = np.array([0.001, -0.002, 0.001])


def trials(recipe, train=0.99, validation=0.90, test=0.89, *, failed=(), scale=1.0):
    bad = np.isin(np.arange(3), failed)
    train, validation, test = (
        np.where(bad, np.nan, scale * (x + WOBBLE * sign))
        for x, sign in ((train, 1), (validation, -1), (test, 1))
    )
    return pd.DataFrame(
        {
            "recipe": recipe,
            "seed": np.arange(3),
            "split": 0,
            "epochs_run": 200,
            "best_epoch": 10,
            "outcome": np.where(bad, "failed", "finished"),
            "train_metric": train,
            "val_metric": validation,
            "test_metric": test,
            "loss_gap": train - validation,
            "gap": np.abs(train - validation),
        }
    )


def printed(*recipes, measure=ACCURACY, has_test=True, width=80):
    """The lines that a terminal of so many columns shows."""
    table = results_table(pd.concat(recipes, ignore_index=True), measure, has_test, ONE_SPLIT)
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def text_of(*recipes, **options):
    return "\n".join(printed(*recipes, **options))


# ---------------------------------------------------------------- the table

WHOLE = {
    "accuracy": (
        ACCURACY,
        1.0,
        ["99.0 %", "90.0 %", "89.0 %", "9.0 (8.1 to 9.9)", "200"],
    ),
    "error": (
        ERROR,
        1.0,
        ["0.99", "0.9", "0.89", "0.09 (0.0814 to 0.0986)", "200"],
    ),
}


@pytest.mark.parametrize("case", WHOLE)
@pytest.mark.parametrize("name", ["plain", "dropout", "dropout + L2"])
def test_in_80_columns_a_recipe_stands_on_one_line_and_nothing_is_cut(case, name):
    measure, scale, figures = WHOLE[case]
    lines = printed(trials(name, scale=scale), measure=measure)
    assert max(map(len, lines)) <= 80
    (line,) = [line for line in lines if name in line]
    assert all(figure in line for figure in figures)
    assert "…" not in "\n".join(lines)


@pytest.mark.parametrize("measure", [ACCURACY, ERROR])
def test_a_long_name_is_folded_and_loses_nothing(measure):
    name = "dropout=0.4,l2=0.001,batch_norm,early_stopping=20"
    lines = printed(trials(name), measure=measure)
    assert max(map(len, lines)) <= 80
    pieces = "".join(line.split("   ")[0].strip() for line in lines[3:])
    assert name in pieces


@pytest.mark.parametrize("scale", [1e-5, 1e3, 65_000.0, 3e8])
def test_errors_of_any_size_leave_room_for_the_name(scale):
    lines = printed(trials("dropout + L2", scale=scale), measure=ERROR)
    assert max(map(len, lines)) <= 80
    assert "…" not in "\n".join(lines)
    assert any("dropout" in line for line in lines)


def test_recipes_stand_in_the_order_of_the_study():
    text = text_of(trials("plain"), trials("zeta"), trials("alpha"))
    assert text.index("plain") < text.index("zeta") < text.index("alpha")


def test_without_test_rows_there_is_no_test_column():
    assert " test " not in text_of(trials("plain"), has_test=False)
    assert " test " in text_of(trials("plain"))


def test_gaps_of_accuracy_are_in_points():
    header = printed(trials("plain"))[1]
    assert "points" in header
    assert "points" not in printed(trials("plain"), measure=ERROR)[1]


def test_failed_trials_are_counted_and_left_out():
    text = text_of(trials("plain"), trials("dropout", failed=[1]), width=100)
    assert "dropout (1 failed)" in text
    assert text.count("failed") == 1
    assert "nan" not in text


def test_a_recipe_that_always_failed_has_dashes_for_figures():
    lines = printed(trials("plain", failed=[0, 1, 2]), width=100)
    assert "plain (3 failed)" in "\n".join(lines)
    (line,) = [line for line in lines if "plain" in line]
    assert line.count("–") == 5
    assert "nan" not in "".join(lines)


def test_the_count_of_failed_trials_is_whole_in_80_columns():
    lines = printed(trials("dropout + L2", failed=[1]))
    assert re.search(r"\(1\s.*failed\)", " ".join(lines))


def test_one_run_has_a_gap_without_an_interval():
    (line,) = [line for line in printed(trials("plain", failed=[1, 2])) if "plain" in line]
    assert "9.2" in line
    assert " to " not in line
    assert "inf" not in line


@pytest.mark.parametrize(
    "name",
    ["[red]x[/red]", "[", "]", "[/]", "[/red]", "[bold]", r"a\[b]", "x\\", ":smile:", "[link=x]y"],
)
def test_square_brackets_and_colons_in_names_are_shown_as_they_are(name):
    assert name in text_of(trials(name))


@settings(deadline=None)
@given(st.text("[]/\\:= redx", min_size=1, max_size=12).map(str.strip).filter(bool))
def test_no_name_is_read_as_markup(name):
    assert name in text_of(trials(name), width=120)
