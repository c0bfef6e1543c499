"""One long search in one process: does its memory stay flat, and do its trainings stay as fast?

    python benchmarks/soak.py --seconds 3600 --out docs/soak.json

The search keeps its trainings in a store. Every so often another thread looks at the process: its
memory, its processor time, and, through a connection of its own, what the store holds. Processor
time of an epoch tells a slow-down even where other processes share the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from machine import describe

import justright as jr

MIB = 2**20
EPOCHS = 100
# The first quarter is left out: imports, compilation, and caches that fill.
QUARTERS = 4


@dataclass(frozen=True)
class Look:
    """The process at one moment.

    Attributes:
        seconds: since the search began.
        trainings, epochs: in the store, those that were given up included.
        processor: seconds of processor time so far.
        memory: of the process, in MiB, files that it maps included.
        store: size of the file and its log, in MiB.
    """

    seconds: float
    trainings: int
    epochs: int
    processor: float
    memory: float
    store: float


class Watcher(threading.Thread):
    """Looks at this process until it is told to end."""

    def __init__(self, store: Path, every: float) -> None:
        super().__init__(daemon=True)
        self.looks: list[Look] = []
        self._store, self._every = store, every
        self._ended, self._began = threading.Event(), time.monotonic()

    def run(self) -> None:
        """Look, again and again."""
        while not self._ended.wait(self._every):
            if self._store.exists():
                self.looks.append(self._look())

    def end(self) -> list[Look]:
        """Stop looking, and give what was seen."""
        self._ended.set()
        self.join()
        return self.looks

    def _look(self) -> Look:
        with closing(sqlite3.connect(f"file:{self._store}?mode=ro", uri=True)) as reads:
            query = "SELECT count(*), coalesce(sum(epochs_run), 0) FROM trials"
            trainings, epochs = reads.execute(query).fetchone()
        files = self._store.parent.glob(f"{self._store.name}*")
        return Look(
            seconds=round(time.monotonic() - self._began, 1),
            trainings=trainings,
            epochs=epochs,
            processor=round(time.process_time(), 2),
            memory=round(resident_bytes() / MIB, 1),
            store=round(sum(file.stat().st_size for file in files) / MIB, 1),
        )


def resident_bytes() -> int:
    """The memory of this process, on Linux."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def soak(seconds: float, every: float) -> list[Look]:
    """Search for so long, and give what was seen."""
    task = jr.example("digits")
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "soak.jr"
        watcher = Watcher(store, every)
        watcher.start()
        jr.search(
            (128, 64),
            task.train,
            space=["Dropout", "L2", "WeightDecay", "learning_rate"],
            budget=f"{seconds:g}s",
            epochs=EPOCHS,
            batch_size=16,
            seeds=0,
            store=store,
            progress=False,
        )
        return watcher.end()


def quarters(looks: Sequence[Look]) -> list[dict[str, float]]:
    """Of each quarter of the time: trainings, processor time of an epoch, memory at its end."""
    whole = looks[-1].seconds
    found = []
    for i in range(QUARTERS):
        inside = [one for one in looks if i <= QUARTERS * one.seconds / whole <= i + 1]
        first, last = inside[0], inside[-1]
        epochs = max(1, last.epochs - first.epochs)
        found.append(
            {
                "trainings": last.trainings - first.trainings,
                "ms_an_epoch": round(1000 * (last.processor - first.processor) / epochs, 3),
                "memory": last.memory,
                "store": last.store,
            }
        )
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=3600.0)
    options.add_argument("--every", type=float, default=15.0, help="seconds between two looks")
    options.add_argument("--out", type=Path, help="a JSON file for all looks")
    asked = options.parse_args()
    looks = soak(asked.seconds, asked.every)
    if len(looks) < 2 * QUARTERS:
        sys.exit("Too short to say anything: give more --seconds, or look more often.")
    parts = quarters(looks)
    print("| quarter | trainings | processor ms an epoch | memory, MiB | store, MiB |")
    print("|---|---:|---:|---:|---:|")
    for i, one in enumerate(parts, start=1):
        print("|", " | ".join(map(str, (i, *one.values()))), "|")
    slower = parts[-1]["ms_an_epoch"] / parts[1]["ms_an_epoch"]
    grown = parts[-1]["memory"] - parts[1]["memory"]
    print(f"\nLast quarter beside the second: {slower:.2f} x the time, {grown:+.0f} MiB of memory.")
    if asked.out:
        record = {"machine": describe(), "quarters": parts, "looks": [asdict(one) for one in looks]}
        asked.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
