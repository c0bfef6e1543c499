"""Train the points of a search: batch after batch, and its finalists with fresh seeds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np

from justright.engine.duration import seconds_of_training
from justright.engine.interruption import CutShort
from justright.engine.outcome import Outcome
from justright.engine.pruning import Pruning
from justright.engine.scheduler import compile_ahead
from justright.engine.trial import Trial
from justright.experiments.choice import Wish, in_order, key_of
from justright.experiments.record import Looks, Record, record_of
from justright.experiments.sampler import Sampler, ask
from justright.experiments.setup import Setup
from justright.experiments.shapes import Shapes, programs_that_pay, within
from justright.experiments.space import RATE, Point, Space

FIRST, BATCH = 12, 8
# What is known grows by this share with a batch, once that is more than a small one: what it takes
# to choose a batch from all that is known is then the same for each training, however many.
_BATCHES = 64
# A training is given up where it is not among this share of those that came as far.
_KEPT = 0.5
_ENOUGH = 8


@dataclass(frozen=True)
class Settings:
    """How a search goes.

    Attributes:
        space: what may be chosen.
        start: the points that the first batch begins with.
        sampler: which points come next.
        wish: what is chosen in the end, and so what the sampler is told.
        seed: of the sampler, and of the trainings that explore. Finals use the seeds after it.
        prune: whether trainings that fall behind are given up.
    """

    space: Space
    start: tuple[Point, ...]
    sampler: Sampler
    wish: Wish
    seed: int
    prune: bool


@dataclass(frozen=True)
class Explorer:
    """Trains points.

    Attributes:
        shapes: the task with each size of network.
        settings: how the search goes.
        looks: when running trainings are looked at.
    """

    shapes: Shapes
    settings: Settings
    looks: Looks

    def batch(self, number: int, records: Sequence[Record]) -> list[Point]:
        """The points of a batch: they follow from the batches before it, and from nothing else.

        Args:
            number: of the batch, from 0.
            records: of the exploration; those of this and later batches do not count.
        """
        settings = self.settings
        before = [one for one in records if one.batch < number]
        scale = self.looks.scale.fitted(before)
        told = [one.point for one in in_order(before, scale, settings.wish)]
        first = list(settings.start) if number == 0 else []
        size = max(BATCH, len(before) // _BATCHES) if number else FIRST
        count = max(0, size - len(first))
        asked = ask(settings.space, told, count, settings.sampler, (settings.seed, number))
        task = self.shapes.setup.task
        seconds = seconds_of_training(task, self.shapes.setup.epochs)
        most = programs_that_pay(FIRST + number * BATCH, seconds)
        known = [one.point for one in before]
        wanted = within(settings.space, [*first, *asked], known, most)
        old = set(map(key_of, known))
        # The same point with the same seed gives the same numbers.
        new = {key_of(point): point for point in wanted if key_of(point) not in old}
        return list(new.values())

    def pruning(self, number: int, records: Sequence[Record]) -> Pruning | None:
        """Whom a batch's trainings are measured against: those of the batches before it.

        So who is given up depends neither on neighbors nor on how many lanes there are.
        """
        looks = self.looks
        if not self.settings.prune or self.shapes.setup.task.stream is not None:
            return None
        if looks.every >= looks.epochs:
            return None
        before = [one.looks for one in records if one.batch < number]
        borders = []
        for i in range((looks.epochs - 1) // looks.every):
            reached = [scores[i] for scores in before if len(scores) > i]
            enough = len(reached) >= _ENOUGH
            borders.append(float(np.quantile(reached, _KEPT)) if enough else np.inf)
        if not np.isfinite(borders).any():
            return None

        def gives_up(_: Trial, curves: np.ndarray) -> bool:
            reached = looks.of(curves)
            return bool(reached) and reached[-1] > borders[len(reached) - 1]

        return Pruning(looks.every, gives_up)

    def explored(
        self, number: int, points: Sequence[Point], records: Sequence[Record]
    ) -> list[Record]:
        """Train points of a batch, each once; where Ctrl-C ends it, those that had ended."""
        runs = [(point, self.settings.seed, 0) for point in points]
        return self._train(runs, "explore", number, self.pruning(number, records))

    def judged(self, fresh: Sequence[tuple[Point, int]], number: int) -> list[Record]:
        """Train finalists with fresh seeds, counted from 0, each seed with the next split."""
        splits, first = self.shapes.setup.splits, self.settings.seed + 1
        runs = [(point, first + i, i % splits) for point, i in fresh]
        return self._train(runs, "final", number, None)

    def _train(
        self,
        runs: Sequence[tuple[Point, int, int]],
        stage: Literal["explore", "final"],
        number: int,
        pruning: Pruning | None,
    ) -> list[Record]:
        groups: dict[int, tuple[Setup, list[int]]] = {}
        for i, (point, _, _) in enumerate(runs):
            setup = self.shapes.of(point)
            groups.setdefault(id(setup), (setup, []))[1].append(i)
        ordered = sorted(groups.values(), key=lambda group: len(group[1]), reverse=True)
        jobs = [
            (setup, [self._trial(setup, *runs[i]) for i in mine], mine) for setup, mine in ordered
        ]
        records: dict[int, Record] = {}
        with ThreadPoolExecutor(os.cpu_count()) as compilers:
            if self.shapes.setup.task.stream is None and self.shapes.setup.driver is None:
                for setup, trials, _ in jobs:
                    todo = setup.missing(trials)
                    compile_ahead(setup.task, todo, setup.start, setup.layout, compilers)
            for setup, trials, mine in jobs:
                try:
                    study = setup.train(trials, False, pruning, cut_short=True)
                except CutShort:
                    break
                places = {id(trial): i for trial, i in zip(trials, mine, strict=True)}
                for result in study.results:
                    if result.outcome is not Outcome.INTERRUPTED:
                        i = places[id(result.trial)]
                        records[i] = record_of(result, runs[i][0], stage, number, self.looks)
        return [records[i] for i in sorted(records)]

    def _trial(self, setup: Setup, point: Point, seed: int, split: int) -> Trial:
        recipe = self.settings.space.in_program(point)
        rate = float(point.get(RATE) or setup.learning_rate)
        return Trial(str(recipe), recipe, seed, split, setup.epochs, rate)
