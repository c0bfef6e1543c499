"""What a worker does: it says what it is, takes what trials have in common, and trains blocks.

A worker is a process of a cluster. It never sees a store: what it gives back, the driver keeps.
These functions are called by name over the cluster's own transport.
"""

from __future__ import annotations

import os
import platform
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, TypeVar

import jax

from justright.backend import keep_compiled_programs, with_devices
from justright.cluster.own import Own
from justright.engine.interruption import stoppable
from justright.engine.layout import Layout
from justright.engine.program import Task
from justright.engine.progress import Progress
from justright.engine.pruning import Pruning
from justright.engine.rows import Rows
from justright.engine.scheduler import run_trials
from justright.engine.size import layout_for
from justright.engine.trial import Trial, TrialResult
from justright.engine.versions import Versions, present
from justright.errors import JustrightError
from justright.network.weights import Arrays
from justright.regularizers.recipe import Recipe

# A program of one CPU device is compiled in another way than one of several, so its numbers agree
# with theirs up to rounding only; those of two and more are the same to the bit.
FEWEST_DEVICES = 2
# As many networks as a search has programs, and few rows, which may be large.
_COMMON_KEPT, _ROWS_KEPT = 24, 2


class Greeting(NamedTuple):
    """What a worker says of itself.

    Attributes:
        versions: of its programs, and its device.
        devices: how many it trains on.
        platform: of JAX, such as cpu.
        host, pid: where it runs.
    """

    versions: Versions
    devices: int
    platform: str
    host: str
    pid: int


@dataclass(frozen=True)
class Common:
    """What the trials of a study have in common, but the rows.

    Attributes:
        task: without rows.
        start: the initial weights by seed, or those of all trials.
    """

    task: Task
    start: Callable[[int], Arrays] | Arrays


Given = Own | Common | Rows
"""What workers keep for many blocks."""
Kept = TypeVar("Kept", Common, Rows)


@dataclass(frozen=True)
class Block:
    """Trials of one structure for one worker.

    Attributes:
        run: that it belongs to; a wish to stop names it.
        own, common, rows: by what names the worker was given these.
        trials: to train.
        platform, lanes, walk: the driver's layout, which holds where the platform is the same.
        cores: that the worker may use.
        given: whether the user has said how many lanes.
        pruning: which trials are given up on the way.
    """

    run: str
    own: str
    common: str
    rows: str
    trials: tuple[Trial, ...]
    platform: str
    lanes: int
    walk: Literal["map", "vmap"]
    cores: int
    given: bool
    pruning: Pruning | None

    @property
    def needs(self) -> tuple[str, str, str]:
        """What a worker has to be given first, in this order."""
        return self.own, self.common, self.rows


class Done(NamedTuple):
    """What came of a block.

    Attributes:
        results: of its trials in order; fewer where it was asked to stop.
        places: which of its trials these are.
        seconds: it took.
        error: that ended it, if one did that justright raises on purpose.
        lacks: names that the worker does not know, of what it was to be given first.
    """

    results: tuple[TrialResult, ...] = ()
    places: tuple[int, ...] = ()
    seconds: float = 0.0
    error: JustrightError | None = None
    lacks: tuple[str, ...] = ()


_own: set[str] = set()
_common: OrderedDict[str, Common] = OrderedDict()
_rows: OrderedDict[str, Rows] = OrderedDict()
_stopped: set[str] = set()
_one_block = threading.Lock()


def greet(cores: int) -> Greeting:
    """Start JAX with enough devices for so many cores, and say what there is."""
    with_devices(max(FEWEST_DEVICES, cores))
    keep_compiled_programs()
    devices = jax.devices()
    found = len(_devices(cores))
    return Greeting(present(), found, devices[0].platform, platform.node(), os.getpid())


def take(name: str, value: Given) -> None:
    """Keep what blocks will name; what was given longest ago goes, where there is too much."""
    if isinstance(value, Own):
        value.tell()
        _own.add(name)
    elif isinstance(value, Common):
        _keep(_common, name, value, _COMMON_KEPT)
    else:
        _keep(_rows, name, value, _ROWS_KEPT)


def stop(run: str) -> None:
    """Let the block of a run that is under way end at the next border of a segment."""
    _stopped.add(run)


def train(block: Block) -> Done:
    """Train a block's trials; one block at a time, however many threads the process has."""
    with_devices(max(FEWEST_DEVICES, block.cores))
    with _one_block, stoppable(warn=False) as interruption:
        began = time.perf_counter()
        known = _own | _common.keys() | _rows.keys()
        lacks = tuple(name for name in block.needs if name not in known)
        if lacks:
            return Done(lacks=lacks)
        common = _common[block.common]
        task = replace(common.task, rows=_rows[block.rows])

        def look(_: Progress) -> None:
            if block.run in _stopped:
                interruption.asked = True

        try:
            results = run_trials(
                task,
                block.trials,
                common.start,
                layout=_layout(block, task),
                pruning=block.pruning,
                on_progress=look,
            )
        except JustrightError as error:
            return Done(error=error)
        order = {id(trial): i for i, trial in enumerate(block.trials)}
        places = tuple(order[id(result.trial)] for result in results)
        return Done(tuple(results), places, time.perf_counter() - began)


def without_rows(task: Task) -> Task:
    """A task as it travels: tasks of several networks share their rows."""
    nothing: Any = None
    return replace(task, rows=nothing)


def on_host(rows: Rows) -> Rows:
    """Rows as they travel: in NumPy's arrays."""
    return Rows(*jax.device_get(tuple(rows)))


def _keep(where: OrderedDict[str, Kept], name: str, value: Kept, most: int) -> None:
    where[name] = value
    where.move_to_end(name)
    while len(where) > most:
        where.popitem(last=False)


def _layout(block: Block, task: Task) -> Layout:
    devices = _devices(block.cores)
    recipe: Recipe = block.trials[0].recipe
    if devices[0].platform == block.platform:
        # A CPU's second device is there for the program's sake: one core trains on one.
        idle = max(0, len(devices) - block.cores) if block.platform == "cpu" else 0
        return Layout(devices, block.lanes, block.walk, idle)
    own = layout_for(task, recipe, devices)
    return replace(own, lanes_per_device=block.lanes) if block.given else own


def _devices(cores: int) -> tuple[jax.Device, ...]:
    """The devices of this process that a worker of so many cores trains on; all of a GPU's."""
    devices = tuple(jax.devices())
    return devices if devices[0].platform != "cpu" else devices[: max(FEWEST_DEVICES, cores)]
