"""docs/cli.md says what the commands do; examples of every `--help` are commands; 80 columns."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import click
import keras
import numpy as np
import pandas as pd
import pytest

from justright.cli.ending import Ending, plain
from justright.cli.main import app, run
from justright.store.store import Store

PAGE = (Path(__file__).parents[1] / "docs" / "cli.md").read_text(encoding="utf-8")
EVERY = {"command", "data", "notes", "summary", "stopped", "files"}
TINY = ["--seeds", "2", "--epochs", "2", "--quiet"]


def justright(*arguments):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(list(arguments))
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module", autouse=True)
def _at_work(tmp_path_factory):
    """A folder with the files that examples name, 80 columns wide."""
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "80")
        for variable in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
            patch.delenv(variable, raising=False)
        draws = np.random.default_rng(0)
        table = pd.DataFrame(draws.normal(size=(60, 3)), columns=["age", "dose", "mass"])
        table["disease"] = (table.age + table.dose > 0).astype(int)
        table.to_csv("heart.csv", index=False)
        layers = [keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1, "sigmoid")]
        keras.Sequential([keras.Input((3,)), *layers]).save("mine.keras")
        falling = 0.7 * np.exp(-np.arange(20) / 5)
        rising = np.where(np.arange(20) < 8, falling, 0.2 + 0.05 * np.arange(20))
        pd.DataFrame({"loss": falling, "val_loss": rising}).to_csv("epochs.csv", index=False)
        with Store("heart.jr") as store:
            store.claim({"epochs": "2"})
        yield


def examples_of(command):
    lines = (line.strip() for line in (command.epilog or "").splitlines())
    return [re.split(r"\s{2,}", line)[0] for line in lines if line.startswith("justright ")]


EXAMPLES = [line for one in (app, *app.commands.values()) for line in examples_of(one)]
FENCED = [
    line
    for block in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("justright ")
]


@pytest.mark.parametrize("name", app.commands)
def test_help_has_examples_and_fits_80_columns(name):
    code, out, err = justright(name, "--help")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert f"justright {name}" in out.split("Examples:")[1]


def test_the_list_of_commands_cuts_no_sentence_off():
    _, out, _ = justright("--help")
    assert max(map(len, out.splitlines())) <= 80
    assert "..." not in out.split("Commands:")[1]


@pytest.mark.parametrize("line", [*EXAMPLES, *FENCED])
def test_an_example_is_a_command_with_options_that_there_are(line):
    _, name, *arguments = shlex.split(line)
    command = app.commands[name]
    context = command.make_context(name, arguments)
    assert isinstance(context, click.Context)


def test_the_page_names_every_command_and_no_option_that_there_is_not():
    for name in app.commands:
        assert f"| `{name}` |" in PAGE, name
    known = {
        option
        for command in (app, *app.commands.values())
        for parameter in command.params
        for option in parameter.opts
    } | {"--help"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE)) <= known


def keys_of(name):
    """The keys that the page says a command's JSON has, and those that it has at times."""
    table = PAGE.split("| command | further keys |")[1]
    (line,) = re.findall(rf"^\| `{name}` \| (.*) \|$", table, re.MULTILINE)
    listed = re.findall(r"`(\w+)`( \(where)?", line)
    return {key for key, _ in listed}, {key for key, sometimes in listed if sometimes}


ROWS = ["--data", "heart.csv", "--target", "disease", "--hidden", "4"]
RUNS = {
    "compare": [*ROWS, *TINY, "--recipe", "dropout=0.2"],
    "sweep": [*ROWS, *TINY, "--over", "l2=0,0.1"],
    "path": [*ROWS, *TINY, "--points", "2"],
    "report": [*ROWS, *TINY, "--over", "l2=0,0.1"],
    "search": [*ROWS, "--epochs", "2", "--quiet", "--space", "l2", "--budget", "4"],
    "contributions": [*ROWS, *TINY, "--recipe", "dropout=0.2,l2=1e-3"],
    "diagnose": ["epochs.csv"],
    "evidence": [*ROWS, *TINY],
    "ensemble": ["--data", "heart.csv", *TINY, "--hidden", "3", "--samples", "2"],
    "lesson": [],
    "predict": ["mine.keras", "--data", "heart.csv", "--target", "disease"],
    "store": ["heart.jr"],
    "techniques": ["dropout"],
}


def test_every_command_but_the_one_that_serves_a_page_has_json():
    assert set(app.commands) - set(RUNS) == {"play"}


@pytest.mark.parametrize("name", RUNS)
def test_json_has_the_keys_that_the_page_names_and_no_nan(name):
    code, out, err = justright(name, *RUNS[name], "--json")
    assert code == 0, err
    found = json.loads(out, parse_constant=pytest.fail)
    named, sometimes = keys_of(name)
    assert set(found) >= EVERY
    assert set(found) - EVERY <= named
    assert named - sometimes <= set(found) - EVERY
    assert found["command"] == name
    assert isinstance(found["summary"], str)
    assert isinstance(found["notes"], list)


@pytest.mark.parametrize("name", ["compare", "sweep", "path", "search", "evidence"])
def test_text_fits_80_columns_and_has_no_escapes_where_nobody_watches(name):
    code, out, _ = justright(name, *RUNS[name])
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "\x1b" not in out
    assert "Figure: " in out


@pytest.mark.parametrize("variable", ["NO_COLOR", "FORCE_COLOR"])
def test_color_changes_no_word(variable, monkeypatch):
    _, plainly, _ = justright(*["compare", *RUNS["compare"]])
    monkeypatch.setenv(variable, "1")
    _, out, _ = justright(*["compare", *RUNS["compare"]])
    assert re.sub(r"\x1b\[[0-9;]*m", "", out) == plainly
    colors = re.findall(r"\x1b\[[0-9;]*3[0-7]m", out)
    assert variable != "NO_COLOR" or not colors


def test_quick_help_imports_nothing_heavy():
    code = (
        "import sys; from justright.cli.main import run; code = run(['compare', '--help']);"
        "print([m for m in ('keras', 'jax', 'pandas', 'numpy', 'rich') if m in sys.modules], code)"
    )
    environment = os.environ | {"COLUMNS": "80"}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert ended.stdout.splitlines()[-1] == "[] 0"


def test_an_unknown_command_or_option_is_answered_by_the_nearest():
    code, _, err = justright("comprae")
    assert code == 2
    assert "Did you mean compare?" in err
    code, _, err = justright("compare", "--seed", "3")
    assert code == 2
    assert "--seeds" in err


@pytest.mark.parametrize("text", ["4,none", "0", "", "4,-1"])
def test_units_that_are_none_are_told(text):
    code, _, err = justright("compare", "--hidden", text)
    assert code == 1
    assert "as in 128,64" in " ".join(err.split())


def test_two_networks_are_one_too_many():
    code, _, err = justright("compare", "--hidden", "4", "--model", "mine.keras")
    assert code == 1
    assert "two networks" in err


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("inf"), None),
        (np.float32("nan"), None),
        ({1: np.int64(3), "t": (True, None)}, {"1": 3, "t": [True, None]}),
        (pd.DataFrame({"a": [1.5, np.nan]}), [{"a": 1.5}, {"a": None}]),
        (np.array([[1, 2]]), [[1, 2]]),
        (Path("x.csv"), "x.csv"),
    ],
)
def test_json_holds_no_numpy_and_no_nan(value, expected):
    assert plain(value) == expected
    assert json.loads(Ending("it", "said", record={"value": value}).as_json())["value"] == expected
