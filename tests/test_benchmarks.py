"""The benchmark counts rightly, keeps what it finds, and runs. Nothing is timed here."""

import importlib
import json
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"
SCRIPTS = sorted(BENCHMARKS.rglob("*.py"))


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def floor(**rates):
    module = importlib.import_module("parts.floor")
    counts = module.count((30, 128, 64, 1), rows=80, validation_rows=244, batch=8, epochs=200)
    speeds = {"step_flops": 1, "evaluation_flops": 1, "bytes": 1, "roots": 1, "words": 1}
    return module.Floor(counts, module.Rates(**{**speeds, **rates}), cores=2, trainings=200)


def test_operations_are_those_of_the_network():
    from justright.data.examples import example
    from justright.network.default import default_network

    train = example().train
    model = default_network(train[0].shape[1:], train[1])
    counts = floor().counts
    assert counts.parameters == model.count_params()
    kernels = [layer.kernel.shape for layer in model.layers]
    forward = sum(2 * 8 * n * m for n, m in kernels)
    inputs = sum(2 * 8 * n * m for n, m in kernels[1:])
    assert counts.step_flops == 2 * forward + inputs
    assert counts.evaluation_flops == forward * (80 + 244) / 8
    assert counts.step_words == 8 * (128 + 64) / 2 + 8
    assert (counts.steps, counts.evaluations) == (2000, 200)


def test_floors_add_up_and_stand_in_order():
    one = floor(step_flops=1e9, evaluation_flops=2e9, bytes=1e10, roots=1e9, words=1e9)
    assert one.whole == pytest.approx(sum(one.seconds().values()) * 200 / 2)
    assert one.pure < one.overlapped < one.whole
    text = "\n".join(one.table().lines())
    assert f"{one.pure:.2f}" in text
    assert f"{one.whole:.2f}" in text


def test_targets_stand_beside_where_the_time_goes():
    sweep = importlib.import_module("parts.sweep")
    one = floor(step_flops=1e9, evaluation_flops=2e9, bytes=1e10, roots=1e9, words=1e9)
    results = [
        {"runner": "justright", "start": 4.0, "training": 0.025, "total": 9.0},
        {"runner": "Keras fit on JAX", "total": 800.0},
        {"runner": "scikit-learn, spread", "total": 48.0},
    ]
    rows = {row[0]: row[1:] for row in sweep.targets(results, one).rows}
    assert list(rows) == [
        "100 × Keras fit on JAX",
        "4 × scikit-learn, spread",
        "8 × scikit-learn, spread, compiled already",
    ]
    assert rows["100 × Keras fit on JAX"][:4] == ("8", "9", "4", "5")
    assert [row[-1] for row in rows.values()] == ["1 s too many", "yes", "yes"]


def test_what_cannot_be_told_from_noise_is_not_told():
    costs = importlib.import_module("parts.costs")
    rows = costs.parts_table({"one": 0.5, "two": 0.001, "three": -0.1}, {"all of a lane": 1.0}).rows
    assert rows == [
        ("one", "500.00", "50%"),
        *((n, "below 20.0", "below 2%") for n in ("two", "three")),
    ]


def test_tables_are_markdown():
    findings = importlib.import_module("findings")
    lines = findings.ratios([("a / b", 1.2345, "≤ 1.5"), ("c", 1234.5, "")]).lines()
    assert lines == [
        "| ratio | measured | target |",
        "| ----- | -------: | -----: |",
        "| a / b |     1.23 |  ≤ 1.5 |",
        "| c     |    1,234 |      – |",
    ]


def test_a_part_that_runs_alone_leaves_the_others_in_the_file(tmp_path):
    save = importlib.import_module("results").save
    save("costs", {"seconds": 1.0}, False, tmp_path)
    save("large", {"seconds": 2.0}, False, tmp_path)
    save("costs", {"seconds": 3.0}, True, tmp_path)
    content = json.loads((tmp_path / "bench.json").read_text())
    assert [content["parts"][name]["seconds"] for name in ("costs", "large")] == [1.0, 2.0]
    assert content["machine"]["cores"] >= 1
    assert (tmp_path / "bench_quick.json").exists()


def test_pictures_are_drawn_from_what_is_kept(tmp_path):
    save = importlib.import_module("results").save
    runs = [{"runner": name, "total": t} for name, t in (("justright", 1.0), ("other", 50.0))]
    counts = [{"trainings": n, "seconds": n, "devices": 2} for n in (20, 200, 2000)]
    devices = [{"devices": n, "seconds": 10 / n} for n in (1, 2)]
    save("sweep", {"results": runs}, False, tmp_path)
    save("first_picture", {"ratios": {"justright / Keras": 0.5}}, False, tmp_path)
    save("scale", {"by_count": counts, "by_devices": devices}, False, tmp_path)
    for name in ("sweep", "first_picture", "scale"):
        assert (tmp_path / f"{name}.png").stat().st_size > 5000


