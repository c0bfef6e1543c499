"""The driver: it hands out blocks of trials, keeps what comes back, and mends what is lost.

Workers never see the store. A block whose worker is lost is given to another one. A trial's
numbers follow from the trial and its program and not from its block, so neither blocks nor losses
change them.
"""

from __future__ import annotations

import inspect
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import NamedTuple

from justright.cluster.blocks import block_size, structure_for
from justright.cluster.cluster import Cluster
from justright.cluster.crew import Crew
from justright.cluster.own import Own
from justright.cluster.worker import Block, Common, Done, on_host, without_rows
from justright.engine.duration import seconds_of_training
from justright.engine.interruption import stop_asked
from justright.engine.journal import Journal
from justright.engine.layout import Layout
from justright.engine.outcome import Outcome
from justright.engine.program import Task
from justright.engine.progress import Progress, Report
from justright.engine.pruning import Pruning
from justright.engine.scheduler import known_results
from justright.engine.size import layouts_for
from justright.engine.trial import Trial, TrialResult
from justright.errors import BackendError
from justright.events import tell
from justright.network.weights import Arrays

# Between two looks at who is there and whether Ctrl-C was pressed.
LOOK_EVERY = 0.5
# Without any worker.
PATIENCE = 120.0
# So many workers may be lost with the same trial: then it is the trial.
MOST_LOSSES = 3
_LEAST_SECONDS = 1e-4

Results = list[TrialResult]


class Sent(NamedTuple):
    """A block that a worker trains: where its trials stand, and how many train at a time."""

    structure: Hashable
    places: list[int]
    block: Block
    width: int


