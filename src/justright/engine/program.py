"""From network, recipe structure and sizes to one compiled program, kept for the next study."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from justright.deferred import python_is_idle
from justright.engine.lane import Lane, Order, Plan, enter, run_segment
from justright.engine.layout import AXIS, Layout
from justright.engine.rows import Rows
from justright.engine.step import Machinery
from justright.engine.stream import Stream
from justright.errors import ModelError
from justright.events import tell
from justright.network.blueprint import Blueprint
from justright.network.network import Network
from justright.network.objective import Objective
from justright.network.optimizer import FunctionalOptimizer, has_schedule, optimizer_key
from justright.regularizers.learning_rate import ActsOnLearningRate
from justright.regularizers.places import ActsOnUpdate
from justright.regularizers.recipe import Recipe

# Epochs that one call of a program can log; how many it trains is up to each call.
CAPACITY = 200
# Each kept program holds its machine code and its copy of the network, some 20 MB.
_KEPT = 24


_tracing = threading.Lock()


def compiled(layout: Layout, function: Any, *shapes: Any) -> Any:
    """Compile a jitted function for some shapes."""
    options: dict[str, str | bool] = {}
    if layout.devices[0].platform == "cpu":
        # Copies weights only where a loop would overwrite what it reads.
        options["xla_cpu_copy_insertion_use_region_analysis"] = True
    # Tracing is Python, one thread at a time: a program that is traced to its end compiles
    # while the next is traced.
    with _tracing:
        lowered = function.lower(*shapes)
    python_is_idle()
    return lowered.compile(options)


@dataclass(frozen=True)
class Task:
    """What all trials of a study have in common.

    Attributes:
        rows: all rows; where a stream brings the training rows, `rows.train` is the sample
            of them that the train figures are taken on.
        stream: the training rows, or None if `rows` holds them.
    """

    blueprint: Blueprint
    objective: Objective
    optimizer: Any
    rows: Rows
    batch_size: int
    shuffle: bool
    stream: Stream | None = None

    @property
    def training_rows(self) -> int:
        """How many rows an epoch trains on."""
        return self.stream.rows if self.stream else self.rows.train.shape[1]

    @property
    def steps_per_epoch(self) -> int:
        """How many batches an epoch has."""
        return self.stream.batches if self.stream else -(-self.training_rows // self.batch_size)


class Program(ABC):
    """What is compiled for a fixed number of lanes and one structure of recipe.

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
        if recipe.filling(ActsOnUpdate) and task.optimizer.gradient_accumulation_steps:
            raise ModelError(
                "The optimizer accumulates gradients over steps, and "
                f"{type(recipe.filling(ActsOnUpdate)[0]).__name__} acts after each update. Use "
                "larger batches instead of gradient_accumulation_steps."
            )
        _check_schedule(task, recipe)
        count = task.training_rows
        uneven = task.rows.counts is not None or count != task.steps_per_epoch * task.batch_size
        if self.network.has_activity_penalty and uneven:
            raise ModelError(
                "The model has an activity regularizer, which sums over the rows of a batch, and "
                f"batches of {task.batch_size} do not divide the {count} training rows of each "
                "split. Use a batch size that does."
            )
        self._machinery = Machinery(
            network=self.network,
            objective=task.objective,
            optimizer=FunctionalOptimizer(task.optimizer, self.network),
            steps_per_epoch=task.steps_per_epoch,
        )
        self._plan = Plan(task.batch_size, task.shuffle, CAPACITY)
        self._block = task.stream.shapes if task.stream else None
        self._techniques = " + ".join(type(one).__name__ for one in recipe.techniques)
        self._compiled: Any = None
        self._shapes: Any = None
        self._lock = threading.Lock()

    def compile(self, rows: Rows, orders: Order) -> None:
        """Compile for these shapes, once."""
        with self._lock:
            if self._compiled is None:
                began = time.perf_counter()
                lanes = self._lane_shapes(orders)
                over_lanes = self.layout.over_lanes()
                self._compiled = self._build(
                    shaped(rows, self.layout.everywhere()),
                    shaped(lanes, over_lanes),
                    shaped(orders, over_lanes),
                )
                seconds = round(time.perf_counter() - began, 3)
                tell(
                    "compiled",
                    techniques=self._techniques,
                    lanes=self.layout.lanes,
                    devices=len(self.layout.devices),
                    seconds=seconds,
                )

    def idle_lanes(self, orders: Order) -> Lane:
        """Lanes without a trial."""
        return jax.tree.map(
            lambda a: jax.device_put(np.zeros(a.shape, a.dtype), self.layout.over_lanes()),
            self._lane_shapes(orders),
        )

    def _lane_shapes(self, orders: Order) -> Lane:
        if self._shapes is None:  # Tracing it takes tens of milliseconds: once a program.
            idle = partial(_idle, self._machinery, self.layout)
            self._shapes = jax.eval_shape(idle, orders)
        return self._shapes

    @abstractmethod
    def _build(self, rows: Rows, lanes: Lane, orders: Order) -> Any:
        """Compile for these shapes."""


