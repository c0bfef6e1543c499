"""A search's history: JSON that a later search goes on from."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from harness.mutation import mutated_json
from harness.target import Target
from justright.experiments.record import FORMAT, Record, history_table, read_history


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
        figures={"val_loss": 0.4, "val_metric": 0.9, "test_loss": None},
        looks=(0.5, 0.4),
    )
    content = {"format": FORMAT, "task": "a", "trainings": [asdict(record), asdict(record)]}
    return [json.dumps(content).encode()]


def check(data: bytes) -> None:
    """Read it, and make a table of it."""
    path = Path("history.json")
    path.write_bytes(data)
    history_table(read_history(path, "a"))


TARGET = Target("history", corpus, check, mutated_json)
