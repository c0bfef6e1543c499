"""A search's history: JSON that a later search goes on from."""

from __future__ import annotations

import math
from pathlib import Path

from harness.mutation import mutated_json
from harness.target import Target
from justright.engine.trial import CURVES
from justright.evidence.measure import Measure
from justright.experiments.record import Record, Scale, history_table, read_history, write_history

SCALE = Scale(Measure("accuracy", True), "both")


def corpus() -> list[bytes]:
    """Two trainings."""
    record = Record(
        stage="explore",
        batch=0,
        point={"Dropout.rate": 0.2, "width": 16},
        seed=0,
        split=0,
        outcome="finished",
        epochs_run=4,
        chosen_epoch=3,
        figures={**dict.fromkeys(CURVES[:4], 0.4), "test_loss": 0.5, "test_metric": math.nan},
        looks=(0.5, 0.4),
    )
    path = Path("history.json")
    write_history(path, "a", [record, record])
    return [path.read_bytes()]


def check(data: bytes) -> None:
    """Read it, and do with it what a search does."""
    path = Path("history.json")
    path.write_bytes(data)
    records = read_history(path, "a")
    for one in records:
        one.score(SCALE.fitted(records))
    history_table(records)


TARGET = Target("history", corpus, check, mutated_json)
