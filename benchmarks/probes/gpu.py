"""justright with many lanes at once on the first GPU: seconds for as many trainings as lanes.

The job: how many lanes, epochs, and whether to run on a CPU where there is no GPU.
"""

from __future__ import annotations

import time
from itertools import cycle, islice

import jax
from parts.runners import SWEEP
from peers.job import answer, asked_job, asked_rows
from probes.pieces import RATE, Data, task_of
from probes.sweep import network, recipes

import justright as jr
from justright.engine.layout import Layout
from justright.engine.program import Task
from justright.engine.scheduler import run_trials
from justright.engine.trial import Trial


def main() -> None:
    job, rows = asked_job(), asked_rows()
    device = jax.devices()[0]
    if device.platform == "cpu" and not job["on_cpu"]:
        answer(platform="cpu", lines=[])
        return
    data = Data(rows.X, rows.y.astype(int), rows.X_val, rows.y_val.astype(int))
    task = task_of(network(rows), data, SWEEP.batch_size)
    lines = [line(task, device, lanes, job["epochs"]) for lanes in job["lanes"]]
    answer(platform=device.platform, device=device.device_kind, lines=lines)


def line(task: Task, device: jax.Device, lanes: int, epochs: int) -> dict[str, float]:
    """Time as many trainings as there are lanes, compiled already."""
    layout = Layout((device,), lanes, "vmap")
    began = time.perf_counter()
    run_trials(task, trials(lanes, 1), task.blueprint.initial_values, layout=layout)
    compiled = time.perf_counter()
    run_trials(task, trials(lanes, epochs), task.blueprint.initial_values, layout=layout)
    ended = time.perf_counter()
    return {"lanes": lanes, "first": compiled - began, "seconds": ended - compiled}


def trials(count: int, epochs: int) -> list[Trial]:
    """The points of the sweep, over and over, each time with another seed."""
    points: list[tuple[str, jr.Recipe]] = list(recipes(SWEEP).items())
    chosen = islice(cycle(points), count)
    return [
        Trial(name, recipe, i // len(points), 0, epochs, RATE)
        for i, (name, recipe) in enumerate(chosen)
    ]


if __name__ == "__main__":
    main()
