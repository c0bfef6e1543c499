"""`justright report`: what it writes, says and refuses."""

import html
import json
import shlex

import numpy as np
import pandas as pd
import pytest

from justright.cli.common import command_line
from justright.cli.main import app, run
from justright.experiments.found import Search

SMALL = ["report", "--data", "patients <b>.csv", "--seeds", "2", "--epochs", "2"]
GRID = ["--over", "dropout=0,0.5", "--over", "l2=0,1e-2", "--base", "early_stopping=1"]


@pytest.fixture(scope="module", autouse=True)
def at_work(tmp_path_factory):
    """A folder with a table, 80 columns wide and not in color."""
    folder = tmp_path_factory.mktemp("work")
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 3)), columns=["age", "<b>height", "weight"])
    table["disease"] = (table.age > 0).astype(int)
    table.to_csv(folder / "patients <b>.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "80")
        for variable in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
            patch.delenv(variable, raising=False)
        yield folder


def said(capsys, *arguments, code=0):
    assert run([*arguments]) == code
    ended = capsys.readouterr()
    return ended.err if code else ended.out


def test_of_a_grid_it_writes_sliders_and_says_where(capsys, at_work):
    text = said(capsys, *SMALL, *GRID)
    assert "Validation accuracy is best at" in " ".join(text.split())
    assert "report.html" in text
    page = (at_work / "report.html").read_text(encoding="utf-8")
    assert page.count('type="range"') == 2
    # The command, to be run again.
    assert "--data &#39;patients &lt;b&gt;.csv&#39; --seeds 2" in page
    assert "--over dropout=0,0.5 --over l2=0,1e-2 --base early_stopping=1" in page
    assert "<b>" not in page


def test_of_recipes_it_writes_a_list(capsys, at_work):
    found = json.loads(said(capsys, *SMALL, "--recipe", "dropout=0.4", "--json", "--out", "r.html"))
    assert found["files"] == {"report": "r.html"}
    assert "accuracy" in found["summary"]
    page = (at_work / "r.html").read_text(encoding="utf-8")
    assert page.count("<option") == 2
    assert "dropout=0.4" in page


def test_what_techniques_bring_is_a_page_as_well(capsys, at_work):
    given = ["--recipe", "dropout=0.4", "--save", "page.html", "--figure", "f.png"]
    assert run(["contributions", *SMALL[1:], *given]) == 0
    assert "Report: page.html" in capsys.readouterr().out
    page = (at_work / "page.html").read_text(encoding="utf-8")
    assert "justright contributions --recipe dropout=0.4" in page
    assert "jr.contributions(" in page


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("compare", ["--recipe", "dropout=0.4"]),
        ("sweep", ["--over", "dropout=0.4"]),
        ("search", ["--space", "dropout", "--budget", "4"]),
    ],
)
def test_a_page_names_the_command_that_made_it(capsys, at_work, command, more):
    given = [*more, "--save", "made.html", "--figure", "f.png"]
    said(capsys, command, *SMALL[1:], *given)
    page = (at_work / "made.html").read_text(encoding="utf-8")
    assert f"justright {command} {' '.join(more)} --save made.html" in page


def parsed(line):
    """What the command line makes of a line as it stands on a page."""
    name, *words = shlex.split(line)[1:]
    context = app.commands[name].make_context(name, words)
    return name, context.params


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("search", ["--space", "dropout,l2", "--budget", "60s", "--choose", "gap", "--seed", "3"]),
        ("search", ["--history", "a b.json", "--save", "x.keras", "--save", "y.html", "--json"]),
        ("sweep", ["--over", "dropout=0,0.5", "--over", "l2=0,1e-2", "--no-zero", "--expand"]),
        ("compare", ["--recipe", "dropout=0.4 + l2=1e-3", "--data", "it's <b>.csv"]),
        ("report", ["--over", "dropout", "--base", "early_stopping=1", "--out", "$HOME;.html"]),
        ("path", ["--points", "5", "--quiet"]),
        ("contributions", ["--recipe", "dropout=0.4"]),
        ("ensemble", ["--samples", "3"]),
    ],
)
def test_the_line_on_a_page_says_what_was_typed(command, more, at_work):
    typed = [command, *more]
    context = app.commands[command].make_context(command, list(more))
    with context:
        line = command_line()
    assert parsed(line) == parsed(shlex.join(["justright", *typed]))


def test_a_search_does_not_train_its_choice_for_a_page_and_figures(capsys, at_work, monkeypatch):
    monkeypatch.setattr(Search, "refit", lambda *_, **__: pytest.fail("It has trained anew."))
    given = ["--space", "dropout", "--budget", "4", "--figure", "f.png"]
    saved = ["--save", "page.html", "--save", "trainings.csv"]
    told = said(capsys, "search", *SMALL[1:], *given, *saved)
    assert "Report: page.html" in told
    assert len(pd.read_csv("trainings.csv")) == 4
    line = next(
        text
        for text in (at_work / "page.html").read_text().split("<code>")
        if "justright search" in text
    )
    name, asked = parsed(html.unescape(line.split("</code>")[0]))
    assert (name, asked["budget"], asked["space"]) == ("search", "4", "dropout")


@pytest.mark.parametrize("command", ["path", "ensemble", "contributions", "sweep"])
def test_a_page_that_cannot_be_written_is_refused_before_any_work(capsys, at_work, command):
    needed = {"contributions": ["--recipe", "dropout=0.4"], "sweep": ["--over", "dropout"]}
    more = needed.get(command, [])
    assert run([command, *more, "--save", "page.pdf"]) == 1
    assert "ends in .html" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--over", "dropout", "--recipe", "l2=1e-3"], 2, "not both"),
        (["--base", "l2=1e-3"], 2, "belongs to --over"),
        (["--out", "report.pdf"], 1, "ends in .html"),
        (["--over", "drpout"], 1, "Dropout"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(capsys, arguments, code, message):
    assert message in " ".join(said(capsys, *SMALL, *arguments, code=code).split())
