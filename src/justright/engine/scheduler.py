"""Run trials through the lanes: one program a structure, lanes refilled as trials end.

After each segment, ended trials leave and queued ones enter. What a trial gives
does not depend on its neighbours or its place in the queue: its lane's program
is the same, and all its randomness comes from its seed and split.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic

import jax
import numpy as np

from justright.engine.keys import (
    batch_order_key,
    initial_weights_seed,
    own_layers_key,
    technique_key,
)
from justright.engine.lane import Lane, Order
from justright.engine.layout import Layout, choose_layout
from justright.engine.outcome import Outcome
from justright.engine.program import CAPACITY, Kind, SegmentProgram, Task, program_for
from justright.engine.rows import Rows
from justright.engine.trial import Trial, TrialResult
from justright.network.weights import Arrays
from justright.regularizers.places import StopRule

# Seconds between two looks at the lanes: often enough for a smooth progress
# bar, seldom enough that the host's part stays small.
LOOK_EVERY = 0.3

REMEMBERED_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        trainings: trials ended, of `of_trainings`.
        epochs: epochs' worth of work done, of `of_epochs`; a trial that ends early
            counts in full.
    """

    trainings: int
    of_trainings: int
    epochs: int
    of_epochs: int


def run_trials(
    task: Task,
    trials: Sequence[Trial],
    initial_values: Callable[[int], Arrays] | Arrays,
    *,
    layout: Layout | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> list[TrialResult]:
    """Train all trials and return their results in the same order.

    Args:
        task: network, objective, optimizer, rows.
        trials: what to train; structures may differ.
        initial_values: from a seed for the initializers to values by path, or the
            values that every trial starts from.
        layout: where lanes live; chosen from the devices if None.
        on_progress: called after each segment.

    Returns:
        One result for each trial.
    """
    layout = layout or choose_layout()
    rows = jax.device_put(task.rows, layout.everywhere())
    groups = by_structure(trials)
    start = Remembered(initial_values)
    queues = [
        _SegmentQueue(SegmentProgram, task, [trials[i] for i in group], start, layout)
        for group in groups
    ]
    report = Report(trials, on_progress)
    results: list[TrialResult | None] = [None] * len(trials)
    with ThreadPoolExecutor(max(1, len(queues))) as compilers:
        ready = [compilers.submit(queue.compile, rows) for queue in queues]
        for queue, members, compiled in zip(queues, groups, ready, strict=True):
            compiled.result()
            for position, result in queue.run(rows, report):
                results[members[position]] = result
    return [result for result in results if result is not None]


def by_structure(trials: Sequence[Trial]) -> list[list[int]]:
    """Positions of the trials that share a program."""
    groups: dict[Any, list[int]] = {}
    for i, trial in enumerate(trials):
        groups.setdefault(trial.recipe.structure(), []).append(i)
    return list(groups.values())


class Remembered:
    """Initial values by seed, drawn once: the recipes of a study share them."""

    def __init__(self, values: Callable[[int], Arrays] | Arrays) -> None:
        self._values = values
        self._known: dict[int, Arrays] = {}

    def of(self, trial: Trial) -> Arrays:
        """The values that a trial starts from."""
        if not callable(self._values):
            return self._values
        seed = initial_weights_seed(trial.seed, trial.split)
        if seed not in self._known:
            drawn = self._values(seed)
            size = sum(value.nbytes for value in drawn.values())
            if (len(self._known) + 1) * size > REMEMBERED_BYTES:
                self._known.clear()
            self._known[seed] = drawn
        return self._known[seed]


class Report:
    """Counts what is done, over all programs."""

    def __init__(
        self, trials: Sequence[Trial], on_progress: Callable[[Progress], None] | None
    ) -> None:
        self._tell = on_progress
        self._of = len(trials), sum(t.epochs for t in trials)
        self._ended = 0
        self._epochs_ended = 0

    def ended(self, trial: Trial) -> None:
        """A trial has ended."""
        self._ended += 1
        self._epochs_ended += trial.epochs

    def tell(self, epochs_running: int) -> None:
        """Say how far the run is; `epochs_running` are those of trials that have not ended."""
        if self._tell:
            epochs = self._epochs_ended + epochs_running
            self._tell(Progress(self._ended, self._of[0], epochs, self._of[1]))


class Queue(Generic[Kind]):
    """The trials of one program, on their way through its lanes.

    Args:
        kind: of program.
        task: what the trials have in common.
        trials: of one structure, in the order in which they enter.
        initial_values: of each trial.
        layout: where lanes live.
    """

    def __init__(
        self,
        kind: type[Kind],
        task: Task,
        trials: Sequence[Trial],
        initial_values: Remembered,
        layout: Layout,
    ) -> None:
        self._program = program_for(kind, task, trials[0].recipe, layout)
        self._layout = layout
        self._trials = trials
        self._initial_values = initial_values
        first = self._order(trials[0])
        self._orders: Order = jax.tree.map(
            lambda a: np.zeros((layout.lanes, *np.shape(a)), np.asarray(a).dtype), first
        )

    def compile(self, rows: Rows) -> None:
        """Compile the program for these trials, once."""
        self._program.compile(rows, self._orders)

    def _fill(self, waiting: deque[int], running: dict[int, int]) -> list[int]:
        """Let queued trials into free lanes; return which entered."""
        entered = []
        for lane in self._layout.spread():
            if not waiting or lane in running:
                continue
            position = waiting.popleft()
            running[lane] = position
            entered.append(position)
            _put(self._orders, lane, self._order(self._trials[position]))
        return entered

    def _order(self, trial: Trial) -> Order:
        network = self._program.network
        weights, buffers = network.complete(self._initial_values.of(trial))
        for i, path in enumerate(network.random_states):
            buffers[path] = own_layers_key(trial.seed, trial.split) + np.uint32(i)
        recipe = trial.recipe.in_program()
        rule = trial.recipe.stop_rule()
        return Order(
            recipe=jax.tree.map(np.float32, recipe),
            rule=StopRule(
                patience=np.int32(rule.patience),
                min_delta=np.float32(rule.min_delta),
                start_from_epoch=np.int32(rule.start_from_epoch),
                restore_best=np.bool_(rule.restore_best),
                by_metric=np.bool_(rule.by_metric),
            ),
            order_key=batch_order_key(trial.seed, trial.split),
            technique_key=technique_key(trial.seed, trial.split),
            split=np.int32(trial.split),
            epochs=np.int32(trial.epochs),
            rate=np.float32(trial.learning_rate),
            weights=weights,
            buffers=buffers,
            fresh=np.bool_(True),
        )


class _SegmentQueue(Queue[SegmentProgram]):
    """A queue for rows in memory: trials enter and leave between segments."""

    def run(self, rows: Rows, report: Report) -> Iterator[tuple[int, TrialResult]]:
        """Yield `(position, result)` as trials end."""
        waiting = deque(range(len(self._trials)))
        running: dict[int, int] = {}
        logs: dict[int, list[np.ndarray]] = {}
        lanes = self._program.idle_lanes(self._orders)
        span = _Span()
        while waiting or running:
            entered = self._fill(waiting, running)
            logs |= {position: [] for position in entered}
            orders = jax.device_put(self._orders, self._layout.over_lanes())
            with span:
                lanes, log = self._program.run(rows, lanes, orders, span.epochs)
            self._orders.fresh[:] = False
            outcomes, epochs = np.asarray(lanes.outcome), np.asarray(lanes.epoch)
            for lane, position in list(running.items()):
                done = sum(map(len, logs[position]))
                logs[position].append(log[lane, : int(epochs[lane]) - done])
                if outcomes[lane] != Outcome.RUNNING:
                    del running[lane]
                    curves = np.concatenate(logs.pop(position))
                    trial = self._trials[position]
                    report.ended(trial)
                    yield position, result_of(trial, lanes, lane, curves)
            report.tell(int(sum(epochs[lane] for lane in running)))


def _put(orders: Order, lane: int, order: Order) -> None:
    """Write one lane's order among all lanes'."""
    for whole, one in zip(jax.tree.leaves(orders), jax.tree.leaves(order), strict=True):
        whole[lane] = one


class _Span:
    """How many epochs a segment trains: as many as fit between two looks."""

    def __init__(self) -> None:
        self.epochs = 5
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        took = max(time.perf_counter() - self._began, 1e-6)
        wanted = int(self.epochs * LOOK_EVERY / took)
        self.epochs = int(np.clip(wanted, 1, min(CAPACITY, 4 * self.epochs)))


def result_of(trial: Trial, lanes: Lane, lane: int, curves: np.ndarray) -> TrialResult:
    """What the trial in a lane gave, once it has ended."""
    rule = trial.recipe.stop_rule()
    best_epoch = int(np.asarray(lanes.best.epoch)[lane])
    chosen = best_epoch if rule.restore_best and best_epoch else len(curves)
    values = {p: np.array(np.asarray(a)[lane]) for p, a in lanes.best.weights.items()}
    values |= {p: np.array(np.asarray(a)[lane]) for p, a in lanes.best.buffers.items()}
    loss, metric = np.asarray(lanes.test)[lane]
    return TrialResult(
        trial=trial,
        outcome=Outcome(int(np.asarray(lanes.outcome)[lane])),
        curves=curves,
        best_epoch=best_epoch,
        chosen_epoch=chosen,
        test=(float(loss), float(metric)),
        values=values,
    )
