"""How the validation loss after training depends on strengths: derivatives through all steps.

A strength is an argument of the program, so the whole training, from initial weights to the
validation loss, is a function of it. Its derivative is carried along with the weights, step by
step (forward mode): exact for the program that trains, in memory that does not grow with the
steps, and for d strengths at most 1 + 2d times the work. Random draws stay as they are: the
derivative is that of one training with its seed.

Source: Franceschi, Donini, Frasconi, Pontil, "Forward and reverse gradient-based
hyperparameter optimization", ICML 2017, section 3.2 (Forward-HG).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from justright.engine.evaluate import evaluate
from justright.engine.lane import Lane, Order, train_epoch
from justright.engine.layout import Layout
from justright.engine.program import Program, Task, compiled, spread_over
from justright.engine.queue import Queue, Remembered
from justright.engine.rows import Rows
from justright.engine.size import layout_for
from justright.engine.step import Training, begin, predictor
from justright.engine.trial import Trial
from justright.network.weights import Arrays


class Slope(NamedTuple):
    """What a training gave, and how its validation loss depends on strengths.

    Attributes:
        train, validation: loss and metric after the last epoch, (2,) each.
        gradient: of the validation loss by the logarithms of the strengths, (strengths,).
    """

    train: Any
    validation: Any
    gradient: Any


class SlopeProgram(Program):
    """One compiled function that trains every lane to its end and derives by some strengths."""

    leaves: ClassVar[tuple[int, ...]]
    """Which leaves of the recipe."""

    def run(self, rows: Rows, lanes: Lane, orders: Order) -> Slope:
        """Train every lane from its beginning; lanes without a trial give no figures.

        Returns:
            Arrays with the lanes along the first axis.
        """
        self.compile(rows, orders)
        slopes: Slope = self._compiled(rows, lanes, orders)
        return slopes

    def _build(self, rows: Rows, lanes: Lane, orders: Order) -> Any:
        def slope(rows: Rows, _: Lane, order: Order) -> Slope:
            return self._slope(rows, order)

        spread = jax.jit(spread_over(self.layout, slope))
        return compiled(self.layout, spread, rows, lanes, orders)

    def _slope(self, rows: Rows, order: Order) -> Slope:
        values, structure = jax.tree.flatten(order.recipe)

        def validation_loss(logs: jax.Array) -> tuple[jax.Array, jax.Array]:
            changed = list(values)
            for i, log in zip(self.leaves, logs, strict=True):
                changed[i] = values[i] * jnp.exp(log)
            recipe = jax.tree.unflatten(structure, changed)
            figures = self._figures(rows, order._replace(recipe=recipe))
            return figures[1, 0], figures

        # At 0: the strengths are to the bit what they are.
        here = jnp.zeros(len(self.leaves))
        gradient, (train, validation) = jax.jacfwd(validation_loss, has_aux=True)(here)
        return Slope(train, validation, gradient)

    def _figures(self, rows: Rows, order: Order) -> jax.Array:
        """Loss and metric of training and validation rows after all epochs, (2, 2)."""
        machinery = self._machinery

        def epoch(number: jax.Array, training: Training) -> Training:
            return train_epoch(machinery, self._plan, rows, training, order, number)

        start = begin(machinery, order.recipe.at(0), order.weights, order.buffers)
        ended = jax.lax.fori_loop(0, order.epochs, epoch, start)
        last = order.epochs - 1
        now = predictor(order.recipe.at(last), ended)
        recipe = now.recipe(order.recipe, last)
        parts = rows.parts(order.split)[:2]
        return evaluate(machinery.network, machinery.objective, recipe, now, rows, parts)


@cache
def slopes_by(leaves: tuple[int, ...]) -> type[SlopeProgram]:
    """The kind of program that derives by these leaves: programs are kept by kind."""
    return type("SlopeProgram", (SlopeProgram,), {"leaves": leaves})


class _SlopeQueue(Queue[SlopeProgram]):
    """A queue of trainings that are one call each."""

    def run(self, rows: Rows) -> dict[int, Slope]:
        """The slopes of all trials, by position."""
        found: dict[int, Slope] = {}
        waiting = deque(range(len(self._trials)))
        lanes = self._program.idle_lanes(self._orders)
        while waiting:
            running: dict[int, int] = {}
            self._orders.epochs[:] = 0
            self._fill(waiting, running)
            orders = jax.device_put(self._orders, self._layout.over_lanes())
            slopes = jax.tree.map(np.asarray, self._program.run(rows, lanes, orders))
            for lane, position in running.items():
                found[position] = Slope(*(array[lane] for array in slopes))
        return found


def slopes_of(
    task: Task,
    trials: Sequence[Trial],
    initial_values: Callable[[int], Arrays] | Arrays,
    leaves: tuple[int, ...],
    layout: Layout | None = None,
) -> list[Slope]:
    """Train, and derive the validation loss by the logarithms of some strengths.

    Args:
        task: network, objective, optimizer, rows in memory.
        trials: of recipes of one structure, without a rule for when to stop.
        initial_values: as in `run_trials`.
        leaves: the positions of the strengths in `Recipe.in_program().strengths()`, more than
            0 in every trial.
        layout: where lanes live; chosen from the devices if None.

    Returns:
        One slope for each trial.
    """
    if layout is None:
        layout = layout_for(task, trials[0].recipe.in_program())
        # Beside each lane's state stands its derivative by each strength.
        fewer = max(1, layout.lanes_per_device // (1 + len(leaves)))
        layout = replace(layout, lanes_per_device=fewer)
    rows = jax.device_put(task.rows, layout.everywhere())
    start = Remembered(initial_values)
    found = _SlopeQueue(slopes_by(leaves), task, trials, start, layout).run(rows)
    return [found[position] for position in range(len(trials))]
