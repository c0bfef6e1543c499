"""Larger networks: seconds an epoch with justright and with a PyTorch loop, on the same threads."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from findings import Asked, Findings, Table, ratios
from machine import cores
from process import environment, run, script

DENSE, CONVOLUTIONAL = "dense", "convolutional"
FULL: dict[str, dict[str, Any]] = {
    DENSE: {
        "layers": (784, 2048, 1536, 256, 10),
        "rows": 60_000,
        "validation_rows": 10_000,
        "batch": 256,
        "rate": 0.2,
        "warm": 5120,
    },
    CONVOLUTIONAL: {
        "filters": (16, 32),
        "rows": 12_000,
        "validation_rows": 2000,
        "batch": 64,
        "rate": 0.2,
        "warm": 1280,
    },
}
SMALL = {"rows": 1024, "validation_rows": 256, "warm": 256}
QUICK: dict[str, dict[str, Any]] = {
    DENSE: {**FULL[DENSE], "layers": (784, 64, 32, 10), **SMALL},
    CONVOLUTIONAL: {**FULL[CONVOLUTIONAL], "filters": (4, 4), **SMALL},
}
TARGET = "≤ 1.3"


def measure(asked: Asked) -> Findings:
    found = Findings()
    for name, sizes in (QUICK if asked.quick else FULL).items():
        one_network(name, {"network": name, **sizes, "threads": cores()}, asked, found)
    return found


def one_network(name: str, job: dict[str, Any], asked: Asked, found: Findings) -> None:
    """Time one network with both, and add to what was found."""
    ours = answer_of(f"justright, {name}", "probes.large", asked, job, found)
    theirs = None
    if importlib.util.find_spec("torch") is None:
        found.notes.append(f"PyTorch loop, {name}: skipped; torch is not installed.")
    else:
        theirs = answer_of(f"PyTorch loop, {name}", "peers.torch_large", asked, job, found)
    kept: dict[str, Any] = {"job": job, "justright": ours, "torch": theirs}
    found.tables.append(table(name, ours, theirs))
    if theirs:
        compared = comparisons(ours, theirs, TARGET if name == DENSE else "")
        found.tables.append(ratios(compared))
        kept["ratios"] = {ratio: value for ratio, value, _ in compared}
    found.data[name] = kept
    found.notes.append(
        f"{name}: {ours['parameters']:,} parameters, {job['rows']:,} rows, batches of "
        f"{job['batch']}, Adam, dropout {job['rate']}; a whole epoch evaluates {job['rows']:,} "
        f"training and {job['validation_rows']:,} validation rows. One trial kept "
        f"{ours['busy']:.1f} of {cores()} cores at work; a segment without epochs, which comes "
        f"with each epoch here, takes {ours['empty']:.2g} seconds of it."
    )


def answer_of(
    title: str, module: str, asked: Asked, job: dict[str, Any], found: Findings
) -> dict[str, Any]:
    print(f"{title} …", file=sys.stderr, flush=True)
    ran = run([script(module, asked.folder, job)], environment(asked.folder))
    found.notes += ran.disturbance(title)
    return ran.answers[0]


def table(name: str, ours: dict[str, Any], theirs: dict[str, Any] | None) -> Table:
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
    return Table((f"{name}, seconds an epoch", "training alone", "with evaluation"), rows)


def comparisons(
    ours: dict[str, Any], theirs: dict[str, Any], target: str
) -> list[tuple[str, float, str]]:
    each = ours["epoch_on_each"] / ours["devices"]
    return [
        ("one trial / PyTorch, training alone", ours["steps"] / theirs["steps"], target),
        ("one trial / PyTorch, with evaluation", ours["epoch"] / theirs["epoch"], target),
        ("a trial on each device / PyTorch, with evaluation", each / theirs["epoch"], target),
    ]
