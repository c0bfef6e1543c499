"""Run trials on a stream: one pass over the training rows is an epoch of all lanes.

As many trials as there are lanes enter together, those of every program, and take the same
batches in the same order; a lane whose trial has ended waits for the others. Those that found
no lane enter when all have ended, and take the passes from the first one again, so what a
trial gives does not depend on its place in the queue.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import jax
import numpy as np

from justright.engine.interruption import stop_asked
from justright.engine.journal import Journal
from justright.engine.layout import Layout, on_fewest_devices
from justright.engine.outcome import Outcome
from justright.engine.program import Task
from justright.engine.progress import Progress, Report
from justright.engine.queue import Queue, Remembered
from justright.engine.rows import Rows
from justright.engine.scheduler import all_results, by_structure, compilers_for, known_results
from justright.engine.size import Layouts, layouts_for
from justright.engine.stream import Block, Stream, ahead
from justright.engine.streamed import StreamedProgram
from justright.engine.trial import Trial, TrialResult
from justright.network.weights import Arrays


def run_passes(
    task: Task,
    trials: Sequence[Trial],
    initial_values: Callable[[int], Arrays] | Arrays,
    *,
    stream: Stream,
    layout: Layout | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    journal: Journal | None = None,
) -> list[TrialResult]:
    """Train all trials on a stream and return their results in the same order.

    Args:
        task: network, objective, optimizer, and the rows held in memory.
        trials: what to train; structures may differ.
        initial_values: from a seed for the initializers to values by path, or the
            values that every trial starts from.
        stream: the task's.
        layout: where lanes live; chosen for each structure from the devices if None.
        on_progress: called after each pass.
        journal: what keeps trials, and knows those of earlier runs; none if None.

    Returns:
        One result for each trial.
    """
    start, kept = Remembered(initial_values), journal or Journal()
    report = Report(trials, on_progress, task.objective.higher_is_better)

    known = known_results(trials, kept, report)

    def run(remaining: Sequence[Trial], layouts: Layouts) -> Iterator[tuple[int, TrialResult]]:
        return _run(task, stream, remaining, start, layouts, report, kept)

    return all_results(trials, layouts_for(task, layout), run, known)


def _run(
    task: Task,
    stream: Stream,
    trials: Sequence[Trial],
    start: Remembered,
    layouts: Layouts,
    report: Report,
    journal: Journal,
) -> Iterator[tuple[int, TrialResult]]:
    """Yield `(position, result)` as trials end."""
    groups = by_structure(trials)
    # A block that is read goes to all of them.
    chosen = on_fewest_devices([layouts(trials[group[0]].recipe) for group in groups])
    rows = jax.device_put(task.rows, chosen[0].everywhere())
    queues = [
        _PassQueue(StreamedProgram, task, [trials[i] for i in group], start, layout, journal)
        for group, layout in zip(groups, chosen, strict=True)
    ]
    with ThreadPoolExecutor(compilers_for(queues)) as compilers:
        list(compilers.map(lambda queue: queue.compile(rows), queues))
    # One reader for all passes: each thread keeps memory that it has freed to itself.
    with ThreadPoolExecutor(1) as reader:
        blocks = partial(ahead, stream, chosen[0], reader)
        # Those first that an earlier run has left in the middle: they go on with their epoch.
        for epoch in sorted({epoch for queue in queues for epoch in queue.waiting}, reverse=True):
            while not stop_asked() and sum(queue.enter(epoch) for queue in queues) > 0:
                for queue, position, result in _together(queues, blocks, rows, report, epoch):
                    yield groups[queue][position], result


def _together(
    queues: Sequence[_PassQueue],
    blocks: Callable[[int], Iterator[Block]],
    rows: Rows,
    report: Report,
    epoch: int,
) -> Iterator[tuple[int, int, TrialResult]]:
    """Train the trials that have entered, to the last; yield `(queue, position, result)`.

    Args:
        queues: of all programs.
        blocks: the blocks of an epoch.
        rows: that are held in memory.
        report: how far the run is.
        epoch: the first one, counted from 0.
    """
    while busy := [i for i, queue in enumerate(queues) if queue.running]:
        for block in blocks(epoch):
            for i in busy:
                queues[i].absorb(block)
            if stop_asked() and report.count:
                return
        for i in busy:
            if stop_asked():
                queues[i].end_now(epoch)
            for position, result in queues[i].close(rows):
                report.ended(result)
                yield i, position, result
        epoch += 1
        report.tell(epoch * sum(len(queue.running) for queue in queues))


class _PassQueue(Queue[StreamedProgram]):
    """A queue for a stream: trials enter together, and leave after a pass."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        left_off = self._left_off()
        self.waiting: dict[int, deque[int]] = {}
        for i in range(len(self._trials)):
            epoch = len(left_off[i].curves) if i in left_off else 0
            self.waiting.setdefault(epoch, deque()).append(i)
        self._kept = left_off
        self.running: dict[int, int] = {}

    def enter(self, epoch: int) -> int:
        """Let the next trials that stand at an epoch into all lanes; return how many there were."""
        self._orders.fresh[:] = False
        self._fill(self.waiting.get(epoch, deque()), self.running)
        kept = {n: self._kept.pop(i) for n, i in self.running.items() if i in self._kept}
        self._curves: dict[int, list[np.ndarray]] = {
            i: [kept[n].curves] if n in kept else [] for n, i in self.running.items()
        }
        self._lanes = self._taken_up(self._program.idle_lanes(self._orders), kept)
        self._on_devices = jax.device_put(self._orders, self._layout.over_lanes())
        return len(self.running)

    def absorb(self, block: Block) -> None:
        """Train all lanes on a block."""
        self._lanes = self._program.absorb(block, self._lanes, self._on_devices)

    def end_now(self, epoch: int) -> None:
        """Let the trials end with this epoch, counted from 0."""
        self._cut_short(self.running, np.full(self._layout.lanes, epoch))
        self._on_devices = jax.device_put(self._orders, self._layout.over_lanes())

    def close(self, rows: Rows) -> Iterator[tuple[int, TrialResult]]:
        """Close the epoch; yield `(position, result)` of the trials that it ended."""
        self._lanes, figures = self._program.close(rows, self._lanes, self._on_devices)
        outcomes, ended = np.asarray(self._lanes.outcome), []
        for lane, position in list(self.running.items()):
            self._curves[position].append(figures[lane][None])
            outcome = self._outcome(lane, self._trials[position], outcomes)
            if outcome is not Outcome.RUNNING:
                del self.running[lane]
                curves = np.concatenate(self._curves.pop(position))
                ended.append(self._result(position, self._lanes, lane, curves, outcome))
        self._border(ended, self._lanes, self.running, self._curves)
        yield from ended
