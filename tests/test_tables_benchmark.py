"""The benchmark over tables: how rows are divided, that it runs, and what the docs say of it."""

import importlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("tables")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A table of classes with text and missing cells, and one of numbers that are whole."""
    from justright.experiments import plan

    monkeypatch.setattr(plan, "_EPOCHS", (3, 5))
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    y = np.where(x + rng.normal(0, 0.3, 60) > 0.5, "yes", "no")
    text = np.where(np.arange(60) % 2, "a", "b").astype(object)
    classes = pd.DataFrame({"x": x, "t": text, "y": y})
    classes.loc[3, "x"] = np.nan
    classes.to_csv(tmp_path / "two.csv.gz", index=False)
    pd.DataFrame({"x": x, "y": (10 * x).round()}).astype({"y": int}).to_csv(
        tmp_path / "line.csv", index=False
    )
    rows = [("two", "classification"), ("line", "regression")]
    pd.DataFrame(rows, columns=["name", "task"]).to_csv(tmp_path / "manifest.csv", index=False)
    return tmp_path


def run(table, split, is_class=True, **figures):
    models = {
        name.replace("_", " "): {"test": value, "seconds": 2.0, "cpu": 3.0}
        for name, value in figures.items()
    }
    return {
        "table": table,
        "split": split,
        "is_class": is_class,
        "rows": 10,
        "columns": 2,
        "models": models,
    }


def named(ours, balanced, boosting):
    """All models' figures; only three differ."""
    others = ("MLP", "MLP, searched", "linear", "boosting, balanced", "linear, balanced")
    return {
        "justright": ours,
        "justright, balanced": balanced,
        "boosting": boosting,
        **dict.fromkeys(others, 0.5),
    }


def test_rows_are_divided_by_class_and_animals_stay_together(benchmark, folder):
    (table,) = benchmark.tables(folder, ["two"])
    parts = table.division(0)
    assert [len(part) for part in parts] == [36, 12, 12]
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(60))
    shares = [table.y[part].mean() for part in parts]
    assert max(shares) - min(shares) < 0.1
    assert set(table.division(1).test) != set(parts.test)
    frame = pd.DataFrame({"x": np.arange(150.0), "y": np.repeat(list("ab"), 75)})
    mice = benchmark.Table.of("mice-protein", frame)
    parts = mice.division(0)
    assert not set(parts.test // 15) & set(parts.known // 15)


def test_the_manifest_says_that_whole_numbers_are_numbers(benchmark, folder):
    tasks = {table.name: table.is_class for table in benchmark.tables(folder)}
    assert tasks == {"two": True, "line": False}


def test_the_script_runs_and_goes_on_where_it_was(benchmark, folder, capsys):
    out, docs = folder / "out" / "tables.json", folder / "tables.md"
    docs.write_text("Text.\n", encoding="utf-8")
    arguments = [str(folder), "--splits", "1", "--budget", "4", "--out", str(out)]
    assert benchmark.main([*arguments, "--only", "two"]) == 0
    assert capsys.readouterr().out.count("two 0:") == 1
    assert benchmark.main([*arguments, "--docs", str(docs)]) == 0
    printed = capsys.readouterr().out
    assert printed.count("two 0:") == 0
    assert printed.count("line 0:") == 1
    first, second = json.loads(out.read_text(encoding="utf-8"))["runs"]
    assert set(first["models"]) == {*benchmark.report.PLAIN, *benchmark.report.BALANCED}
    assert set(second["models"]) == set(benchmark.report.PLAIN)
    assert first["models"]["MLP, searched"]["tried"] >= 1
    assert second["models"]["linear"]["test"] > 0.9  # R²: the numbers are their column, rounded.
    text = docs.read_text(encoding="utf-8")
    assert text.startswith("Text.\n" + benchmark.HEADING)
    assert json.loads(docs.with_suffix(".json").read_text(encoding="utf-8"))["runs"]
    assert benchmark.main([*arguments, "--budget", "5"]) == 2


def test_ranks_share_ties_and_a_loss_is_told_with_its_reason(benchmark):
    report = benchmark.report
    runs = [run("a", i, **{}) for i in range(3)]
    for one, (ours, balanced, boosting) in zip(
        runs, [(0.7, 0.9, 0.8), (0.7, 0.92, 0.81), (0.71, 0.9, 0.8)], strict=True
    ):
        figures = named(ours, balanced, boosting)
        one["models"] = {k: {"test": v, "seconds": 2.0, "cpu": 3.0} for k, v in figures.items()}
    ranks = report.mean_ranks(runs, report.PLAIN)
    assert ranks["boosting"] == 1
    assert ranks["justright"] == 2
    assert ranks["MLP"] == ranks["linear"] == 4
    (told,) = report.losses(runs, report.PLAIN)
    assert told.startswith("a: boosting is better by 10.00 ± ")
    assert "The decision, not the networks" in told
    assert report.losses(runs, report.BALANCED) == []
    assert report.mean_ranks(runs, report.BALANCED)["justright, balanced"] == 1
    (line, _) = report.figures_table(runs, report.PLAIN).rows
    assert line[:4] == ("a", "classes", "3", "70.33")
    assert "**80.33**" in line


def test_a_difference_within_its_error_is_no_loss_that_is_shown(benchmark):
    report, runs = benchmark.report, []
    for i, (ours, boosting) in enumerate([(0.7, 0.9), (0.8, 0.6), (0.7, 0.75)]):
        figures = named(ours, ours, boosting)
        models = {k: {"test": v, "seconds": 1.0, "cpu": 1.0} for k, v in figures.items()}
        runs.append(run("b", i) | {"models": models})
    (told,) = report.losses(runs, report.PLAIN)
    assert "no difference is shown" in told


def test_published_means_are_over_the_tables_that_are_done(benchmark):
    report, runs = benchmark.report, []
    for name in ("car", "vehicle", "iris"):
        models = {k: {"test": 0.9, "seconds": 1.0, "cpu": 1.0} for k in named(0, 0, 0)}
        runs.append(run(name, 0) | {"models": models})
    rows = report.published_table(runs).rows
    assert [row[0] for row in rows] == ["car", "vehicle", "mean of 2"]
    assert rows[-1][1] == "90.00"
    assert float(rows[-1][4]) == pytest.approx((99.587 + 82.576) / 2, abs=0.01)
    told = report.beside_the_cocktail(runs)
    assert "justright, balanced is 1.08 lower in the mean; on car it is 9.59 lower" in told
    assert "on the others 7.42 higher" in told


def test_the_docs_have_the_figures_of_the_record(benchmark):
    record = json.loads((ROOT / "docs" / "tables.json").read_text(encoding="utf-8"))
    text = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert text.endswith(benchmark.HEADING + benchmark.report.section(record))
