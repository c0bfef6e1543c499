"""The command line: what it prints, draws and returns, and how it says what is wrong."""

import contextlib
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import h5py
import keras
import numpy as np
import pandas as pd
import pytest

from justright.cli.main import run

PNG = b"\x89PNG\r\n\x1a\n"
ROWS = 60
SMALL = ["--seeds", "2", "--epochs", "3", "--quiet"]
RECIPES = ["--recipe", "dropout=0.4,l2=1e-3", "--recipe", "early_stopping=1"]
NAMES = ["plain", "dropout 0.4 + L2 0.001", "early stopping 1"]


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def said(self):
        """The error stream as one line: where it breaks depends on the width."""
        return " ".join(self.err.split())


def justright(*arguments):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(["compare", *arguments])
    return Ran(code, out.getvalue(), err.getvalue())


def python(*arguments, folder, **variables):
    done = subprocess.run(
        [sys.executable, "-m", "justright", *arguments],
        cwd=folder,
        env=os.environ | {"COLUMNS": "80"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def patients(target="disease"):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(ROWS, 3)), columns=["age", "height", "weight"])
    table[target] = (table.age + table.height > 0).astype(int)
    return table


def net(*layers, shape=(3,)):
    hidden = layers or [keras.layers.Dense(4, activation="relu")]
    return keras.Sequential(
        [keras.Input(shape), *hidden, keras.layers.Dense(1, activation="sigmoid")], name="net"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a table and a small network."""
    folder = tmp_path_factory.mktemp("work")
    patients().to_csv(folder / "patients.csv", index=False)
    net().save(folder / "net.keras")
    return folder


@pytest.fixture(scope="module", autouse=True)
def _at_work(folder):
    """Run there, 80 columns wide and not in color."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "80")
        for variable in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
            patch.delenv(variable, raising=False)
        yield


TABLE = ["--data", "patients.csv", "--model", "net.keras", *SMALL]


@pytest.fixture(scope="module")
def text(_at_work):
    return justright(*TABLE, *RECIPES)


@pytest.fixture(scope="module")
def as_json(_at_work):
    return justright(*TABLE, *RECIPES, "--json", "--figure", "curves.svg")


# What it does


def test_a_parquet_file_is_divided_and_standardized_as_a_csv_file_is():
    table = patients("sick")
    table["height"] = 1e6 * table["height"] + 1e7
    table[["sick", "age", "height", "weight"]].to_parquet("big.parquet", index=False)
    done = justright(*TABLE, "--recipe", "l2=1e-3", "--data", "big.parquet", "--target", "sick")
    words = " ".join(done.out.split())
    assert done.code == 0, done.err
    assert "big.parquet, 3 features, target sick: 60 rows; columns standardized" in words
    assert "12 of the rows, drawn at random, were held out for validation." in words
    assert "36 training rows are read from big.parquet in each epoch" in words
    assert_told(justright("--data", "big.parquet", "--target", "sik"), "Did you mean sick?")


def test_compare_draws_the_curves_as_a_png(text):
    assert text.code == 0
    assert Path("reg_compare.png").read_bytes().startswith(PNG)
    assert "Figure: reg_compare.png" in text.out


def test_compare_prints_a_table_and_a_paragraph(text):
    words = " ".join(text.out.split())
    assert "patients.csv, 3 features, target disease: 60 rows." in words
    assert "12 of the training rows were held out for test." in words
    assert "3 numbers become 3 inputs." in words
    for heading in ("recipe", "train", "validation", "test", "gap in points (95 %)", "epochs"):
        assert heading in words
    for word in ("plain", "dropout", "L2", "early", "stopping"):
        assert word in words
    assert "Plain reaches accuracy" in words
    assert "2 seeds" in words


def test_compare_says_nothing_on_the_error_stream_when_nobody_watches(text, as_json):
    assert text.err == ""
    assert as_json.err == ""


def test_output_fits_80_columns(text):
    assert max(map(len, text.out.splitlines())) <= 80


def test_output_has_no_escape_codes_where_there_is_no_terminal(text):
    assert "\x1b" not in text.out


def test_json_is_one_object_with_a_record_for_each_training(as_json):
    assert as_json.code == 0
    found = json.loads(as_json.out, parse_constant=pytest.fail)
    every = {"command", "data", "notes", "summary", "stopped", "files"}
    assert set(found) == every | {"verdicts", "versions", "table"}
    assert (found["command"], found["stopped"]) == ("compare", None)
    records = found["table"]
    assert [(r["recipe"], r["seed"]) for r in records] == [(n, s) for n in NAMES for s in (0, 1)]
    for record in records:
        assert 1 <= record["best_epoch"] <= record["epochs_run"] <= 3
        assert record["outcome"] in {"finished", "stopped"}
        assert 0 <= record["test_metric"] <= 1
    assert [r["Dropout.rate"] for r in records] == [None, None, 0.4, 0.4, None, None]
    assert [r["L2.strength"] for r in records] == [None, None, 0.001, 0.001, None, None]
    assert [r["EarlyStopping.patience"] for r in records] == [None] * 4 + [1, 1]
    assert found["summary"].startswith("Plain reaches accuracy")


def test_json_has_a_verdict_on_each_other_recipe_corrected_for_their_number(as_json):
    verdicts = json.loads(as_json.out)["verdicts"]
    assert [(v["a"], v["b"]) for v in verdicts] == [(name, "plain") for name in NAMES[1:]]
    assert {v["decision"] for v in verdicts} == {"no difference shown"}  # Of two seeds.
    assert {v["pairs"] for v in verdicts} == {2}


def test_within_the_margin_recipes_are_equivalent():
    twin = ("--recipe", "l2=1e-12", "--seeds", "6", "--epochs", "2", "--margin", "0.2")
    done = justright(*TABLE, *twin, "--json")
    found = json.loads(done.out)
    assert [v["decision"] for v in found["verdicts"]] == ["equivalent"]
    assert "it is equivalent to plain within 20.0 points" in found["summary"]


def test_a_margin_that_is_none_is_refused_before_training():
    done = justright(*TABLE, "--margin", "-1")
    assert done.code == 1
    assert "margin=-1.0" in done.said


def test_json_and_text_speak_of_the_same_trainings(text, as_json):
    summary = json.loads(as_json.out)["summary"]
    assert summary in " ".join(text.out.split())


def test_the_ending_says_the_format_of_the_figure(as_json):
    assert json.loads(as_json.out)["files"] == {"figure": "curves.svg"}
    assert "<svg" in Path("curves.svg").read_text(encoding="utf-8")


def test_failed_trainings_are_null_in_json_and_told_in_words():
    done = justright(
        *(*TABLE, "--optimizer", "sgd", "--recipe", "l2=1e38"),
        *("--json", "--figure", "failed.png"),
    )
    assert done.code == 0
    found = json.loads(done.out, parse_constant=pytest.fail)
    failed = [record for record in found["table"] if record["outcome"] == "failed"]
    assert [record["recipe"] for record in failed] == ["L2 1e+38"] * 2
    assert {record["val_loss"] for record in failed} == {None}
    assert "failed" in found["summary"]


def test_plain_is_always_compared_and_only_once():
    done = justright(*TABLE, "--recipe", "plain", "--recipe", "", "--json")
    assert {record["recipe"] for record in json.loads(done.out)["table"]} == {"plain"}


def test_strengths_that_differ_by_layer_are_columns_of_their_own():
    recipe = "dropout=input/0.1+hidden/linear/0/0.5/3"
    done = justright(*TABLE, "--recipe", recipe, "--json")
    records = json.loads(done.out)["table"]
    assert {record.get("Dropout.rate[input]") for record in records} == {None, 0.1}
    assert {record.get("Dropout.rate[hidden].linear.end") for record in records} == {None, 0.5}
    unknown = justright(*TABLE, "--recipe", "dropout=dense_99/0.5")
    assert_told(unknown, "names the layer 'dense_99'", "or use input, hidden, output")


def test_the_learning_rate_is_the_optimizers_own_or_the_one_given():
    def losses(*options):
        table = json.loads(justright(*TABLE, *options, "--json").out)["table"]
        return [record["val_loss"] for record in table]

    assert losses("--learning-rate", "0.001") == losses()
    assert losses("--learning-rate", "0.05") != losses()


def test_the_target_may_be_named():
    patients("sick")[["sick", "age", "height", "weight"]].to_csv("first.csv", index=False)
    done = justright(*TABLE, *RECIPES, "--data", "first.csv", "--target", "sick")
    assert done.code == 0
    assert "target sick" in done.out


def test_recipe_names_stay_whole_beside_a_metric_with_a_long_name():
    from rich.console import Console

    from justright.evidence.measure import Measure
    from justright.evidence.overlap import ONE_SPLIT
    from justright.report.console import results_table

    names = ("train_loss", "val_loss", "test_loss", "train_metric", "val_metric", "test_metric")
    record = dict.fromkeys([*names, "loss_gap", "gap"], 1234.5)
    record |= {"recipe": "dropout + L2 + early stopping", "outcome": "finished"}
    record |= {"epochs_run": 200, "best_epoch": 180}
    table = pd.DataFrame([record | {"seed": seed, "split": 0} for seed in range(2)])
    shown = io.StringIO()
    console = Console(file=shown, width=80)
    console.print(results_table(table, Measure("mean_absolute_error", False), True, ONE_SPLIT))
    assert "dropout" in shown.getvalue()
    assert "stopping" in shown.getvalue()
    assert max(map(len, shown.getvalue().splitlines())) <= 80


def test_the_main_job_runs_from_any_folder(tmp_path):
    done = python("compare", "--epochs", "2", "--seeds", "1", "--quiet", folder=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["reg_compare.png"]
    assert (tmp_path / "reg_compare.png").read_bytes().startswith(PNG)
    words = " ".join(done.out.split())
    for expected in ("80 rows to train on", "plain", "dropout + L2", "early stopping"):
        assert expected in words
    assert max(map(len, done.out.splitlines())) <= 80
    assert "\x1b" not in done.out


# Help and exit codes


def test_help_of_the_module_lists_the_commands_and_the_exit_codes(tmp_path):
    done = python("--help", folder=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "compare" in done.out
    assert "Exit codes: 0 done; 1" in done.out


def test_recipes_that_differ_in_an_option_or_a_fourth_digit_are_two():
    from justright.cli.compare import _recipes

    options = ("drop_connect=0.3", "drop_connect=0.3:inference=gaussian:per_example=yes")
    assert list(_recipes(options)) == [
        "plain",
        "drop connect 0.3",
        "drop connect 0.3 (per example, inference gaussian)",
    ]
    assert len(_recipes(("l2=0.100001", "l2=0.100002", "l2=0.100001"))) == 3


def test_help_of_compare_shows_each_example_on_a_line_of_its_own():
    done = justright("--help")
    assert done.code == 0
    lines = [line.strip() for line in done.out.splitlines()]
    assert "justright compare --recipe dropout=0.2 --recipe dropout=0.5,l2=1e-3" in lines
    assert "\\b" not in done.out


def test_help_names_every_option_and_its_default():
    words = " ".join(justright("--help").out.split())
    for option in (
        "recipe",
        "data",
        "target",
        "model",
        "seeds",
        "epochs",
        "margin",
        "figure",
        "json",
    ):
        assert f"--{option}" in words
    assert "[default: reg_compare.png]" in words


@pytest.mark.parametrize(
    "arguments",
    [["--no-such-option"], ["extra"], ["--seeds", "many"]],
    ids=["unknown option", "extra argument", "no number"],
)
def test_wrong_usage_is_2(arguments):
    done = justright(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert "Usage: justright compare" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("arguments", [[], ["train"]], ids=["nothing", "unknown command"])
def test_wrong_usage_of_the_group_is_2(arguments, capsys):
    assert run(arguments) == 2
    assert "Usage: justright" in capsys.readouterr().err


def test_an_interruption_is_130(monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("justright.experiments.setup.run_trials", interrupt)
    done = justright(*TABLE)
    assert done.code == 130
    assert done.out == ""
    assert "Interrupted" in done.err
    assert "Traceback" not in done.err


def test_another_backend_is_told_without_a_traceback(tmp_path):
    done = python("compare", folder=tmp_path, KERAS_BACKEND="numpy")
    assert (done.code, done.out) == (1, "")
    assert "KERAS_BACKEND is 'numpy'" in done.said
    assert "Traceback" not in done.err


# What is wrong is told on the error stream, and the exit code is 1


def assert_told(done, *words):
    assert done.code == 1
    assert done.out == ""
    assert done.said.startswith("Error:")
    assert [word for word in words if word not in done.said] == [], done.said
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err
    assert max(map(len, done.err.splitlines())) <= 80


@pytest.mark.parametrize(
    ("options", "splits", "words"),
    [
        ("--splits 3", 3, ["3 splits: 36 rows train, 12 validate, 12 test"]),
        ("--folds 4 --splits 2", 8, ["8 splits: 34 rows train, 11 validate, 15 test"]),
        ("--group ward", 1, ["were held out for test", "were held out for validation"]),
        ("--folds 3 --group ward", 3, ["3 splits"]),
    ],
)
def test_rows_are_divided_anew(options, splits, words):
    table = patients()
    table.insert(0, "ward", np.arange(ROWS) // 6)
    table.to_csv("wards.csv", index=False)
    file = "wards.csv" if "ward" in options else "patients.csv"
    done = justright("--data", file, *SMALL, *options.split(), "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert len({row["split"] for row in said["table"]}) == splits
    assert "3 features" in said["data"]
    assert all(word in " ".join(said["notes"]) for word in words), said["notes"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param("--seeds 0", ["seeds=0", "at least one"], id="no seeds"),
        pytest.param("--epochs 0", ["epochs=0", "at least 1"], id="no epochs"),
        pytest.param("--batch-size 0", ["batch_size=0", "at least 1"], id="no batch"),
        pytest.param(
            "--batch-size 1000", ["batch_size=1000", "80 training rows", "at most 80"], id="batch"
        ),
        pytest.param("--optimizer adm", ["'adm'", "Did you mean adam?"], id="optimizer"),
        pytest.param("--learning-rate 0", ["--learning-rate 0", "above 0"], id="rate"),
        pytest.param(
            "--recipe dropuot=0.4,l2=x",
            ["'dropuot'", "Did you mean dropout?", "'x' is not a number"],
            id="recipe",
        ),
        pytest.param("--recipe dropout=40", ["rate=40", "Did you mean 0.4?"], id="strength"),
        pytest.param("--recipe [red]=1", ["'[red]'", "no regularizer"], id="square brackets"),
        pytest.param("--figure curves.txt", ["curves.txt", "'.txt'", ".png"], id="figure's ending"),
        pytest.param("--figure curves", ["--figure curves", ".png"], id="figure without ending"),
        pytest.param(
            "--figure none/curves.png", ["none/curves.png", "no folder"], id="figure's folder"
        ),
        pytest.param("--data brest_cancer", ["'brest_cancer'", "breast_cancer"], id="data"),
        pytest.param("--data none.csv", ["no file 'none.csv'", "Check the path"], id="no file"),
        pytest.param("--data .", ["pictures of 0 class"], id="a folder without pictures"),
        pytest.param(
            "--target age --seeds 1 --epochs 1",
            ["--target", "breast_cancer"],
            id="target of an example",
        ),
        pytest.param("--group age", ["--group", "no groups"], id="groups of an example"),
        pytest.param("--splits 0", ["--splits 0", "at least 1"], id="no split"),
        pytest.param("--folds 1", ["folds=1", "at least 2"], id="one fold"),
        pytest.param("--folds 900", ["cannot divide"], id="too many folds"),
        pytest.param("--model none.keras", ["no file 'none.keras'"], id="no model"),
        pytest.param("--model net.keras", ["(3", "(30"], id="a model for other rows"),
    ],
)
def test_an_option_that_makes_no_sense_is_told(options, words):
    assert_told(justright(*options.split()), *words)


def test_any_table_is_compared_and_what_was_made_of_it_is_said():
    third = ROWS // 3
    ward, code = ["north", "south", "west"] * third, [1, 2, 3] * third
    table = spoilt("age", None).assign(ward=ward, code=code, id=range(ROWS))
    table = table[["id", "age", "height", "code", "ward", "disease"]]
    table.loc[5, "disease"] = None
    table.to_csv("gaps.csv", index=False, sep=";")
    rows = ["--data", "gaps.csv", "--without", "id", "--category", "code", "--task"]
    done = justright(*rows, "classification", *SMALL, *RECIPES)
    assert done.code == 0, done.err
    words = " ".join(done.out.split())
    assert "The target is 'disease', the last column. 1 of 60 rows have no 'disease'" in words
    assert "2 numbers and 2 categories become" in words
    assert "'disease' has 2 classes" in words
    ward = ["--data", "gaps.csv", "--target", "ward", "--task", "regression"]
    assert_told(justright(*ward, *SMALL), "holds text", 'task="regression"')
    for option in ("--category", "--text"):
        assert_told(justright("--data", "gaps.csv", option, "wrad"), "Did you mean ward?")
    rows = ["--data", "gaps.csv", "--target", "disease", "--text", "ward", *SMALL, *RECIPES]
    assert "text (ward)" in " ".join(justright(*rows).out.split())
    assert_told(justright("--data", "gaps.csv", "--image-size", "8"), "a table, which has no image")


def test_a_figure_that_is_a_folder_is_told_before_training(monkeypatch):
    Path("folder.png").mkdir(exist_ok=True)
    monkeypatch.setattr(
        "justright.experiments.setup.run_trials", lambda *_, **__: pytest.fail("trained")
    )
    assert_told(justright(*TABLE, "--figure", "folder.png"), "folder.png")


def spoilt(column, value):
    table = patients().astype(object)
    table.loc[3, column] = value
    return table


@pytest.mark.parametrize(
    ("table", "words"),
    [
        pytest.param("", ["bad.csv is empty"], id="empty"),
        pytest.param("a,b\n", ["0 rows"], id="a header alone"),
        pytest.param(patients()[["disease"]], ["1 columns", "two columns"], id="one column"),
        pytest.param("a,b\n1,2\n3,4,5\n", ["cannot be read as CSV"], id="ragged"),
        pytest.param(spoilt("age", np.inf), ["'age'", "inf in row 3"], id="infinity"),
        pytest.param(patients().assign(disease=1), ["one class only (1)"], id="one class"),
        pytest.param(patients().head(2), ["2 rows"], id="two rows"),
        pytest.param("[red]a[/],[red]a[/]\n1,2\n", ["two columns '[red]a[/]'"], id="brackets"),
    ],
)
def test_a_table_that_cannot_be_trained_on_is_told(table, words):
    if isinstance(table, str):
        Path("bad.csv").write_text(table, encoding="utf-8")
    else:
        table.to_csv("bad.csv", index=False)
    assert_told(justright("--data", "bad.csv"), *words)


def test_a_target_that_is_not_there_is_told_with_the_nearest():
    done = justright("--data", "patients.csv", "--target", "diseas")
    assert_told(done, "no column 'diseas'", "Did you mean disease?", "age, height, weight")


# Models from files


def truncated():
    return Path("net.keras").read_bytes()[:5000]


def repacked(**changes):
    """The small network's file with some of its parts changed; None leaves a part out."""
    packed = io.BytesIO()
    with zipfile.ZipFile("net.keras") as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            content = changes.get(name.split(".")[0], old.read(name))
            if content is not None:
                new.writestr(name, content)
    return packed.getvalue()


def a_function_of_os_as(what):
    """A network whose file asks for os.system, as a class or as an activation."""
    with zipfile.ZipFile("net.keras") as packed:
        config = json.loads(packed.read("config.json"))
    if what == "class":
        config |= {"module": "os", "class_name": "system", "config": "touch ran"}
    else:
        config["config"]["layers"][1]["config"]["activation"] = {
            "module": "os",
            "class_name": "function",
            "config": "system",
            "registered_name": "function",
        }
    return repacked(config=json.dumps(config))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: b"", id="empty"),
        pytest.param(lambda: b"a network", id="text"),
        pytest.param(truncated, id="truncated"),
        pytest.param(lambda: Path("net.keras").read_bytes()[5000:], id="without its beginning"),
        pytest.param(lambda: repacked(config=None), id="without its configuration"),
        pytest.param(lambda: repacked(config="{"), id="with a broken configuration"),
        pytest.param(lambda: repacked(model=None), id="without its weights"),
        pytest.param(lambda: repacked(model=b"weights"), id="with broken weights"),
    ],
)
def test_a_file_that_is_no_network_is_told(content):
    Path("broken.keras").write_bytes(content())
    assert_told(justright("--data", "patients.csv", "--model", "broken.keras"), "broken.keras")


def test_the_older_format_is_refused_since_it_can_hold_code():
    with h5py.File("net.h5", "w") as older:
        older.attrs["model_config"] = "{}"
    done = justright("--data", "patients.csv", "--model", "net.h5")
    assert_told(done, "net.h5 is not a .keras file", "model.save('name.keras')")


def test_code_in_a_lambda_layer_is_refused_and_not_run():
    ran = Path("ran")
    leave_a_trace = keras.layers.Lambda(lambda x: __import__("pathlib").Path("ran").touch() or x)
    net(leave_a_trace).save("lambda.keras")
    assert ran.exists(), "the trap does not work"
    ran.unlink()
    done = justright("--data", "patients.csv", "--model", "lambda.keras")
    assert_told(done, "lambda.keras holds code", "Lambda", "does not run")
    assert not ran.exists()


@pytest.mark.parametrize("what", ["class", "activation"])
def test_a_function_that_a_file_asks_for_is_refused_and_not_run(what):
    Path("asks.keras").write_bytes(a_function_of_os_as(what))
    assert_told(justright("--data", "patients.csv", "--model", "asks.keras"), "asks.keras")
    assert not Path("ran").exists()


ENDS = """
import atexit, sys
from justright.cli.ending import end_now
atexit.register(print, ", then handlers")
print("printed", end="")
end_now(int(sys.argv[1]))
"""


@pytest.mark.parametrize("code", [0, 130])
def test_at_the_end_everything_is_printed_and_handlers_run(code):
    command = [sys.executable, "-c", ENDS, str(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "printed, then handlers\n", "")


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize(("code", "told"), [(0, 1), (130, 130)])
def test_an_end_that_nobody_reads_is_no_success(code, told):
    reads, writes = os.pipe()
    os.close(reads)
    with open(writes, "w") as nobody:
        text = "from justright.cli.ending import end_now; print('printed'); end_now({})"
        command = [sys.executable, "-c", text.format(code)]
        buffered = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
        done = subprocess.run(
            command, stdout=nobody, stderr=subprocess.PIPE, env=buffered, check=False
        )
    assert (done.returncode, done.stderr) == (told, b"")
