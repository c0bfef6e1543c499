"""A large network: seconds an epoch with justright and with a PyTorch loop, on the same threads."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from findings import Asked, Findings, Table, ratios
from machine import cores
from process import environment, run, script

FULL = {
    "layers": (784, 2048, 1536, 256, 10),
    "rows": 60_000,
    "validation_rows": 10_000,
    "batch": 256,
    "rate": 0.2,
    "warm": 5120,
}
QUICK = {**FULL, "layers": (784, 64, 32, 10), "rows": 1024, "validation_rows": 256, "warm": 256}
TARGET = "≤ 1.3"


def measure(asked: Asked) -> Findings:
    found = Findings()
    job = {**(QUICK if asked.quick else FULL), "threads": cores()}
    ours = answer_of("justright", "probes.large", asked, job, found)
    theirs = None
    if importlib.util.find_spec("torch") is None:
        found.notes.append("PyTorch loop: skipped; torch is not installed.")
    else:
        theirs = answer_of("PyTorch loop", "peers.torch_large", asked, job, found)
    found.data = {"job": job, "justright": ours, "torch": theirs}
    found.tables.append(table(ours, theirs))
    if theirs:
        compared = comparisons(ours, theirs)
        found.tables.append(ratios(compared))
        found.data["ratios"] = {name: value for name, value, _ in compared}
    found.notes.append(
        f"{ours['parameters']:,} parameters, {job['rows']:,} rows, batches of {job['batch']}, "
        f"Adam, dropout {job['rate']}; a whole epoch evaluates {job['rows']:,} training and "
        f"{job['validation_rows']:,} validation rows. One trial kept {ours['busy']:.1f} of "
        f"{cores()} cores at work; a segment without epochs, which comes with each epoch here, "
        f"takes {ours['empty']:.2g} seconds of it."
    )
    return found


def answer_of(
    title: str, module: str, asked: Asked, job: dict[str, Any], found: Findings
) -> dict[str, Any]:
    print(f"{title} …", file=sys.stderr, flush=True)
    ran = run([script(module, asked.folder, job)], environment(asked.folder))
    found.notes += ran.disturbance(title)
    return ran.answers[0]


def table(ours: dict[str, Any], theirs: dict[str, Any] | None) -> Table:
    rows = [
        ("justright, one trial", f"{ours['steps']:.2f}", f"{ours['epoch']:.2f}"),
        (
            f"justright, a trial on each of {ours['devices']} devices, for each",
            "–",
            f"{ours['epoch_on_each'] / ours['devices']:.2f}",
        ),
    ]
    if theirs:
        rows.append(("PyTorch loop", f"{theirs['steps']:.2f}", f"{theirs['epoch']:.2f}"))
    return Table(("seconds an epoch", "training alone", "with evaluation"), rows)


def comparisons(ours: dict[str, Any], theirs: dict[str, Any]) -> list[tuple[str, float, str]]:
    each = ours["epoch_on_each"] / ours["devices"]
    return [
        ("one trial / PyTorch, training alone", ours["steps"] / theirs["steps"], TARGET),
        ("one trial / PyTorch, with evaluation", ours["epoch"] / theirs["epoch"], TARGET),
        ("a trial on each device / PyTorch, with evaluation", each / theirs["epoch"], TARGET),
    ]
