"""Scale: what a training costs among 20, 200 and 2,000, and what a second device is worth.

justright alone, in processes that have compiled: fresh ones for each line.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from findings import Asked, Findings, Table, ratios
from machine import cores
from process import environment, run, script
from rows import save_rows

EPOCHS, QUICK_EPOCHS = 200, 2
# Few trainings are over soon, so they are timed more often; the fastest counts.
REPEATS = {20: 5, 200: 2, 2000: 1}
QUICK_REPEATS = {20: 1, 40: 1}
GIGABYTE = 1e9


@dataclass(frozen=True)
class Line:
    """One process.

    Attributes:
        trainings, devices: how many.
        seconds: for all trainings.
        busy: cores at work on the mean.
        peak_bytes: the most memory it had; None where the system does not tell.
    """

    trainings: int
    devices: int
    seconds: float
    busy: float
    peak_bytes: int | None

    @property
    def each(self) -> float:
        """Seconds a training."""
        return self.seconds / self.trainings


def measure(asked: Asked) -> Findings:
    save_rows(asked.folder)
    found = Findings()
    repeats = QUICK_REPEATS if asked.quick else REPEATS
    by_count = [line(asked, found, count, cores()) for count in repeats]
    middle = list(repeats)[1]
    fewer = [] if cores() == 1 else [line(asked, found, middle, 1)]
    found.tables = [table([*by_count, *fewer])]
    compared = comparisons(by_count, fewer)
    found.tables.append(ratios(compared))
    found.data = {
        "epochs": QUICK_EPOCHS if asked.quick else EPOCHS,
        "by_count": [vars(one) for one in by_count],
        "by_devices": [vars(one) for one in (*fewer, by_count[1])],
        "ratios": {name: value for name, value, _ in compared},
    }
    found.notes.append(
        f"Trainings of {found.data['epochs']} epochs, compiled already; memory is the most that a "
        "process had, with Python, JAX, Keras and compilation."
    )
    return found


def line(asked: Asked, found: Findings, count: int, devices: int) -> Line:
    """Time one number of trainings on some devices."""
    title = f"{count} trainings, devices: {devices}"
    print(f"{title} …", file=sys.stderr, flush=True)
    repeats = QUICK_REPEATS if asked.quick else REPEATS
    job: dict[str, Any] = {
        "trainings": count,
        "repeats": repeats[count],
        "epochs": QUICK_EPOCHS if asked.quick else EPOCHS,
    }
    cache = str(asked.folder / "programs") if asked.quick else "off"
    ran = run(
        [script("probes.trainings", asked.folder, job)],
        environment(asked.folder, devices=devices, cache=cache),
    )
    found.notes += ran.disturbance(title)
    given = ran.answers[0]
    return Line(count, given["devices"], given["seconds"], given["busy"], given["peak_bytes"])


def table(lines: list[Line]) -> Table:
    return Table(
        ("trainings", "devices", "seconds", "ms a training", "cores at work", "peak memory, GB"),
        [
            (
                f"{one.trainings:,}",
                str(one.devices),
                f"{one.seconds:.2f}",
                f"{1e3 * one.each:.2f}",
                f"{one.busy:.2f}",
                "–" if one.peak_bytes is None else f"{one.peak_bytes / GIGABYTE:.2f}",
            )
            for one in lines
        ],
    )


def comparisons(by_count: list[Line], fewer: list[Line]) -> list[tuple[str, float, str]]:
    """The ratios, with what is wanted of them."""
    middle, last = by_count[1], by_count[-1]
    rows = [
        (
            f"a training among {one.trainings:,} / among {middle.trainings:,}",
            one.each / middle.each,
            "0.85 to 1.15",
        )
        for one in by_count
        if one is not middle
    ]
    for one in fewer:
        wanted = "≥ 1.8" if middle.devices == 2 else ""
        rows.append((f"speed on {middle.devices} devices / on 1", one.each / middle.each, wanted))
    if last.peak_bytes is not None:
        name = f"peak memory for {last.trainings:,} trainings / 2 GB"
        rows.append((name, last.peak_bytes / (2 * GIGABYTE), "< 1"))
    return rows
