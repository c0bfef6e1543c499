"""What the parts of a training cost: the engine's own pieces, compiled alone, on one core.

The job: epochs of a training, and how often to time each piece; the fastest counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from machine import pin
from parts.runners import SWEEP
from peers.job import answer, asked_job, asked_rows, best_of
from probes.pieces import (
    Data,
    compiled_steps,
    machinery_of,
    on_device,
    order_of,
    orders_for,
    plan_of,
    task_of,
)
from probes.sweep import network

import justright as jr
from justright.engine.evaluate import evaluate
from justright.engine.lane import Order, enter, run_segment
from justright.engine.layout import Layout
from justright.engine.program import CAPACITY, SegmentProgram, Task, program_for
from justright.engine.step import begin, predictor

DROPOUT, L2 = jr.Dropout(SWEEP.rate), jr.L2({"hidden": SWEEP.strength})
LANES = 4

Call = Callable[[], Any]


@dataclass(frozen=True)
class Bench:
    """What all pieces share.

    Attributes:
        model, data: the sweep's network and rows.
        epochs, repeats: of each piece.
    """

    model: keras.Model
    data: Data
    epochs: int
    repeats: int

    def task(self, **settings: Any) -> Task:
        """The sweep's task, with other settings of `task_of`."""
        return task_of(self.model, self.data, SWEEP.batch_size, **settings)

    def seconds(self, call: Call) -> float:
        """Of the fastest call, once compiled."""
        call()
        return best_of(self.repeats, call)


def main() -> None:
    pin(0)  # Before XLA starts its threads.
    job, rows = asked_job(), asked_rows()
    data = Data(rows.X, rows.y.astype(int), rows.X_val, rows.y_val.astype(int))
    bench = Bench(network(rows), data, job["epochs"], job["repeats"])
    both = DROPOUT + L2
    plain, adam = jr.Recipe(), bench.task()
    pieces = {
        "steps, SGD": steps_of(bench, bench.task(optimizer="sgd"), plain),
        "steps, Adam": steps_of(bench, adam, plain),
        "steps, Adam, rows in order": steps_of(bench, bench.task(shuffle=False), plain),
        "steps, Adam, dropout": steps_of(bench, adam, jr.Recipe(DROPOUT)),
        "steps, Adam, L2": steps_of(bench, adam, jr.Recipe(L2)),
        "steps, Adam, dropout, L2": steps_of(bench, adam, both),
        "evaluations": evaluations(bench, adam),
        "all of a lane": lane(bench, adam, both),
    }
    seconds = {name: bench.seconds(call) for name, call in pieces.items()}
    for span in (CAPACITY, 1):
        call = segments(bench, adam, both, span)
        seconds[f"{LANES} lanes, a look every {span} epochs"] = bench.seconds(call)
    looks = {span: -(-bench.epochs // span) for span in (CAPACITY, 1)}
    answer(seconds=seconds, lanes=LANES, more_looks=looks[1] - looks[CAPACITY])


def steps_of(bench: Bench, task: Task, recipe: jr.Recipe) -> Call:
    return compiled_steps(task, recipe, bench.epochs)


def evaluations(bench: Bench, task: Task) -> Call:
    """One evaluation of training and validation rows an epoch."""
    machinery = machinery_of(task, jr.Recipe())
    order = on_device(order_of(task, machinery.network, jr.Recipe(), 0, bench.epochs))
    rows = on_device(task.rows)
    first = machinery.network.trainable[0]

    @jax.jit
    def judge(rows: Any, order: Order) -> Any:
        parts = rows.parts(order.split)[:2]
        recipe = order.recipe.at(0)
        training = begin(machinery, recipe, order.weights, order.buffers)

        def once(_: jax.Array, figures: jax.Array) -> jax.Array:
            # Weights that wait for the last round's figures, so that none is left out.
            moved = order.weights[first] + 1e-9 * figures[0, 0]
            now = predictor(recipe, training._replace(weights={**order.weights, first: moved}))
            network, objective = machinery.network, machinery.objective
            return evaluate(network, objective, now.recipe(recipe, 0), now, rows, parts)

        return jax.lax.fori_loop(0, bench.epochs, once, jnp.zeros((2, 2)))

    return lambda: jax.block_until_ready(judge(rows, order))


def lane(bench: Bench, task: Task, recipe: jr.Recipe) -> Call:
    """A whole training in a lane, in one segment."""
    machinery = machinery_of(task, recipe)
    plan = plan_of(task)._replace(capacity=bench.epochs)
    order = on_device(order_of(task, machinery.network, recipe, 0, bench.epochs))
    rows = on_device(task.rows)
    idle = jax.jit(lambda order: enter(machinery, order))(order)
    run = jax.jit(
        lambda rows, lane, order, span: run_segment(machinery, plan, rows, lane, order, span)
    )
    return lambda: jax.block_until_ready(run(rows, idle, order, bench.epochs))


def segments(bench: Bench, task: Task, recipe: jr.Recipe, span: int) -> Call:
    """Trainings in several lanes of one device, with a look of the host after each segment."""
    layout = Layout((jax.devices()[0],), LANES, "map")
    program = program_for(SegmentProgram, task, recipe, layout)
    rows = jax.device_put(task.rows, layout.everywhere())
    orders = orders_for(
        LANES,
        {i: order_of(task, program.network, recipe, i, bench.epochs) for i in range(LANES)},
    )

    def train() -> None:
        lanes = program.idle_lanes(orders)
        for done in range(0, bench.epochs, span):
            given = orders._replace(fresh=np.full(LANES, done == 0))
            sent = jax.device_put(given, layout.over_lanes())
            lanes, _ = program.run(rows, lanes, sent, span)
            np.asarray(lanes.outcome), np.asarray(lanes.epoch)

    return train


if __name__ == "__main__":
    main()