class Driver:
    """Trains on a cluster, run after run.

    Args:
        cluster: its workers.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._crew = Crew(cluster)

    def run(
        self,
        task: Task,
        trials: Sequence[Trial],
        initial_values: Callable[[int], Arrays] | Arrays,
        *,
        layout: Layout | None = None,
        pruning: Pruning | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        journal: Journal | None = None,
    ) -> list[TrialResult]:
        """Train all trials and return their results in the same order, as `run_trials` does.

        Args:
            task: with rows in memory.
            trials, initial_values, layout, pruning, on_progress, journal: as for `run_trials`.

        Raises:
            BackendError: there is no worker, one has other versions, or trials that no worker
                survives.
        """
        report = Report(trials, on_progress, task.objective.higher_is_better)
        kept = journal or Journal()
        known = known_results(trials, kept, report)
        run = _Run(self._crew, task, trials, known, initial_values, layout, pruning)
        tell("began", trainings=len(trials), known=len(known))
        with closing(run.blocks()) as blocks:
            for results, own in blocks:
                for result in results:
                    report.ended(result)
                kept.border(results, (), own)
                report.tell(0)
        if stop_asked():
            tell("interrupted", ended=report.count, trainings=len(trials))
        return run.results()


class _Run:
    """Trials on their way to workers and back."""

    def __init__(
        self,
        crew: Crew,
        task: Task,
        trials: Sequence[Trial],
        known: dict[int, TrialResult],
        start: Callable[[int], Arrays] | Arrays,
        layout: Layout | None,
        pruning: Pruning | None,
    ) -> None:
        self._crew, self._trials = crew, trials
        self._found = dict(known)
        self._layouts, self._given, self._pruning = layouts_for(task, layout), layout, pruning
        self._name = uuid.uuid4().hex
        self._waiting: dict[Hashable, deque[int]] = {}
        for i, trial in enumerate(trials):
            if i not in known:
                self._waiting.setdefault(trial.recipe.structure(), deque()).append(i)
        self._layout_of = {
            one: self._layouts(trials[places[0]].recipe) for one, places in self._waiting.items()
        }
        # Initial weights that are drawn once here are drawn there.
        drawn = inspect.unwrap(start) if callable(start) else start
        own = Own.of(task.blueprint.model, (trial.recipe for trial in trials))
        self._own = crew.named((*(x for _, x in own.objects), *own.kinds), lambda: own)
        self._common = crew.named((task, start), lambda: Common(without_rows(task), drawn))
        self._rows = crew.named((task.rows,), lambda: on_host(task.rows))
        self._under_way: dict[str, Sent] = {}
        self._warm: dict[str, set[Hashable]] = {}
        self._losses: Counter[int] = Counter()
        epochs = max((trial.epochs for trial in trials), default=1)
        self._seconds = dict.fromkeys(
            self._waiting, max(_LEAST_SECONDS, seconds_of_training(task, epochs))
        )

    def blocks(self) -> Generator[tuple[Results, Layout], None, None]:
        """Yield the results of blocks as they end, and the layout of their lanes here."""
        alone = time.monotonic()
        try:
            while self._under_way or (self._left() and not stop_asked()):
                present = self._crew.present()
                if stop_asked():
                    self._stop()
                else:
                    self._hand_out(present)
                if present:
                    alone = time.monotonic()
                elif time.monotonic() - alone > PATIENCE:
                    raise BackendError(
                        f"The cluster has had no free worker for {PATIENCE:.0f} seconds. Start "
                        "workers (docs/cluster.md), or leave workers out to train here."
                    )
                if not self._under_way:
                    time.sleep(LOOK_EVERY)
                for worker, done in self._crew.cluster.ended(LOOK_EVERY):
                    sent = self._under_way.pop(worker)
                    if done is None:
                        self._lost(worker, sent)
                    elif done.lacks:
                        self._crew.provide([worker], done.lacks, anew=True)
                        self._send(worker, sent)
                    elif done.error is not None:
                        raise done.error
                    else:
                        yield self._ended(worker, sent, done), self._layout_of[sent.structure]
        finally:
            self._stop()
            self._crew.cluster.forget()

    def results(self) -> list[TrialResult]:
        """All results in order; those that were cut short only where none has ended."""
        ended = {i: one for i, one in self._found.items() if one.outcome is not Outcome.INTERRUPTED}
        given = ended or self._found
        return [given[i] for i in sorted(given)]

    def _left(self) -> int:
        return sum(map(len, self._waiting.values()))

    def _hand_out(self, present: Mapping[str, int]) -> None:
        idle = [worker for worker in present if worker not in self._under_way]
        if not idle or not self._left():
            return
        self._crew.provide(idle, (self._own, self._common, self._rows))
        for worker in idle:
            left = {one: len(places) for one, places in self._waiting.items()}
            busy = Counter(sent.structure for sent in self._under_way.values())
            structure = structure_for(left, busy, self._warm.get(worker, ()))
            if structure is None:
                return
            width = self._crew.width(worker, present[worker], self._layout_of[structure])
            size = block_size(
                left[structure], self._left(), len(present), width, self._seconds[structure]
            )
            places = [self._waiting[structure].popleft() for _ in range(size)]
            block = self._block(structure, places, present[worker])
            self._send(worker, Sent(structure, places, block, width))

    def _block(self, structure: Hashable, places: Sequence[int], cores: int) -> Block:
        layout = self._layout_of[structure]
        return Block(
            run=self._name,
            own=self._own,
            common=self._common,
            rows=self._rows,
            trials=tuple(self._trials[i] for i in places),
            platform=layout.devices[0].platform,
            lanes=layout.lanes_per_device,
            walk=layout.walk,
            cores=cores,
            given=self._given is not None,
            pruning=self._pruning,
        )

    def _send(self, worker: str, sent: Sent) -> None:
        self._crew.cluster.send(worker, sent.block)
        tell("block", worker=worker, trainings=len(sent.places))
        self._under_way[worker] = sent

    def _lost(self, worker: str, sent: Sent) -> None:
        self._crew.lost(worker)
        tell("lost", worker=worker, again=len(sent.places))
        self._warm.pop(worker, None)
        self._losses.update(sent.places)
        often = [i for i in sent.places if self._losses[i] >= MOST_LOSSES]
        if often:
            trial = self._trials[often[0]]
            raise BackendError(
                f"{MOST_LOSSES} workers were lost, each while it trained {trial.name!r} with seed "
                f"{trial.seed}. Look into their logs: the system ends processes that want more "
                "memory than there is."
            )
        self._waiting[sent.structure].extendleft(reversed(sent.places))

    def _ended(self, worker: str, sent: Sent, done: Done) -> Results:
        """The results of a block that are whole, each with this process' own trial."""
        own = [sent.places[i] for i in done.places]
        fresh = [replace(r, trial=self._trials[i]) for i, r in zip(own, done.results, strict=True)]
        self._found.update(zip(own, fresh, strict=True))
        warm = self._warm.setdefault(worker, set())
        if sent.structure in warm and fresh:
            # Without the compilation, which a worker's first block includes.
            took = done.seconds * sent.width / len(fresh)
            self._seconds[sent.structure] = max(_LEAST_SECONDS, took)
        warm.add(sent.structure)
        return [one for one in fresh if one.outcome is not Outcome.INTERRUPTED]

    def _stop(self) -> None:
        if self._under_way:
            self._crew.cluster.stop(list(self._under_way), self._name)
