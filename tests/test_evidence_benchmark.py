"""The evidence beside cross-validation: the script runs, and the document says what it found."""

import importlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("without_validation")


def test_a_set_is_judged_written_down_and_not_done_again(benchmark, tmp_path, capsys):
    record, docs = tmp_path / "found.json", tmp_path / "strength.md"
    docs.write_text(f"Before.\n{benchmark.BEGIN}old{benchmark.END}\nAfter.\n", encoding="utf-8")
    asked = ["iris", "--epochs", "3", "--seeds", "1", "--record", str(record), "--docs", str(docs)]
    benchmark.main(asked)
    (one,) = json.loads(record.read_text(encoding="utf-8"))
    assert one["best_loss"] == min(one["losses"][str(s)] for s in benchmark.STRENGTHS)
    assert one["within"] == (one["chosen_loss"] <= one["best_loss"] + one["error"])
    text = docs.read_text(encoding="utf-8")
    assert text.startswith("Before.\n")
    assert text.endswith("\nAfter.\n")
    assert "| iris | 150 |" in text
    capsys.readouterr()
    benchmark.main(asked)
    assert "iris" not in capsys.readouterr().out


def test_the_document_says_what_was_recorded(benchmark):
    record = json.loads((ROOT / "docs" / "strength.json").read_text(encoding="utf-8"))
    text = (ROOT / "docs" / "strength.md").read_text(encoding="utf-8")
    assert benchmark.BEGIN + benchmark.section(record) + benchmark.END in text
