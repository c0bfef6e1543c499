"""`justright diagnose`: of a file of epochs and of rows, as text and as JSON, and its errors."""

import contextlib
import io
import json
import re
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from justright.cli.main import run
from justright.evidence.diagnosis_rate import rate_in_words

EPOCHS = np.arange(30)
FALLING = 0.02 + 0.67 * np.exp(-EPOCHS / 5)
QUICK = ["--seeds", "1", "--epochs", "30", "--quiet"]


def justright(*arguments):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(["diagnose", *arguments])
    return code, out.getvalue(), " ".join(err.getvalue().split())


@pytest.fixture(scope="module", autouse=True)
def _at_work(tmp_path_factory):
    """A folder with a log and a table, 80 columns wide and not in color."""
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "80")
        for variable in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
            patch.delenv(variable, raising=False)
        rising = np.where(EPOCHS < 10, FALLING, 0.1 + 0.05 * EPOCHS)
        pd.DataFrame({"epoch": EPOCHS + 1, "loss": FALLING, "val_loss": rising}).to_csv(
            "epochs.csv", index=False
        )
        draws = np.random.default_rng(0)
        table = pd.DataFrame(draws.normal(size=(300, 4)), columns=["age", "dose", "mass", "sex"])
        table["sick"] = (table.age + table.dose + draws.normal(0, 0.3, 300) > 0).astype(int)
        table.to_csv("patients.csv", index=False)
        table.assign(code=3 - 2 * table.sick).to_csv("told.csv", index=False)
        pd.concat([table, table]).to_csv("twice.csv", index=False)
        hidden = keras.layers.Dense(8, activation="relu")
        output = keras.layers.Dense(1, activation="sigmoid")
        keras.Sequential([keras.Input((4,)), hidden, output]).save("net.keras")
        yield


def test_a_file_of_epochs_gets_a_finding_a_sign_and_a_command():
    code, out, err = justright("epochs.csv")
    assert (code, err) == (0, "")
    turn = re.search(r"Overfitting from epoch (\d+)", out)
    assert 7 <= int(turn[1]) <= 11  # A running median smooths the rise after epoch 10.
    assert f"Sign: From epoch {turn[1]} on" in out
    assert "justright compare --data FILE --target COLUMN" in out
    assert rate_in_words("curves") in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80


def test_json_is_one_object():
    code, out, _ = justright("epochs.csv", "--validation-rows", "12", "--json")
    found = json.loads(out, parse_constant=pytest.fail)
    assert code == 0
    conditions = [one["condition"] for one in found["findings"]]
    assert conditions == ["overfitting", "too_little_validation"]
    assert found["findings"][1]["numbers"]["validation_rows"] == 12


def test_rows_are_trained_on_and_named_in_the_commands():
    code, out, err = justright("--data", "patients.csv", "--target", "sick", *QUICK)
    assert (code, err) == (0, "")
    assert "patients.csv, 4 features, target sick" in out
    assert "--data patients.csv --target sick" in out
    assert rate_in_words("trainings") in " ".join(out.split())


def test_a_column_that_tells_the_target_is_named_and_can_be_left_out():
    rows = ["--data", "told.csv", "--target", "sick", *QUICK]
    _, out, _ = justright(*rows)
    assert "Leak suspected" in out
    (said,) = re.findall(r"justright diagnose(?: .*\\\n)* .*", out)
    again = said.replace("\\\n", " ").split()
    assert again[2:] == [*rows[:-1], "--without", "code"]
    assert "jr." not in out
    code, out, _ = justright(*rows, "--without", "code", "--json")
    assert code == 0
    assert "leak" not in [one["condition"] for one in json.loads(out)["findings"]]


def test_repeated_rows_are_found_and_can_be_taken_once():
    rows = ["--data", "twice.csv", "--target", "sick", *QUICK]
    assert "--distinct" in justright(*rows)[1]
    _, out, _ = justright(*rows, "--distinct", "--validation", "0.3", "--json")
    found = json.loads(out)
    assert "90 of the training rows were held out for validation." in found["notes"]
    assert "leak" not in [one["condition"] for one in found["findings"]]


def test_network_recipe_and_rate_are_taken():
    code, out, _ = justright(
        *("--data", "patients.csv", "--target", "sick", "--model", "net.keras", *QUICK),
        *("--recipe", "l2=1", "--optimizer", "sgd", "--learning-rate", "0.05", "--batch-size", "8"),
    )
    assert code == 0
    assert "λ of L2" in out
    assert "--model net.keras" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Give either a file of epochs or rows"),
        (["epochs.csv", "--data", "patients.csv"], "Give either"),
        (["epochs.csv", "--seeds", "3"], "--seeds does not go with a file of epochs"),
        (["--data", "patients.csv", "--classes", "3"], "--classes does not go with rows"),
    ],
)
def test_wrong_usage_is_2(arguments, words):
    code, out, err = justright(*arguments)
    assert (code, out) == (2, "")
    assert words in err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "bad.csv is empty"),
        ("loss,val_loss\n", "bad.csv has no epochs"),
        ("loss,accuracy\n1,1\n2,1\n", "no column for the validation loss"),
        ("loss,val_loss\n1,2\nlow,3\n", "'low' in row 1"),
        ("loss,val_loss\n1,2\n", "1 epoch "),
    ],
)
def test_a_file_that_cannot_be_read_is_told(text, words):
    Path("bad.csv").write_text(text, encoding="utf-8")
    code, out, err = justright("bad.csv")
    assert (code, out) == (1, "")
    assert words in err
    assert "Traceback" not in err


def test_a_file_with_nan_is_unstable_and_no_error():
    Path("nan.csv").write_text("loss,val_loss\n0.7,0.7\n0.9,0.8\nnan,nan\n", encoding="utf-8")
    code, out, _ = justright("nan.csv")
    assert code == 0
    assert "Unstable training from epoch 3" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.csv"], "no file 'none.csv'"),
        (["epochs.csv", "--kept-epoch", "99"], "kept_epoch=99"),
        (["--data", "patients.csv", "--target", "sikc"], "Did you mean sick?"),
        (["--data", "patients.csv", "--without", "hight"], "no column 'hight'"),
        (["--data", "patients.csv", "--target", "sick", "--without", "sick"], "no target"),
        (["--data", "patients.csv", "--validation", "1.5"], "validation=1.5"),
        (["--data", "breast_cancer", "--distinct"], "--distinct (repeated rows): breast_cancer"),
        (["--data", "patients.csv", "--learning-rate", "-1"], "--learning-rate -1.0"),
        (["--data", "patients.csv", "--model", "none.keras"], "no file 'none.keras'"),
        (["--data", "patients.csv", "--recipe", "dropuot=1"], "Did you mean dropout?"),
    ],
)
def test_an_option_that_makes_no_sense_is_told(arguments, words):
    code, out, err = justright(*arguments)
    assert (code, out) == (1, "")
    assert words in err
