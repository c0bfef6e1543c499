"""The sweep's trainings on a GPU, with few lanes and with many, and Keras `fit` beside it."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from typing import Any

from findings import Asked, Findings, Table, short
from process import Ran, environment, run, script
from rows import save_rows

from parts.runners import SWEEP

LANES, QUICK_LANES = (1, 32, 256, 1024), (1, 4)
QUICK_EPOCHS = 2
NO_GPU = "JAX sees no GPU: skipped. For one, install JAX for it, such as `pip install jax[cuda13]`."
ON_CPU = "JAX sees no GPU: run on the CPU, only to see that it works."


def measure(asked: Asked) -> Findings:
    save_rows(asked.folder)
    epochs = QUICK_EPOCHS if asked.quick else SWEEP.epochs
    ours = timed(
        "justright, many lanes at once",
        "probes.gpu",
        {
            "lanes": QUICK_LANES if asked.quick else LANES,
            "epochs": epochs,
            "on_cpu": asked.quick,
        },
        asked,
    )
    given = ours.answers[0]
    if not given["lines"]:
        return Findings(notes=[NO_GPU])
    job = replace(SWEEP, epochs=epochs, trainings=1)
    keras = timed("Keras fit on the same device", "peers.keras_fit", asdict(job), asked)
    each = keras.answers[0]["seconds"]
    notes = [
        f"{given['device']}. Trainings of {epochs} epochs, as many as lanes; compiled already. "
        "First time: with compilation, one epoch. Keras fit: one training at a time on the same "
        "device.",
        *ours.disturbance("justright"),
        *keras.disturbance("Keras fit"),
    ]
    return Findings(
        data={"device": given["device"], "epochs": epochs, "lines": given["lines"], "keras": each},
        tables=[table(given["lines"], each)],
        notes=[*notes, *([ON_CPU] if given["platform"] == "cpu" else [])],
    )


def timed(title: str, module: str, job: dict[str, Any], asked: Asked) -> Ran:
    print(f"{title} …", file=sys.stderr, flush=True)
    return run([script(module, asked.folder, job)], environment(asked.folder, gpu=True))


def table(lines: list[dict[str, Any]], keras: float) -> Table:
    rows = [
        (
            f"justright, lanes: {one['lanes']:,}",
            f"{one['first']:.1f}",
            f"{one['seconds']:.2f}",
            short(1e3 * one["seconds"] / one["lanes"]),
            short(keras * one["lanes"] / one["seconds"]),
        )
        for one in lines
    ]
    rows.append(("Keras fit", "–", f"{keras:.2f}", short(1e3 * keras), "1"))
    heads = ("runner", "first time, s", "seconds", "ms a training", "speed, times Keras fit's")
    return Table(heads, rows)
