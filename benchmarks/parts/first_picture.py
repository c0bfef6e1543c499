"""The first picture: `justright compare`, cold and warm, against a plain Keras script.

`justright compare` trains three recipes (plain; dropout 0.4 + L2 0.001; the same with
early stopping) with ten seeds, 30 trainings, and says what the difference is worth.
The Keras script trains two of them once. All processes are fresh, so imports count.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from statistics import median
from typing import Any

from findings import Asked, Findings, Table, ratios
from process import Ran, environment, run

EPOCHS, QUICK_EPOCHS = 200, 3
REPEATS = 3
COLD, WARM, KERAS = "justright compare, cold", "justright compare, warm", "Keras script, two fits"
TARGETS = {COLD: "≤ 0.6", WARM: "≤ 0.35"}


def measure(asked: Asked) -> Findings:
    found = Findings()
    if not asked.quick:
        # Untimed: no timed process waits for the disk, for Python's compiler or for fonts.
        one(KERAS, asked, 1)
        one(COLD, asked, 1)
    seconds: dict[str, list[float]] = {COLD: [], WARM: [], KERAS: []}
    for i in range(1 if asked.quick else REPEATS):
        for name, taken in seconds.items():
            print(f"{name}, {i + 1} …", file=sys.stderr, flush=True)
            ran = one(name, asked, QUICK_EPOCHS if asked.quick else EPOCHS)
            taken.append(ran.seconds)
            found.notes += ran.disturbance(name)
    middle = {name: median(taken) for name, taken in seconds.items()}
    found.data = data(seconds, middle)
    found.tables = [table(middle), ratios(ratio_rows(middle))]
    found.notes.append(
        "justright compare: 3 recipes × 10 seeds, 30 trainings, with verdicts; the Keras script: 2 "
        "trainings. Cold: nothing compiled; warm: its folder of compiled programs is full. Middle "
        f"of {len(seconds[COLD])}."
    )
    return found


def one(name: str, asked: Asked, epochs: int) -> Ran:
    """Run one of the three in a fresh process."""
    cache = asked.folder / "programs"
    if name == COLD:
        shutil.rmtree(cache, ignore_errors=True)
    return run([command(name, asked, epochs)], environment(asked.folder, cache=str(cache)))


def command(name: str, asked: Asked, epochs: int) -> Sequence[str]:
    picture = str(asked.folder / "picture.png")
    if name == KERAS:
        return [sys.executable, "-m", "peers.keras_first_picture", str(epochs), picture]
    return [
        *(sys.executable, "-m", "justright", "compare"),
        *("--epochs", str(epochs), "--figure", picture),
    ]


def ratio_rows(middle: dict[str, float]) -> list[tuple[str, float, str]]:
    return [
        (f"{name} / {KERAS}", middle[name] / middle[KERAS], target)
        for name, target in TARGETS.items()
    ]


def table(middle: dict[str, float]) -> Table:
    return Table(
        ("a fresh process", "trainings", "seconds"),
        [(name, "2" if name == KERAS else "30", f"{taken:.1f}") for name, taken in middle.items()],
    )


def data(seconds: dict[str, list[float]], middle: dict[str, float]) -> dict[str, Any]:
    return {
        "seconds": seconds,
        "ratios": {name: value for name, value, _ in ratio_rows(middle)},
    }
