"""The program of a stream: lanes take a block's batches, and close an epoch after the pass."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from justright.engine.lane import Lane, Order, close_epoch, enter, leave
from justright.engine.outcome import Outcome
from justright.engine.program import Program, compiled, shaped, spread_over
from justright.engine.rows import Rows
from justright.engine.step import Machinery, Training, train_step
from justright.engine.stream import Block
from justright.engine.trial import CURVES
from justright.regularizers.places import Batch


def absorb(machinery: Machinery, block: Block, lane: Lane, order: Order) -> Lane:
    """Train a lane on the batches of a block; a lane whose trial has ended passes it over."""
    entering = order.fresh & (lane.outcome == Outcome.IDLE)
    lane = jax.lax.cond(entering, lambda: enter(machinery, order), lambda: lane)
    order = order.at(lane.epoch)

    def step(i: jax.Array, training: Training) -> Training:
        batch = Batch(*jax.tree.map(lambda a: a[i], (block.inputs, block.targets, block.weights)))
        return train_step(machinery, order.recipe, order.rate, order.technique_key, training, batch)

    def train() -> Training:
        return jax.lax.fori_loop(0, block.used, step, lane.training)

    running = lane.outcome == Outcome.RUNNING
    return lane._replace(training=jax.lax.cond(running, train, lambda: lane.training))


def close(machinery: Machinery, rows: Rows, lane: Lane, order: Order) -> tuple[Lane, jax.Array]:
    """Close the epoch of a lane after a pass; a trial that ends is judged.

    Returns:
        The new state, and the figures (5,) of `CURVES`, NaN where no trial trains.
    """

    def closed() -> tuple[Lane, jax.Array]:
        after, figures = close_epoch(machinery, rows, lane, order)
        ended = after.outcome != Outcome.RUNNING
        return (
            jax.lax.cond(ended, lambda: leave(machinery, rows, after, order), lambda: after),
            figures,
        )

    nothing = jnp.full((len(CURVES),), jnp.nan, jnp.float32)
    running = lane.outcome == Outcome.RUNNING
    return jax.lax.cond(running, closed, lambda: (lane, nothing))


class StreamedProgram(Program):
    """Two compiled functions that take turns: `absorb` for each block, `close` for each pass."""

    def absorb(self, block: Block, lanes: Lane, orders: Order) -> Lane:
        """Train every lane on a block, and wait for it: one block is in use at a time."""
        trained: Lane = jax.block_until_ready(self._compiled[0](block, lanes, orders))
        return trained

    def close(self, rows: Rows, lanes: Lane, orders: Order) -> tuple[Lane, np.ndarray]:
        """Close the epoch in every lane.

        Returns:
            The lanes' state on the devices, and the figures (lanes, 5).
        """
        lanes, figures = self._compiled[1](rows, lanes, orders)
        return lanes, np.asarray(figures)

    def _build(self, rows: Rows, lanes: Lane, orders: Order) -> Any:
        block = shaped(self._block, self.layout.everywhere())
        return tuple(
            compiled(
                self.layout,
                jax.jit(spread_over(self.layout, partial(one, self._machinery)), donate_argnums=1),
                shared,
                lanes,
                orders,
            )
            for one, shared in ((absorb, block), (close, rows))
        )
