"""The comparison with random search counts rightly, runs, and is what the docs say it is."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("search")


def run(table, search, random, higher=True):
    way = {"epochs": 100, "trainings": 30}
    return {
        "table": table,
        "higher_is_better": higher,
        "search": way | {"test": search, "epochs": 70},
        "random": way | {"test": random},
    }


def test_differences_count_in_favor_of_the_search(benchmark):
    up = [run("a", 0.9, 0.8), run("a", 0.8, 0.8), run("a", 0.7, 0.8)]
    one = benchmark.difference(up)
    assert one["mean"] == pytest.approx(0)
    assert one["wins"] == 1
    assert benchmark.difference([run("b", 0.1, 0.3, higher=False)] * 2)["mean"] > 0
    (line,) = benchmark.table(up).rows
    assert line[:3] == ("a (accuracy)", "0.8000", "0.8000")
    assert line[-2:] == ("1 of 3", "0.70")


def test_classes_of_a_few_rows_are_left_out_and_text_is_one_hot(benchmark):
    import pandas as pd

    frame = pd.DataFrame(
        {"n": range(25), "t": [*list("ab" * 12), "a"], "y": ["x"] * 20 + ["z"] * 5}
    )
    X, y, is_class = benchmark.features_and_targets(frame)
    assert is_class
    assert set(y) == {0}
    assert benchmark.transformer(X).fit_transform(X).shape == (20, 3)
    _, y, is_class = benchmark.features_and_targets(frame.assign(y=np.linspace(0, 1, 25)))
    assert not is_class


def test_the_script_runs_and_goes_on_where_it_was(benchmark, tmp_path, capsys):
    out = tmp_path / "search.json"
    arguments = ["--tables", "iris", "--budget", "3", "--epochs", "2", "--out", str(out)]
    assert benchmark.main([*arguments, "--repeats", "1"]) == 0
    (one,) = json.loads(out.read_text())["runs"]
    assert one["search"]["trainings"] == one["random"]["trainings"] == 3
    assert benchmark.main([*arguments, "--repeats", "1"]) == 0
    assert capsys.readouterr().out.count("iris 0:") == 1
    assert benchmark.main([*arguments, "--budget", "4"]) == 2


def test_the_docs_have_the_figures_of_the_file(benchmark):
    results = json.loads((ROOT / "docs" / "search.json").read_text(encoding="utf-8"))
    text = (ROOT / "docs" / "search.md").read_text(encoding="utf-8")
    assert text.endswith(benchmark.HEADING + benchmark.section(results))
    for one in results["runs"]:
        assert one["search"]["trainings"] <= one["random"]["trainings"]