class SegmentProgram(Program):
    """One compiled function that trains every lane for a few epochs on rows in memory."""

    def run(self, rows: Rows, lanes: Lane, orders: Order, span: int) -> tuple[Lane, jax.Array]:
        """Train every lane for up to `span` epochs; it returns before they are trained.

        Returns:
            The lanes' state and the logs (lanes, CAPACITY, 5), on the devices.
        """
        self.compile(rows, orders)
        trained: tuple[Lane, jax.Array] = self._compiled((rows, np.int32(span)), lanes, orders)
        return trained

    def _build(self, rows: Rows, lanes: Lane, orders: Order) -> Any:
        def segment(shared: tuple[Rows, jax.Array], lane: Lane, order: Order) -> Any:
            rows, span = shared
            return run_segment(self._machinery, self._plan, rows, lane, order, span)

        span = jax.ShapeDtypeStruct((), jnp.int32, sharding=self.layout.everywhere())
        spread = jax.jit(spread_over(self.layout, segment), donate_argnums=1)
        return compiled(self.layout, spread, (rows, span), lanes, orders)


Kind = TypeVar("Kind", bound=Program)
_programs: OrderedDict[Any, Any] = OrderedDict()
_programs_lock = threading.Lock()


def program_for(kind: type[Kind], task: Task, recipe: Recipe, layout: Layout) -> Kind:
    """The program for a task and a recipe's structure: made, or the one made before."""
    structure = recipe.in_program()
    shapes = (task.rows, task.stream.shapes if task.stream else None)
    key = (
        kind,
        task.blueprint.key,
        recipe.structure(),
        optimizer_key(task.optimizer),
        task.objective.key,
        task.batch_size,
        task.shuffle,
        task.steps_per_epoch,
        str(jax.tree.map(lambda a: (a.shape, str(a.dtype)), shapes)),
        layout,
        task.blueprint.names if structure.names_layers() else None,
    )
    with _programs_lock:
        if key in _programs:
            _programs.move_to_end(key)
            known: Kind = _programs[key]
            return known
    made = kind(task, structure, layout)
    with _programs_lock:
        program: Kind = _programs.setdefault(key, made)
        while len(_programs) > _KEPT:
            _programs.popitem(last=False)
    return program


def forget() -> None:
    """Drop the programs that are kept for the next study."""
    with _programs_lock:
        _programs.clear()


def _check_schedule(task: Task, recipe: Recipe) -> None:
    scheduling = recipe.filling(ActsOnLearningRate)
    if scheduling and has_schedule(task.optimizer):
        raise ModelError(
            "The optimizer has a schedule for its learning rate, and "
            f"{type(scheduling[0]).__name__} is another. Give the optimizer a number, or take it "
            "out of the recipe."
        )


def shaped(tree: Any, sharding: Any) -> Any:
    """The shapes of arrays, to compile for."""
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=sharding), tree)


def _idle(machinery: Machinery, layout: Layout, orders: Order) -> Lane:
    return jax.vmap(partial(enter, machinery))(orders)


def spread_over(layout: Layout, one_lane: Any) -> Any:
    """Run a function `(shared, lane, order)` of one lane over all lanes of all devices."""

    def on_device(shared: Any, lanes: Lane, orders: Order) -> Any:
        def walk(pair: tuple[Lane, Order]) -> Any:
            return one_lane(shared, *pair)

        if layout.walk == "vmap":
            return jax.vmap(walk)((lanes, orders))
        return jax.lax.map(walk, (lanes, orders))

    return jax.shard_map(
        on_device,
        mesh=layout.mesh(),
        in_specs=(PartitionSpec(), PartitionSpec(AXIS), PartitionSpec(AXIS)),
        out_specs=PartitionSpec(AXIS),
        check_vma=False,
    )
