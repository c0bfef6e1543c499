"""The course of a search: explore, then judge finalists; written down after each batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from justright.engine.interruption import CutShort, say_stopped, stop_asked, stopped_after
from justright.events import tell
from justright.experiments.again import arguments_of
from justright.experiments.budget import Budget, Clock
from justright.experiments.choice import (
    FINALS_SHARE,
    Finals,
    Key,
    finalists,
    finals_for,
    key_of,
    promoted,
)
from justright.experiments.explore import Explorer
from justright.experiments.record import Record, forget_curves, write_history
from justright.experiments.space import Point
from justright.experiments.starts import plain_point

Tell = Callable[[Sequence[Record]], None]


@dataclass(frozen=True)
class Hunt:
    """A search that can be run, and taken up again.

    Attributes:
        explorer: trains points.
        seeds: fresh ones of the last finalists.
        task: the fingerprint of what the numbers follow from.
        history: the file to write after each batch, or None.
    """

    explorer: Explorer
    seeds: int
    task: str
    history: Path | None

    @property
    def plain(self) -> Point:
        """What the choice is compared with."""
        return plain_point(self.explorer.settings.space, self.explorer.shapes.setup.learning_rate)

    def asked(self, budget: Budget) -> dict[str, Any]:
        """The arguments of `search` that hunt for the same.

        Args:
            budget: of the search.
        """
        return arguments_of(self.explorer, self.seeds, budget)

    def run(self, known: Sequence[Record], budget: Budget, tell: Tell) -> list[Record]:
        """All records of a search within a budget, those that are known already included.

        Args:
            known: the records to go on from.
            budget: of the whole search where it counts trainings, of this run where seconds.
            tell: called with all records whenever there are more.

        Raises:
            CutShort: Ctrl-C before any training had ended. After that it ends the search with the
                records that there are; a round of the finals that is not complete is not among
                them.
        """
        clock, records = Clock(), list(known)

        def add(more: Sequence[Record], batch: int = 0, points: Sequence[Point] = ()) -> None:
            records.extend(more)
            _order(records, batch, points)
            forget_curves(records, self.plain, self.explorer.looks.scale)
            if self.history is not None:
                write_history(self.history, self.task, records)
            tell(records)

        tell(records)
        self._explore(records, budget, clock, add)
        self._judge(records, self._finals(records, budget, clock), budget, clock, add)
        if stop_asked():
            if not records:
                raise CutShort
            say_stopped(stopped_after(len(records), budget.trainings))
        return records

    def _explore(
        self,
        records: list[Record],
        budget: Budget,
        clock: Clock,
        add: Callable[..., None],
    ) -> None:
        number: int | None = None
        while True:
            explored = [one for one in records if one.stage == "explore"]
            if budget.trainings is not None:
                # Of finals that have been run before, the plain recipe's count again.
                plain = sum(r.stage == "final" and r.point == self.plain for r in records)
                finals = finals_for(budget.trainings, self.seeds).trainings
                left = budget.trainings - len(records) - finals + plain
            else:
                until = (1 - FINALS_SHARE * (self.seeds > 0)) * (budget.seconds or 0)
                left = len(explored) + 1 if clock.seconds < until else 0
            if left <= 0 or stop_asked():
                return
            if number is None:
                number, points, done = self._next(explored)
            else:
                number, done = number + 1, set()
                points = self.explorer.batch(number, explored)
            if not points:
                return
            todo = [point for point in points if key_of(point) not in done]
            todo = todo[:left] if budget.trainings is not None else todo
            tell("batch", number=number, points=len(todo), explored=len(explored))
            fresh = self.explorer.explored(number, todo, explored)
            add(fresh, number, points)

    def _next(self, explored: Sequence[Record]) -> tuple[int, list[Point], set[Key]]:
        """The batch that is not complete yet, and which of its points are done."""
        number = max((one.batch for one in explored), default=0)
        done = {key_of(one.point) for one in explored if one.batch == number}
        points = self.explorer.batch(number, explored)
        if len(done) < len(points):
            return number, points, done
        return number + 1, self.explorer.batch(number + 1, explored), set()

    def _finals(self, records: Sequence[Record], budget: Budget, clock: Clock) -> Finals:
        if budget.trainings is not None:
            return finals_for(budget.trainings, self.seeds)
        spent = max(1, len(records)) / max(clock.seconds, 1e-3)
        left = max(0.0, (budget.seconds or 0) - clock.seconds) * spent
        return finals_for(left / FINALS_SHARE, self.seeds)

    def _judge(
        self,
        records: list[Record],
        finals: Finals,
        budget: Budget,
        clock: Clock,
        add: Callable[..., None],
    ) -> None:
        explored = [one for one in records if one.stage == "explore"]
        scale, wish = self.explorer.looks.scale.fitted(explored), self.explorer.settings.wish
        entrants: list[Point] = []
        for number, one in enumerate(finals.rounds):
            if budget.seconds is not None and number and clock.seconds > budget.seconds:
                return
            if stop_asked():
                return
            if number == 0:
                entrants = finalists(explored, scale, wish, one.points)
            else:
                keys = {key_of(point) for point in entrants}
                judged = [r for r in records if r.stage == "final" and key_of(r.point) in keys]
                entrants = promoted(judged, scale, wish, one.points)
            add(self._missing(records, [*entrants, self.plain], number, one.seeds))

    def _missing(
        self, records: Sequence[Record], points: Sequence[Point], number: int, seeds: int
    ) -> list[Record]:
        """Train points with the fresh seeds that they do not have yet."""
        have = {(key_of(r.point), r.seed) for r in records if r.stage == "final"}
        first = self.explorer.settings.seed + 1
        distinct = {key_of(point): point for point in points}
        runs = [
            (point, i)
            for key, point in distinct.items()
            for i in range(seeds)
            if (key, first + i) not in have
        ]
        judged = self.explorer.judged(runs, number)
        return judged if len(judged) == len(runs) else []  # Cut short: seeds would differ.


def _order(records: list[Record], batch: int, points: Sequence[Point]) -> None:
    """Put the records of a batch into its order, which they may have lost where Ctrl-C ended it.

    So the search goes on as if nothing had been.
    """
    place = {key_of(point): i for i, point in enumerate(points)}
    mine = [i for i, r in enumerate(records) if place and (r.stage, r.batch) == ("explore", batch)]
    ordered = sorted((records[i] for i in mine), key=lambda r: place[key_of(r.point)])
    for i, record in zip(mine, ordered, strict=True):
        records[i] = record
