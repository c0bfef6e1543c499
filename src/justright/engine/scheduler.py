"""Run trials through the lanes: one program a structure, lanes refilled as trials end.

After each segment, ended trials leave and queued ones enter. What a trial gives
does not depend on its neighbors or its place in the queue: its lane's program
is the same, and all its randomness comes from its seed and split.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any

import jax
import numpy as np

from justright.engine.blame import is_out_of_memory
from justright.engine.interruption import stop_asked
from justright.engine.journal import Journal
from justright.engine.lane import Order
from justright.engine.layout import Layout
from justright.engine.outcome import Outcome
from justright.engine.program import CAPACITY, SegmentProgram, Task
from justright.engine.progress import Progress, Report
from justright.engine.pruning import Pruning
from justright.engine.queue import Queue, Remembered
from justright.engine.rows import Rows
from justright.engine.size import Layouts, layouts_for
from justright.engine.trial import CURVES, Trial, TrialResult
from justright.errors import ModelError
from justright.events import tell
from justright.network.weights import Arrays
from justright.regularizers.recipe import Recipe

# Seconds between two looks at the lanes: often enough for a smooth progress
# bar, seldom enough that the host's part stays small.
LOOK_EVERY = 0.3
# A segment takes so many times as long as what is written at its border, up to a limit.
_TIMES_WRITING = 20
_LONGEST = 30.0
_VAL_METRIC = CURVES.index("val_metric")


def run_trials(
    task: Task,
    trials: Sequence[Trial],
    initial_values: Callable[[int], Arrays] | Arrays,
    *,
    layout: Layout | None = None,
    pruning: Pruning | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    journal: Journal | None = None,
) -> list[TrialResult]:
    """Train all trials and return their results in the same order.

    Args:
        task: network, objective, optimizer, rows.
        trials: what to train; structures may differ.
        initial_values: from a seed for the initializers to values by path, or the
            values that every trial starts from.
        layout: where lanes live; chosen for each structure from the devices if None.
        pruning: which trials are given up on the way; none if None.
        on_progress: called after each segment.
        journal: what keeps trials, and knows those of earlier runs; none if None.

    Returns:
        One result for each trial; fewer where the run was asked to stop (`interruption`): of the
        trials that had ended, or if none had, of those that were running, as they were.
    """
    report = Report(trials, on_progress, task.objective.higher_is_better)
    start, kept = Remembered(initial_values), journal or Journal()
    known = known_results(trials, kept, report)

    def run(remaining: Sequence[Trial], layouts: Layouts) -> Iterator[tuple[int, TrialResult]]:
        return _run(task, remaining, start, layouts, report, pruning, kept)

    return all_results(trials, layouts_for(task, layout), run, known)


def known_results(
    trials: Sequence[Trial], journal: Journal, report: Report
) -> dict[int, TrialResult]:
    """What trials gave in earlier runs, by position; the report counts them."""
    found = {i: one for i, trial in enumerate(trials) if (one := journal.known(trial))}
    for result in found.values():
        report.known(result)
    return found


def all_results(
    trials: Sequence[Trial],
    layouts: Layouts,
    run: Callable[[Sequence[Trial], Layouts], Iterator[tuple[int, TrialResult]]],
    known: Mapping[int, TrialResult],
) -> list[TrialResult]:
    """The results of all trials in order, with fewer lanes where memory does not hold them.

    Args:
        trials: what to train.
        layouts: to begin with.
        run: from trials that have not ended and layouts, `(position, result)` as they end.
        known: results by position that need no training.

    Raises:
        ModelError: one lane is too large already.
        jax.errors.JaxRuntimeError: another error.
    """
    results = dict(known)
    tell("began", trainings=len(trials), known=len(known))
    while len(results) < len(trials):
        waiting = [i for i in range(len(trials)) if i not in results]
        try:
            for i, result in run([trials[i] for i in waiting], layouts):
                results[waiting[i]] = result
            if stop_asked():
                tell("interrupted", ended=len(results), trainings=len(trials))
                break
        except jax.errors.JaxRuntimeError as error:
            if not is_out_of_memory(error):
                raise
            first = (trials[group[0]] for group in by_structure(trials))
            if all(layouts(trial.recipe).lanes == 1 for trial in first):
                raise ModelError(
                    "The device's memory does not hold one lane: the network's weights, what the "
                    "optimizer keeps, and the activations of a batch. Use smaller batches or a "
                    "smaller network."
                ) from error
            layouts = partial(_halved, layouts)
            tell("out of memory", retried="with half as many lanes")
    return [results[i] for i in sorted(results)]


def _run(
    task: Task,
    trials: Sequence[Trial],
    start: Remembered,
    layouts: Layouts,
    report: Report,
    pruning: Pruning | None,
    journal: Journal,
) -> Iterator[tuple[int, TrialResult]]:
    """Yield `(position, result)` as trials end."""
    groups = by_structure(trials)
    chosen = [layouts(trials[group[0]].recipe) for group in groups]
    # Groups may have layouts of fewer devices than others: each finds the rows where it trains.
    layouts_by_devices = {layout.devices: layout for layout in chosen}
    copies = {
        devices: jax.device_put(task.rows, layout.everywhere())
        for devices, layout in layouts_by_devices.items()
    }
    rows = [copies[layout.devices] for layout in chosen]
    queues = [
        _SegmentQueue(SegmentProgram, task, [trials[i] for i in group], start, layout, journal)
        for group, layout in zip(groups, chosen, strict=True)
    ]
    with ThreadPoolExecutor(compilers_for(queues)) as compilers:
        ready = [compilers.submit(q.compile, own) for q, own in zip(queues, rows, strict=True)]
        for queue, members, compiled, own in zip(queues, groups, ready, rows, strict=True):
            if stop_asked():
                compilers.shutdown(wait=False, cancel_futures=True)
                return
            compiled.result()
            for position, result in queue.run(own, report, pruning):
                yield members[position], result


def compile_ahead(
    task: Task,
    trials: Sequence[Trial],
    initial_values: Callable[[int], Arrays] | Arrays,
    layout: Layout | None,
    compilers: Executor,
) -> None:
    """Let threads compile the programs of trials that are run later; none waits for it.

    An error in it is raised where the trials are run.
    """
    start, layouts = Remembered(initial_values), layouts_for(task, layout)
    for group in by_structure(trials):
        first = trials[group[0]]
        queue = _SegmentQueue(SegmentProgram, task, [first], start, layouts(first.recipe))
        compilers.submit(queue.compile, task.rows)


def _halved(layouts: Layouts, recipe: Recipe) -> Layout:
    layout = layouts(recipe)
    return layout.halved() or layout


def by_structure(trials: Sequence[Trial]) -> list[list[int]]:
    """Positions of the trials that share a program, most first: others compile meanwhile."""
    groups: dict[Any, list[int]] = {}
    for i, trial in enumerate(trials):
        groups.setdefault(trial.recipe.structure(), []).append(i)
    return sorted(groups.values(), key=len, reverse=True)


def compilers_for(queues: Sequence[Any]) -> int:
    """How many programs to compile at a time: each takes some hundred megabytes meanwhile."""
    return max(1, min(len(queues), os.cpu_count() or 1))


class _SegmentQueue(Queue[SegmentProgram]):
    """A queue for rows in memory: trials enter and leave between segments."""

    def run(
        self, rows: Rows, report: Report, pruning: Pruning | None
    ) -> Iterator[tuple[int, TrialResult]]:
        """Yield `(position, result)` as trials end."""
        left_off = self._left_off()
        waiting = deque(sorted(range(len(self._trials)), key=lambda i: i not in left_off))
        running: dict[int, int] = {}
        logs: dict[int, list[np.ndarray]] = {}
        lanes = self._program.idle_lanes(self._orders)
        span = _Span(pruning.every if pruning else None)
        emptied = False
        while waiting or running:
            if stop_asked():
                if report.count or not running:
                    return
                waiting.clear()
                self._cut_short(running, np.asarray(lanes.epoch))
                emptied = True
            entered = self._fill(waiting, running)
            resumed = {i: left_off.pop(i) for i in entered if i in left_off}
            logs |= {i: [resumed[i].curves] if i in resumed else [] for i in entered}
            places = {position: lane for lane, position in running.items()}
            lanes = self._taken_up(lanes, {places[i]: one for i, one in resumed.items()})
            orders = self._sent(emptied or bool(entered))
            with span:
                lanes, on_devices = self._program.run(rows, lanes, orders, span.epochs)
                # While the lanes train: no device waits for it.
                self._prepare(islice(waiting, self._layout.lanes))
                log = np.asarray(on_devices)
            outcomes, epochs = np.asarray(lanes.outcome), np.asarray(lanes.epoch)
            emptied, ended = False, []
            for lane, position in list(running.items()):
                done = sum(map(len, logs[position]))
                logs[position].append(log[lane, : int(epochs[lane]) - done])
                trial = self._trials[position]
                outcome = self._outcome(lane, trial, outcomes)
                if outcome is Outcome.RUNNING:
                    if not pruning or not pruning.gives_up(trial, np.concatenate(logs[position])):
                        continue
                    outcome, emptied = Outcome.PRUNED, True
                    self._empty(lane)
                del running[lane]
                curves = np.concatenate(logs.pop(position))
                ended.append(self._result(position, lanes, lane, curves, outcome))
                report.ended(ended[-1][1])
            with span.writing():
                self._border(ended, lanes, running, logs)
            yield from ended
            latest = [logs[position][-1][-1:, _VAL_METRIC] for position in running.values()]
            report.tell(int(sum(epochs[lane] for lane in running)), np.concatenate([[], *latest]))

    def _sent(self, changed: bool) -> Order:
        """The orders on the devices: sent where trials have entered, for weights may be large."""
        over_lanes = self._layout.over_lanes()
        if changed:
            self._on_devices = jax.device_put(self._orders, over_lanes)
        # Of its own, since a CPU device may read the host's array in place.
        fresh = self._orders.fresh.copy()
        self._orders.fresh[:] = False
        return self._on_devices._replace(fresh=jax.device_put(fresh, over_lanes))


class _Span:
    """How many epochs a segment trains: as many as fit between two looks, if not so many."""

    def __init__(self, fixed: int | None) -> None:
        self._fixed = fixed
        self.epochs = fixed or 5
        self._began = self._wrote = 0.0

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        if self._fixed:
            return
        took = max(time.perf_counter() - self._began, 1e-6)
        seconds = max(LOOK_EVERY, min(_LONGEST, _TIMES_WRITING * self._wrote))
        wanted = int(self.epochs * seconds / took)
        self.epochs = int(np.clip(wanted, 1, min(CAPACITY, 4 * self.epochs)))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Learn how long it takes to write what is kept at a border."""
        began = time.perf_counter()
        yield
        self._wrote = (self._wrote + time.perf_counter() - began) / 2
