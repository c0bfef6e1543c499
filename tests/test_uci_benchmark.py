"""The replay of the published UCI experiment: its likelihood, its steps, and what the docs say."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student

ROOT = Path(__file__).parents[1]


@pytest.fixture
def replay(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("uci_dropout")


@pytest.fixture
def folder(tmp_path):
    """A file in the published form: a line with noise, two splits, a grid of two rates."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = 10 + 3 * X[:, 0] + rng.normal(0, 1, 60)
    order = [rng.permutation(60) for _ in range(2)]
    splits = {f"train_{i}": one[:54] for i, one in enumerate(order)}
    splits |= {f"test_{i}": one[54:] for i, one in enumerate(order)}
    grid = {"dropout_rates": [0.01, 0.1], "tau_values": [0.5, 1.0, 2.0]}
    sizes = {"n_splits": 2, "n_epochs": 10, "n_hidden": 8}
    np.savez(tmp_path / "yacht.npz", X=X, y=y, **splits, **grid, **sizes)
    return tmp_path


def test_a_mixture_is_as_likely_as_its_mean_density(replay):
    draws, y = np.random.default_rng(0).normal(size=(7, 5)), np.arange(5) / 4
    density = norm.pdf(y, draws, 1 / np.sqrt(3.0)).mean(axis=0)
    assert replay.ours.mixture_likelihood(draws, y, 3.0) == pytest.approx(np.log(density).mean())
    heavy = student.pdf(np.sqrt(3.0) * (y - draws), 4.0).mean(axis=0) * np.sqrt(3.0)
    found = replay.ours.mixture_likelihood(draws, y, 3.0, 4.0)
    assert found == pytest.approx(np.log(heavy).mean())
    passes = importlib.import_module("uci.passes")
    found = passes.scored([2 * draws], y, 0.5, [3.0])
    scaled = norm.pdf(0.5 * y, draws, 1 / np.sqrt(3.0)).mean(axis=0)
    assert found.likelihood[0] == pytest.approx(np.log(scaled).mean())
    assert found.rmse == pytest.approx(np.sqrt(np.mean((draws.mean(axis=0) - 0.5 * y) ** 2)))


def test_all_steps_run_and_one_that_is_done_is_not_done_again(replay, folder, monkeypatch, capsys):
    out, docs = folder / "all.json", folder / "ensembles.md"
    docs.write_text("Text.\n", encoding="utf-8")
    few = ["--epochs-scale", "0.3", "--passes", "20", "--selecting-passes", "20"]
    asked = ["uci_dropout.py", str(folder), "--only", "yacht", "--out", str(out), *few]
    monkeypatch.setattr("sys.argv", [*asked, "--docs", str(docs)])
    replay.main()
    known = json.loads(out.read_text(encoding="utf-8"))["tables"]["yacht"]
    for step in ("grid", "bracketed", "tuned"):
        assert np.all(np.array(known[step]["rmse"]) < 2.5)  # The deviation of the targets is 3.2.
        assert len(known[step]["likelihood"]) == 2
    assert len(known["grid"]["validation_likelihood"]) == 6
    assert 0.0 in known["bracketed"]["rates"]
    assert "published" in capsys.readouterr().out
    assert "| yacht | RMSE | 0.666 ± 0.049 |" in docs.read_text(encoding="utf-8")
    before = out.read_text(encoding="utf-8")
    replay.main()
    assert json.loads(out.read_text(encoding="utf-8")) == json.loads(before)


def test_the_document_says_what_was_recorded(replay):
    record = json.loads((ROOT / "docs" / "uci.json").read_text(encoding="utf-8"))
    text = (ROOT / "docs" / "ensembles.md").read_text(encoding="utf-8")
    assert text.endswith(replay.HEADING + replay.report.section(record["tables"]))
