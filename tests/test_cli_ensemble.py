"""`justright ensemble` and `justright contributions`: what they print, draw and refuse."""

import json

import numpy as np
import pandas as pd
import pytest

from justright.cli.main import run

PNG = b"\x89PNG\r\n\x1a\n"
SMALL = ["--data", "patients.csv", "--seeds", "2", "--epochs", "3"]
ENSEMBLE = ["ensemble", *SMALL, "--units", "3", "--samples", "4", "--repeats", "3"]
CONTRIBUTIONS = ["contributions", *SMALL, "--recipe", "dropout=0.4,early_stopping=1"]


@pytest.fixture(scope="module", autouse=True)
def at_work(tmp_path_factory):
    """A folder with a table, 80 columns wide and not in color."""
    folder = tmp_path_factory.mktemp("work")
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 3)), columns=["age", "height", "weight"])
    table["disease"] = (table.age + table.height > 0).astype(int)
    table.to_csv(folder / "patients.csv", index=False)
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


def test_ensemble_prints_a_table_and_words_and_draws(capsys, at_work):
    text = said(capsys, *ENSEMBLE)
    assert "weight scaling" in text
    assert "Dropout acts on 3 units" in text
    assert "8 thinned networks, all of which were averaged" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80
    assert (at_work / "ensemble.png").read_bytes().startswith(PNG)


def test_ensemble_as_json(capsys):
    found = json.loads(said(capsys, *ENSEMBLE, "--json", "--figure", "e.svg"))
    assert found["units"] == 3
    assert found["exact"] is True
    kinds = {row["prediction"] for row in found["table"]}
    assert kinds == {
        "weight scaling", "sampled masks", "all masks", "geometric mean of all masks"
    }  # fmt: skip


def test_contributions_prints_a_table_and_words_and_draws(capsys, at_work):
    text = said(capsys, *CONTRIBUTIONS)
    assert "Shapley" in text
    assert "dropout 0.4" in text
    assert "Better test accuracy in points" in text
    assert max(map(len, text.splitlines())) <= 80
    assert (at_work / "contributions.png").read_bytes().startswith(PNG)


def test_contributions_as_json(capsys):
    found = json.loads(said(capsys, *CONTRIBUTIONS, "--json", "--figure", "c.svg"))
    shares = [r["mean"] for r in found["contributions"] if r["contribution"] == "Shapley"]
    assert sum(shares) == pytest.approx(found["whole"]["mean"], abs=1e-6)
    assert len(found["interactions"]) == 1
    assert len(found["trials"]) == 2 * 4


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["ensemble", *SMALL, "--units", "8,none"], 1, "--hidden 8,none"),
        (["ensemble", *SMALL, "--recipe", "l2=1e-3"], 1, "wants Dropout"),
        (["ensemble", *SMALL, "--figure", "e.txt"], 1, "--figure"),
        (["contributions", *SMALL], 2, "--recipe"),
        (["contributions", *SMALL, "--recipe", "plain"], 1, "empty"),
        (["contributions", *SMALL, "--recipe", "l2=1e-3", "--orders", "3"], 1, "even number"),
    ],
)
def test_what_makes_no_sense_is_told(capsys, arguments, code, words):
    assert words in " ".join(said(capsys, *arguments, code=code).split())


@pytest.mark.parametrize("command", [ENSEMBLE, CONTRIBUTIONS], ids=["ensemble", "contributions"])
def test_the_store_is_named_where_files_are(capsys, tmp_path, command):
    kept = tmp_path / "it.jr"
    rows = [*command, "--store", str(kept)]
    assert f"Store: {kept}" in said(capsys, *rows)
    found = json.loads(said(capsys, *rows, "--json"))
    assert found["files"]["store"] == str(kept)
    assert any(f"trainings were in {kept.name}" in note for note in found["notes"])
