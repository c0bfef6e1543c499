"""Logs: quiet by default, structured for whoever listens."""

import json
import logging
import math

import numpy as np
import pytest

import justright as jr
from conftest import signs
from justright.cli.main import run
from justright.events import LOGGER, JsonLines, tell, write_events


@pytest.fixture(autouse=True)
def as_before():
    handlers, level = list(LOGGER.handlers), LOGGER.level
    yield
    for handler in set(LOGGER.handlers) - set(handlers):
        LOGGER.removeHandler(handler)
        handler.close()
    LOGGER.setLevel(level)


def lines_of(path):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    text = path.read_text(encoding="utf-8")
    return [json.loads(line, parse_constant=refuse) for line in text.splitlines()]


def test_a_run_tells_what_happens_to_whoever_listens(small_net, tmp_path, caplog):
    rows = signs(0, 40)
    with caplog.at_level(logging.INFO, "justright"):
        study = jr.compare(
            small_net,
            rows,
            {"L2": jr.L2(0.1)},
            validation=rows,
            seeds=2,
            epochs=2,
            store=tmp_path / "study.jr",
        )
    told = [(one.event, one.facts) for one in caplog.records if one.name == "justright"]
    assert told[0] == ("began", {"trainings": 2, "known": 0})
    assert {"began", "ended", "written"} <= {event for event, _ in told}
    ended = [facts for event, facts in told if event == "ended"]
    assert len(ended) == len(study.table) == 2
    table = study.table.set_index(["recipe", "seed"])
    for one in ended:
        row = table.loc[(one["recipe"], one["seed"])]
        assert one["outcome"] == row["outcome"] == "finished"
        assert one["val_loss"] == pytest.approx(row["val_loss"], abs=1e-6)
    assert sum(facts["ended"] for event, facts in told if event == "written") == 2


def test_nobody_hears_anything_by_default(small_net, capfd):
    rows = signs(0, 40)
    jr.compare(small_net, rows, {"L2": jr.L2(0.1)}, validation=rows, seeds=1, epochs=1)
    assert capfd.readouterr() == ("", "")


def test_lines_are_strict_json(tmp_path):
    write_events(tmp_path / "log.jsonl")
    facts = {"val_loss": math.nan, "val_metric": math.inf, "seed": 3, "recipe": '"quoted"\n'}
    tell("ended", **facts, odd=np.int64(1))
    LOGGER.warning("plain %s", "words")
    first, second = lines_of(tmp_path / "log.jsonl")
    assert first.pop("time").endswith("+00:00")
    assert first == {"event": "ended", **facts, "val_loss": None, "val_metric": None, "odd": 1}
    assert (second["event"], second["message"]) == ("message", "plain words")
    assert isinstance(JsonLines(), logging.Formatter)


def test_the_command_line_writes_them_to_a_file(tmp_path, capsys):
    log = tmp_path / "log.jsonl"
    for arguments in (
        ["--log", str(log), "techniques"],
        ["techniques", "--log", str(log)],
        ["techniques", f"--log={log}", "dropout"],
    ):
        log.unlink(missing_ok=True)
        assert run(arguments) == 0
        assert log.read_text() == ""
    log.unlink()
    assert run(["techniques", "--", "--log", str(log)]) != 0
    assert not log.exists()
    assert run(["--log", str(tmp_path / "none" / "log.jsonl"), "techniques"]) == 1
    assert "Name a file in a folder that exists" in " ".join(capsys.readouterr().err.split())