def test_what_the_parts_run_exists_and_the_readme_names_them():
    from_readme = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    for name in importlib.import_module("parts").PARTS:
        assert f"`{name}`" in from_readme
    for path in (BENCHMARKS / "parts").glob("*.py"):
        for script in re.findall(r'"((?:peers|probes)\.\w+)"', path.read_text(encoding="utf-8")):
            assert (BENCHMARKS / script.replace(".", "/")).with_suffix(".py").exists(), script


@pytest.mark.parametrize("path", SCRIPTS, ids=[str(p.relative_to(BENCHMARKS)) for p in SCRIPTS])
def test_scripts_are_small_and_nothing_is_silenced(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 320
    assert "noqa" not in text


def test_a_part_runs_with_one_command(tmp_path):
    command = [sys.executable, BENCHMARKS / "run.py", "--quick", "scale", "--out", tmp_path]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "ms a training" in ended.stdout
    part = json.loads((tmp_path / "bench_quick.json").read_text())["parts"]["scale"]
    assert [one["trainings"] for one in part["by_count"]] == [20, 40]
    assert (tmp_path / "scale_quick.png").exists()


@pytest.mark.parametrize("name", ["costs", "large", "gpu"])
def test_the_other_parts_of_justright_alone_run_too(name, tmp_path):
    """Those of `sweep` and `first_picture` wait for minutes of peers."""
    command = [sys.executable, BENCHMARKS / "run.py", "--quick", name, "--out", tmp_path]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    part = json.loads((tmp_path / "bench_quick.json").read_text())["parts"][name]
    assert part["tables"]


def test_tables_of_a_run_stand_in_the_documents():
    record = importlib.import_module("record")
    kept = json.loads(record.RECORD.read_text(encoding="utf-8"))
    assert not any(part["quick"] for part in kept["parts"].values())
    for document in record.DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        assert "<!-- bench: " in text
        assert record.filled(text, kept["parts"]) == text


def test_documents_take_a_table_or_some_of_its_columns():
    filled = importlib.import_module("record").filled
    table = {"heads": ["what", "a", "bbb"], "rows": [["x", "1", "2"]]}
    text = (
        "<!-- bench: one 0; what, bbb -->\nold\n<!-- end -->\n<!-- bench: two 0 -->\n<!-- end -->\n"
    )
    assert filled(text, {"one": {"tables": [table]}}).splitlines() == [
        "<!-- bench: one 0; what, bbb -->",
        "| what | bbb |",
        "| ---- | --: |",
        "| x    |   2 |",
        "",
        "<!-- end -->",
        "<!-- bench: two 0 -->",
        "<!-- end -->",
    ]


def test_an_unknown_part_is_refused(capsys):
    run = importlib.import_module("run")
    with pytest.raises(SystemExit):
        run.main(["speed"])
    assert "speed is not a part" in capsys.readouterr().err


def test_pairs_of_techniques_are_recorded(tmp_path):
    pairs = importlib.import_module("pairs")
    pairs.main(["l2", "max_norm", "--record", str(tmp_path / "pairs.csv")])
    head, row = (tmp_path / "pairs.csv").read_text(encoding="utf-8").splitlines()
    assert head == "a,b,outcome,train_loss,seconds,said"
    assert row.startswith("l2,max_norm,finished,")
    pairs.main(["l2", "max_norm", "l1", "--record", str(tmp_path / "pairs.csv")])
    found = pairs.recorded(tmp_path / "pairs.csv")
    assert set(map(frozenset, found)) == set(
        map(frozenset, combinations(("l1", "l2", "max_norm"), 2))
    )
    assert len((tmp_path / "pairs.csv").read_text(encoding="utf-8").splitlines()) == 4
    assert pairs.trained("drop_block=0.1,l1=1e-3")["outcome"] == "finished"
    refused = pairs.trained("label_smoothing=2")["outcome"]
    assert refused == "refused"


def test_the_record_of_an_hour_is_what_the_page_says():
    record = json.loads((ROOT / "docs" / "soak.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    for i, one in enumerate(record["quarters"], start=1):
        cells = f"{one['trainings']:,}", f"{one['ms_an_epoch']:.3f}"
        sizes = f"{one['memory']:.0f}", f"{one['store']:,.0f}"
        assert f"| {i} | {' | '.join([*cells, *sizes])} |" in page
    _, second, _, last = record["quarters"]
    assert f"{last['ms_an_epoch'] / second['ms_an_epoch']:.2f} times what the second takes" in page


def test_the_quarters_of_a_soak_are_its_growth():
    soak = importlib.import_module("soak")
    looks = [
        soak.Look(float(t), 10 * t, 100 * t, 0.2 * t, 500.0 + t, 2.0 * t) for t in range(1, 41)
    ]
    quarters = soak.quarters(looks)
    assert [one["ms_an_epoch"] for one in quarters] == [2.0] * 4
    assert [one["memory"] for one in quarters] == [510.0, 520.0, 530.0, 540.0]
    assert quarters[1]["trainings"] == 100
