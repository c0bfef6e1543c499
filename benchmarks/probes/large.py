"""justright on the large network: seconds of an epoch, for one trial and for one on each device.

Training alone is the engine's steps, compiled without the rest of an epoch; whole
epochs are segments of the program that `justright.compare` runs.
"""

from __future__ import annotations

import time
from typing import Any

import jax
import keras
import numpy as np
from keras.layers import Dense
from peers.images import images
from peers.job import answer, asked_job, best_of
from probes.pieces import Data, compiled_steps, order_of, orders_for, task_of

import justright as jr
from justright.engine.layout import Layout, choose_layout
from justright.engine.program import Program, Task, program_for

EPOCHS = 2


def main() -> None:
    job = asked_job()
    model, recipe = built(job["layers"]), jr.Recipe(jr.Dropout(job["rate"]))
    X, y = images(job["rows"], job["validation_rows"])
    rows = job["rows"]
    task = task_of(model, Data(X[:rows], y[:rows], X[rows:], y[rows:]), job["batch"])
    steps = best_of(1, compiled_steps(task, recipe, epochs=1))
    layout = choose_layout()
    program = program_for(task, recipe, layout)
    one = epoch_of(program, task, recipe, layout, trials=1)
    each = epoch_of(program, task, recipe, layout, trials=len(layout.devices))
    answer(
        steps=steps,
        epoch=one["seconds"],
        busy=one["busy"],
        epoch_on_each=each["seconds"],
        devices=len(layout.devices),
        parameters=model.count_params(),
        val_accuracy=one["val_accuracy"],
    )


def built(layers: list[int]) -> keras.Model:
    hidden = [Dense(units, activation="relu") for units in layers[1:-1]]
    return keras.Sequential([keras.Input((layers[0],)), *hidden, Dense(layers[-1])])


def epoch_of(
    program: Program, task: Task, recipe: jr.Recipe, layout: Layout, trials: int
) -> dict[str, Any]:
    """Time the second of two epochs, with so many trials at a time."""
    given = {
        lane: order_of(task, program.network, recipe, seed, EPOCHS)
        for seed, lane in enumerate(layout.spread()[:trials])
    }
    orders = orders_for(layout.lanes, given)
    rows = jax.device_put(task.rows, layout.everywhere())
    lanes, _ = program.run(
        rows, program.idle_lanes(orders), jax.device_put(orders, layout.over_lanes()), span=1
    )
    going_on = orders._replace(fresh=np.zeros(layout.lanes, bool))
    cpu, began = time.process_time(), time.perf_counter()
    lanes, log = program.run(rows, lanes, jax.device_put(going_on, layout.over_lanes()), span=1)
    seconds = time.perf_counter() - began
    return {
        "seconds": seconds,
        "busy": (time.process_time() - cpu) / seconds,
        "val_accuracy": float(log[layout.spread()[0], 0, 3]),
    }


if __name__ == "__main__":
    main()
