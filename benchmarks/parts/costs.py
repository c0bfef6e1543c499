"""What the parts of a training cost, and what comes before the first one."""

from __future__ import annotations

import sys
import time
from typing import Any

from findings import Asked, Findings, Table
from process import environment, run, script
from rows import save_rows

EPOCHS, QUICK_EPOCHS = 200, 2
LOOKS = 3.0
# Less than this share of a training cannot be told from noise.
NOISE = 0.02
REPEATS = 10
STARTS = 3


def measure(asked: Asked) -> Findings:
    save_rows(asked.folder)
    job = {
        "epochs": QUICK_EPOCHS if asked.quick else EPOCHS,
        "repeats": 1 if asked.quick else REPEATS,
    }
    print("the engine's pieces …", file=sys.stderr, flush=True)
    ran = run(
        [script("probes.costs", asked.folder, job)],
        environment(asked.folder, devices=1, one_thread=True),
    )
    given = ran.answers[0]
    costs, start = parts_of(given), start_of(asked)
    return Findings(
        data={"epochs": job["epochs"], **given, "parts": costs, "start": start},
        tables=[
            measured_table(given["seconds"]),
            parts_table(costs, given["seconds"]),
            start_table(start),
        ],
        notes=[
            f"One training of {job['epochs']} epochs of the sweep's network on one core; the "
            f"fastest of {job['repeats']}. The rest of an epoch: the best epoch kept, the rule for "
            "when to stop, the log.",
            *ran.disturbance("the engine's pieces"),
        ],
    )


def start_of(asked: Asked) -> dict[str, float]:
    """Seconds of a process before its first training, by part, with an empty cache of programs."""
    print("the start …", file=sys.stderr, flush=True)
    found: list[dict[str, float]] = []
    # The first one waits for the disk, and for Python to compile modules.
    for _ in range(1 if asked.quick else 1 + STARTS):
        began = time.time()
        ran = run(
            [script("probes.start", asked.folder, {"began": began})], environment(asked.folder)
        )
        given = ran.answers[0]
        ends = began + ran.seconds - given["ended"]
        found.append({**given["parts"], "the end of the process": max(0.0, ends)})
    return min(found, key=lambda parts: sum(parts.values()))


def parts_of(given: dict[str, Any]) -> dict[str, float]:
    """Seconds of each part in a training: a piece with it less the piece without it."""
    seconds = given["seconds"]
    often, seldom = (seconds[name] for name in reversed(looks(seconds)))
    plain, both = seconds["steps, Adam"], seconds["steps, Adam, dropout, L2"]
    return {
        "Adam in place of SGD": plain - seconds["steps, SGD"],
        "shuffling": plain - seconds["steps, Adam, rows in order"],
        "dropout after both hidden layers": seconds["steps, Adam, dropout"] - plain,
        "L2 on both hidden kernels": seconds["steps, Adam, L2"] - plain,
        "evaluation after each epoch": seconds["evaluations"],
        "the rest of an epoch": seconds["all of a lane"] - both - seconds["evaluations"],
        # In a training's time: the scheduler looks about three times a second.
        "looks of the host": LOOKS
        * seconds["all of a lane"]
        * (often - seldom)
        / given["lanes"]
        / given["more_looks"],
    }


def looks(seconds: dict[str, float]) -> list[str]:
    """The pieces that differ in how often the host looks: seldom, then after each epoch."""
    return [name for name in seconds if "a look every" in name]


def measured_table(seconds: dict[str, float]) -> Table:
    return Table(("piece", "ms"), [(name, f"{1e3 * taken:.2f}") for name, taken in seconds.items()])


def start_table(start: dict[str, float]) -> Table:
    rows = [(part, f"{seconds:.2f}") for part, seconds in start.items()]
    return Table(("start", "seconds"), [*rows, ("**together**", f"{sum(start.values()):.2f}")])


def parts_table(costs: dict[str, float], seconds: dict[str, float]) -> Table:
    whole = seconds["all of a lane"]
    return Table(
        ("part", "ms in a training", "of all of a lane"),
        [(name, *_told(taken, whole)) for name, taken in costs.items()],
    )


def _told(taken: float, whole: float) -> tuple[str, str]:
    if taken < NOISE * whole:
        return f"below {1e3 * NOISE * whole:.1f}", f"below {NOISE:.0%}"
    return f"{1e3 * taken:.2f}", f"{taken / whole:.0%}"
