"""Which points a search takes to its finals, and which one it chooses there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

import numpy as np

from justright.experiments.dimension import Value
from justright.experiments.record import Record, Scale
from justright.experiments.space import Point

Wish = Literal["best", "smallest gap"]
WISHES = ("best", "smallest gap")

# Of the budget, at most so much goes to the finals.
FINALS_SHARE = 0.35
_MOST_FINALISTS = 12
# A fresh seed of the last round for so many trainings of the budget.
TRAININGS_A_SEED = 10
# In the exploration this share counts as about as good as the best.
_GOOD = 0.25


Key = frozenset[tuple[str, Value]]


def key_of(point: Point) -> Key:
    """Equal for points that are the same choice."""
    return frozenset(point.items())


def gap_of(record: Record, scale: Scale) -> float:
    """How much better the network does on the rows that it was trained on."""
    figure = "loss" if scale.by == "loss" else "metric"
    train, validation = (record.figures[f"{part}_{figure}"] for part in ("train", "val"))
    if figure == "loss":
        return validation - train
    return scale.measure.advantage(train, validation)


def in_order(records: Sequence[Record], scale: Scale, wish: Wish) -> list[Record]:
    """Trainings, best first: ended ones by score, then given-up ones, those that failed last.

    Where the smallest gap is wished for, the quarter that scores best comes first, ordered by
    gap.
    """

    def place(one: Record) -> tuple[int, int, float]:
        if one.complete:
            return 0, 0, one.score(scale)
        if one.outcome == "pruned":
            return 1, -len(one.looks), one.looks[-1]
        return 2, 0, 0.0

    ordered = sorted(records, key=place)
    if wish == "best":
        return ordered
    good = math.ceil(_GOOD * sum(one.complete for one in ordered))
    return [*sorted(ordered[:good], key=lambda one: gap_of(one, scale)), *ordered[good:]]


def finalists(explored: Sequence[Record], scale: Scale, wish: Wish, count: int) -> list[Point]:
    """The points that are tried again, best first; where gaps count, half of them for theirs."""
    by_score = [one for one in in_order(explored, scale, "best") if one.complete]
    chosen = by_score[:count]
    if wish == "smallest gap":
        by_gap = [one for one in in_order(explored, scale, wish) if one.complete]
        pairs = zip(by_score, by_gap, strict=True)
        chosen = [one for pair in pairs for one in pair]
    distinct = {key_of(one.point): one.point for one in chosen}
    return list(distinct.values())[:count]


@dataclass(frozen=True)
class Round:
    """A round of the finals: so many points go on, each until it has so many fresh seeds."""

    points: int
    seeds: int


@dataclass(frozen=True)
class Finals:
    """How a search ends: fewer points a round, each with more fresh seeds.

    Attributes:
        rounds: one after the other; none where a budget is too small for any.
        seeds: of the plain recipe, which the choice is compared with, and of the last round.
    """

    rounds: tuple[Round, ...]
    seeds: int

    @property
    def trainings(self) -> int:
        """How many it takes, the plain recipe's included."""
        spent, before = self.seeds, 0
        for one in self.rounds:
            spent += one.points * (one.seeds - before)
            before = one.seeds
        return spent


def finals_for(trainings: float, seeds: int) -> Finals:
    """The largest finals that take at most their share of so many trainings.

    Args:
        trainings: of the whole search.
        seeds: of the last round, where there are enough trainings for that.
    """
    seeds = min(seeds, max(1, int(trainings) // TRAININGS_A_SEED)) if seeds else 0
    best = Finals((), 0)
    for points in range(2, _MOST_FINALISTS + 1):
        widths = (points, max(2, math.ceil(points / 2)), 2)
        depths = (min(2, seeds), max(min(2, seeds), math.ceil(0.6 * seeds)), seeds)
        made = Finals(tuple(map(Round, widths, depths)), seeds)
        if seeds and made.trainings <= FINALS_SHARE * trainings:
            best = made
    return best


def standing(finals: Sequence[Record], scale: Scale) -> list[tuple[Point, np.ndarray]]:
    """The finalists with the scores of their fresh seeds, best mean first."""
    scores: dict[Key, list[float]] = {}
    points: dict[Key, Point] = {}
    for one in finals:
        points[key_of(one.point)] = one.point
        scores.setdefault(key_of(one.point), []).append(one.score(scale))
    order = sorted(scores, key=lambda key: float(np.mean(scores[key])))
    return [(points[key], np.array(scores[key])) for key in order]


def promoted(finals: Sequence[Record], scale: Scale, wish: Wish, count: int) -> list[Point]:
    """The finalists that get more seeds; where gaps count, half of them for theirs.

    These are of the better half by mean score: a small gap alone is easily had by learning little.
    """
    by_score = [point for point, _ in standing(finals, scale)]
    if wish == "best":
        return by_score[:count]
    gaps = _mean_gaps(finals, scale)
    better = by_score[: math.ceil(len(by_score) / 2)]
    by_gap = sorted(better, key=lambda point: gaps[key_of(point)])
    pairs = zip_longest(by_score, by_gap)
    distinct = {key_of(point): point for pair in pairs for point in pair if point is not None}
    return list(distinct.values())[:count]


def _mean_gaps(finals: Sequence[Record], scale: Scale) -> dict[Key, float]:
    gaps: dict[Key, list[float]] = {}
    for one in finals:
        gaps.setdefault(key_of(one.point), []).append(gap_of(one, scale))
    return {key: float(np.mean(of)) for key, of in gaps.items()}


def chosen(
    explored: Sequence[Record],
    finals: Sequence[Record],
    scale: Scale,
    wish: Wish,
    ratio: float = 0.0,
) -> Point | None:
    """The choice: the finalist with the best mean over fresh seeds.

    Where the smallest gap is wished for, it is the finalist with the smallest mean gap among
    those within one standard error of the best. Without finals the best training decides.

    Args:
        explored, finals: the trainings.
        scale: how validation figures become scores.
        wish: what is wished for.
        ratio: Nadeau and Bengio's correction, where seeds take splits that share rows in turns.

    Returns:
        The point; None where every training failed.
    """
    if not finals:
        best = [one for one in in_order(explored, scale, wish) if one.complete]
        return best[0].point if best else None
    ranked = [
        (point, scores) for point, scores in standing(finals, scale) if scores.mean() < np.inf
    ]
    if not ranked:
        return None
    most = max(len(scores) for _, scores in ranked)
    if wish == "best":
        return next(point for point, scores in ranked if len(scores) == most)
    sure = next(scores for _, scores in ranked if len(scores) == most)
    error = float(sure.std(ddof=1) * math.sqrt(1 / most + ratio)) if most > 1 else 0.0
    as_good = [point for point, scores in ranked if scores.mean() <= sure.mean() + error]
    gaps = _mean_gaps(finals, scale)
    return min(as_good, key=lambda point: gaps[key_of(point)])
