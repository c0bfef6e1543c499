"""justright on a larger network: seconds of an epoch, for one trial and for one on each device.

Training alone is the engine's steps, compiled without the rest of an epoch; whole
epochs are segments of the program that `justright.compare` runs, one epoch each, as
the scheduler cuts them where an epoch takes long.
"""

from __future__ import annotations

import time
from typing import Any

import jax
import keras
import numpy as np
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D
from peers.images import images
from peers.job import answer, asked_job, best_of
from probes.pieces import Data, compiled_steps, order_of, orders_for, task_of

import justright as jr
from justright.engine.layout import Layout
from justright.engine.program import SegmentProgram, Task, program_for
from justright.engine.size import layout_for

EPOCHS = 2


def main() -> None:
    job = asked_job()
    model = dense(job["layers"]) if "layers" in job else convolutional(job["filters"])
    recipe = jr.Recipe(jr.Dropout(job["rate"]))
    X, y = images(job["rows"], job["validation_rows"])
    X = X.reshape(-1, *model.input_shape[1:])
    rows = job["rows"]
    task = task_of(model, Data(X[:rows], y[:rows], X[rows:], y[rows:]), job["batch"])
    steps = best_of(1, compiled_steps(task, recipe, epochs=1))
    layout = layout_for(task, recipe)
    program = program_for(SegmentProgram, task, recipe, layout)
    one = epoch_of(program, task, recipe, layout, trials=1)
    each = epoch_of(program, task, recipe, layout, trials=len(layout.devices))
    answer(
        steps=steps,
        epoch=one["seconds"],
        empty=one["empty"],
        busy=one["busy"],
        epoch_on_each=each["seconds"],
        devices=len(layout.devices),
        parameters=model.count_params(),
        val_accuracy=one["val_accuracy"],
    )


def dense(layers: list[int]) -> keras.Model:
    hidden = [Dense(units, activation="relu") for units in layers[1:-1]]
    return keras.Sequential([keras.Input((layers[0],)), *hidden, Dense(layers[-1])])


def convolutional(filters: list[int]) -> keras.Model:
    blocks = [
        layer
        for count in filters
        for layer in (Conv2D(count, 3, padding="same", activation="relu"), MaxPooling2D())
    ]
    return keras.Sequential([keras.Input((28, 28, 1)), *blocks, Flatten(), Dense(10)])


def epoch_of(
    program: SegmentProgram, task: Task, recipe: jr.Recipe, layout: Layout, trials: int
) -> dict[str, Any]:
    """Time the second of two epochs with so many trials at a time, and a segment without any."""
    given = {
        lane: order_of(task, program.network, recipe, seed, EPOCHS)
        for seed, lane in enumerate(layout.spread()[:trials])
    }
    orders = orders_for(layout.lanes, given)
    rows = jax.device_put(task.rows, layout.everywhere())
    lanes, log = program.idle_lanes(orders), np.zeros(0)

    def segment(span: int) -> float:
        nonlocal lanes, log
        began = time.perf_counter()
        sent = jax.device_put(orders, layout.over_lanes())
        lanes, log = jax.block_until_ready(program.run(rows, lanes, sent, span))
        orders.fresh[:] = False
        return time.perf_counter() - began

    segment(1)
    empty = segment(0)
    cpu = time.process_time()
    seconds = segment(1)
    return {
        "seconds": seconds,
        "empty": empty,
        "busy": (time.process_time() - cpu) / seconds,
        "val_accuracy": float(log[layout.spread()[0], 0, 3]),
    }


if __name__ == "__main__":
    main()
