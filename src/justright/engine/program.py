"""From network, recipe structure and sizes to one compiled program, kept for the next study."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from justright.engine.lane import Lane, Order, Plan, enter, run_segment
from justright.engine.layout import AXIS, Layout
from justright.engine.rows import Rows
from justright.engine.step import Machinery
from justright.errors import ModelError
from justright.network.network import Blueprint, Network
from justright.network.objective import Objective
from justright.network.optimizer import FunctionalOptimizer, optimizer_key
from justright.regularizers.places import ActsOnUpdate
from justright.regularizers.recipe import Recipe

# Epochs that one call of a program can log; how many it trains is up to each call.
CAPACITY = 50
# Each kept program holds its machine code and its copy of the network, some 20 MB.
_KEPT = 24


@dataclass(frozen=True)
class Task:
    """What all trials of a study have in common."""

    blueprint: Blueprint
    objective: Objective
    optimizer: Any
    rows: Rows
    batch_size: int
    shuffle: bool


class Program:
    """A compiled program with a fixed number of lanes, for one structure of recipe.

    Args:
        task: gives network, objective, optimizer and sizes; no values of it are
            compiled in.
        recipe: gives the structure; its strengths do not matter.
        layout: gives lanes and devices.
        shapes: one lane's order, for its shapes.
    """

    def __init__(self, task: Task, recipe: Recipe, layout: Layout) -> None:
        self.layout = layout
        self.network = Network(task.blueprint, recipe)
        count = task.rows.train.shape[1]
        if recipe.filling(ActsOnUpdate) and task.optimizer.gradient_accumulation_steps:
            raise ModelError(
                "The optimizer accumulates gradients over steps, and "
                f"{type(recipe.filling(ActsOnUpdate)[0]).__name__} acts after each update. Use "
                "larger batches instead of gradient_accumulation_steps."
            )
        if self.network.has_activity_penalty and count % task.batch_size:
            raise ModelError(
                "The model has an activity regularizer, which sums over the rows of a batch, and "
                f"batches of {task.batch_size} do not divide the {count} training rows. Use a "
                "batch size that does."
            )
        machinery = Machinery(
            network=self.network,
            objective=task.objective,
            optimizer=FunctionalOptimizer(task.optimizer, self.network),
            steps_per_epoch=-(-count // task.batch_size),
        )
        self._machinery = machinery
        plan = Plan(task.batch_size, task.shuffle, CAPACITY)
        self._segment = jax.jit(
            _spread_over(layout, partial(run_segment, machinery, plan)), donate_argnums=1
        )
        self._compiled: Any = None
        self._lock = threading.Lock()

    def compile(self, rows: Rows, orders: Order) -> None:
        """Compile for these shapes, once."""
        with self._lock:
            if self._compiled is None:
                lanes = jax.eval_shape(partial(_idle, self._machinery, self.layout), orders)
                shapes = self._shapes(rows, lanes, orders)
                # Tracing is Python, one thread at a time: one program that is traced to its end
                # compiles while the next is traced.
                with _tracing:
                    lowered = self._segment.lower(*shapes)
                self._compiled = lowered.compile()

    def idle_lanes(self, orders: Order) -> Lane:
        """Lanes without a trial."""
        shapes = jax.eval_shape(partial(_idle, self._machinery, self.layout), orders)
        return jax.tree.map(
            lambda a: jax.device_put(np.zeros(a.shape, a.dtype), self.layout.over_lanes()), shapes
        )

    def run(self, rows: Rows, lanes: Lane, orders: Order, span: int) -> tuple[Lane, np.ndarray]:
        """Train every lane for up to `span` epochs.

        Returns:
            The lanes' state on the devices, and the logs (lanes, CAPACITY, 5).
        """
        self.compile(rows, orders)
        lanes, log = self._compiled(rows, lanes, orders, np.int32(span))
        return lanes, np.asarray(log)

    def _shapes(self, rows: Rows, lanes: Lane, orders: Order) -> tuple[Any, ...]:
        def shaped(tree: Any, sharding: Any) -> Any:
            return jax.tree.map(
                lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=sharding), tree
            )

        everywhere, over_lanes = self.layout.everywhere(), self.layout.over_lanes()
        return (
            shaped(rows, everywhere),
            shaped(lanes, over_lanes),
            shaped(orders, over_lanes),
            jax.ShapeDtypeStruct((), jnp.int32, sharding=everywhere),
        )


_tracing = threading.Lock()
_programs: OrderedDict[Any, Program] = OrderedDict()
_programs_lock = threading.Lock()


def program_for(task: Task, recipe: Recipe, layout: Layout) -> Program:
    """The program for a task and a recipe's structure: made, or the one made before."""
    structure = recipe.in_program()
    key = (
        task.blueprint.key,
        recipe.structure(),
        optimizer_key(task.optimizer),
        task.objective.key,
        task.batch_size,
        task.shuffle,
        tuple((a.shape, str(a.dtype)) for a in task.rows),
        layout,
        task.blueprint.names if structure.names_layers() else None,
    )
    with _programs_lock:
        if key in _programs:
            _programs.move_to_end(key)
            return _programs[key]
    program = Program(task, structure, layout)
    with _programs_lock:
        program = _programs.setdefault(key, program)
        while len(_programs) > _KEPT:
            _programs.popitem(last=False)
    return program


def _idle(machinery: Machinery, layout: Layout, orders: Order) -> Lane:
    return jax.vmap(partial(enter, machinery))(orders)


def _spread_over(layout: Layout, one_lane: Any) -> Any:
    """Run a function of one lane over all lanes of all devices."""

    def on_device(rows: Rows, lanes: Lane, orders: Order, span: jax.Array) -> Any:
        def walk(pair: tuple[Lane, Order]) -> Any:
            return one_lane(rows, *pair, span)

        if layout.walk == "vmap":
            return jax.vmap(walk)((lanes, orders))
        return jax.lax.map(walk, (lanes, orders))

    return jax.shard_map(
        on_device,
        mesh=layout.mesh(),
        in_specs=(PartitionSpec(), PartitionSpec(AXIS), PartitionSpec(AXIS), PartitionSpec()),
        out_specs=PartitionSpec(AXIS),
        check_vma=False,
    )
