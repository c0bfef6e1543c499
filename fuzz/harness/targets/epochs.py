"""Histories of trainings: a CSV file with a row an epoch, which `diagnose` reads."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from harness.mutation import mutated_bytes
from harness.target import Target
from justright.experiments.diagnose import diagnose

TOKENS = [
    b"epoch", b"loss", b"val_loss", b"accuracy", b"val_accuracy", b"train_", b"valid_", b",", b"\n",
    b"nan", b"inf", b"100", b"-", b"NA", b"1e300", b"lr", b"test_loss", b"_epoch",
]  # fmt: skip


def corpus() -> list[bytes]:
    """Trainings that learn, overfit and diverge."""
    head = b"epoch,loss,val_loss,accuracy,val_accuracy\n"
    rows = [(i, 1 / (i + 1), 0.5 + abs(i - 4) / 10, 1 - 1 / (i + 2), 0.8) for i in range(12)]
    log = head + b"".join(",".join(f"{one:.4g}" for one in row).encode() + b"\n" for row in rows)
    return [
        log,
        b"loss,val_loss\n0.6,0.6\n0.4,0.5\n0.2,0.7\n",
        b"loss,val_loss\nnan,nan\n",
        b"epoch,train_loss,valid_loss\n0,1,\n0,,2\n1,1,\n1,,2\n",
        b"train/loss,val/loss,val/acc,train/acc\n1,2,50,60\n1,2,55,70\n",
    ]


def check(data: bytes) -> None:
    """Read the log and say what it shows."""
    path = Path("epochs.csv")
    path.write_bytes(data)
    str(diagnose(path))


TARGET = Target("epochs", corpus, check, partial(mutated_bytes, tokens=TOKENS))
