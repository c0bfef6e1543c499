"""What the pages of a sweep and of a path share: points of a grid as controls and pictures."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from justright.evidence.measure import Measure
from justright.evidence.summary import Row
from justright.evidence.sweep_summary import Facts, at
from justright.evidence.verdicts import correction_in_words
from justright.regularizers.grid import Grid
from justright.report.capital import capital
from justright.report.drawn import Drawn
from justright.report.page.page import Control, Explorer, Picture, Section, Table
from justright.report.page.parts import ranged, verdicts_section
from justright.report.page.series import short
from justright.report.page.study_page import Reported
from justright.report.page.trained import Trained, explorer_of, figures_of
from justright.report.strength_scale import Scale

_KINDS = {1: "curve", 2: "map"}
_BEST, _STRONGEST, _OFF, _WEAKEST = "Best", "Strongest as good", "Off", "Weakest"


class OnGrid(ABC):
    """A grid of strengths that was trained."""

    study: Reported
    grid: Grid
    on: str

    @abstractmethod
    def drawn(self) -> Drawn:
        """What the picture is made of."""

    @abstractmethod
    def facts(self) -> Facts:
        """What the words are made of."""


@dataclass(frozen=True)
class Part:
    """What a page shows of a grid: all of it, or of very many points a coarser grid.

    Attributes:
        grid: that is shown.
        which: of the whole grid's points these are, in order.
        marks: the best of them, and the strongest that is as good.
        whole: how many points the whole grid has.
    """

    grid: Grid
    which: tuple[int, ...]
    marks: tuple[int, int]
    whole: int

    @property
    def notes(self) -> list[str]:
        """What is not shown, in words; none where that is nothing."""
        if len(self.which) == self.whole:
            return []
        return [
            f"So that this page stays small, it shows {len(self.which):,} of {self.whole:,} "
            "points, of each strength some values between the first and the last; the best is "
            "among them. A sweep's table in Python has all."
        ]


def part_of(grid: Grid, marks: tuple[int, int], most: int) -> Part:
    """The whole grid, or of more points than a page shows a coarser one with those that matter.

    Args:
        grid: the points.
        marks: the best, and the strongest that is as good.
        most: points that are shown.
    """
    best, strongest = marks
    telling = [(best, strongest, grid.reference), (best, grid.reference), (best,)]
    coarser = (_coarser(grid, kept, most) for kept in telling)
    few = next((one for one in coarser if _size(one) <= most), _coarser(grid, (best,), 1))
    shown = Grid(grid.axes, few, grid.base)
    places = {point.values: i for i, point in enumerate(grid.points)}
    which = tuple(places[point.values] for point in shown.points)
    at = {i: k for k, i in enumerate(which)}
    return Part(shown, which, (at[best], at.get(strongest, at[best])), len(grid.points))


def _coarser(grid: Grid, kept: Sequence[int], most: int) -> tuple[tuple[float, ...], ...]:
    """Of each axis as many values, evenly chosen, as make `most` points, and those of some."""
    wanted = [{grid.points[i].values[axis] for i in kept} for axis in range(len(grid.axes))]
    counts = [len(values) for values in grid.values]
    while True:
        few = tuple(map(_even, grid.values, counts, wanted))
        if _size(few) <= most or max(counts) == 0:
            return few
        counts[int(np.argmax(counts))] -= 1


def _even(values: Sequence[float], count: int, wanted: set[float]) -> tuple[float, ...]:
    places = {round(i) for i in np.linspace(0, len(values) - 1, count).tolist()}
    return tuple(v for i, v in enumerate(values) if i in places or v in wanted)


def _size(values: Sequence[Sequence[float]]) -> int:
    return math.prod(map(len, values))


def marks_of(facts: Facts) -> tuple[int, int]:
    """The best point, and the strongest that is as good."""
    return facts.spot.best, facts.spot.one_standard_error


def jumps_of(grid: Grid, marks: tuple[int, int]) -> list[tuple[str, int]]:
    """The points worth seeing, in words."""
    best, strongest = marks
    jumps = [(_BEST, best), (_STRONGEST, strongest), (_weakest(grid), grid.reference)]
    return [(name, i) for name, i in jumps if name == _BEST or i != best]


def telling(part: Part) -> list[str]:
    """The names of these points."""
    points, shown = part.grid.points, (*part.marks, part.grid.reference)
    return list(dict.fromkeys(points[i].name for i in shown))


def grid_explorer(part: Part, trained: Trained, left: Mapping[str, str] | None = None) -> Explorer:
    """A slider for each strength, at the best point.

    Args:
        part: the points.
        trained: what was trained there.
        left: what is left at each point, in words; nothing is said of that if None.
    """
    grid, marks = part.grid, part.marks
    start = _place(grid, grid.points[marks[0]].values)
    controls = [
        Control(axis.words, _labels(values), start[i], is_strength=True)
        for i, (axis, values) in enumerate(zip(grid.axes, grid.values, strict=True))
    ]
    places = {
        point.name: (_place(grid, point.values), _words(grid, point.values))
        for point in grid.points
    }
    jumps, reference = jumps_of(grid, marks), grid.reference
    beside = _weakest(grid)
    return explorer_of(trained, controls, places, jumps, reference, beside, left, part.notes)


def _weakest(grid: Grid) -> str:
    return _OFF if grid.is_off(grid.points[grid.reference]) else _WEAKEST


def _place(grid: Grid, values: Sequence[float]) -> list[int]:
    return [known.index(value) for known, value in zip(grid.values, values, strict=True)]


def joined(words: Sequence[str]) -> str:
    """`"a, b and c"`."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _labels(values: Sequence[float]) -> list[str]:
    """Values of a strength in as few digits as tell them apart, four or more."""
    for digits in range(4, 17):
        texts = [f"{value:.{digits}g}" for value in values]
        if len(set(texts)) == len(values):
            break
    return ["∞" if math.isinf(v) else text for v, text in zip(values, texts, strict=True)]


def _words(grid: Grid, values: Sequence[float]) -> str:
    return capital(at(grid.axes, values))


def points_table(grid: Grid, rows: Sequence[Row], study: Reported, marks: tuple[int, int]) -> Table:
    """A row a point: strengths, figures, gap with its interval.

    Args:
        grid: the points.
        rows: their figures.
        study: of their trainings.
        marks: the best, and the strongest that is as good.
    """
    measure, has_test = study.metric, study.has_test
    parts = ["train", "validation", *(["test"] if has_test else [])]
    unit = " in points" if measure.is_share else ""
    cells = []
    for i, (point, row) in enumerate(zip(grid.points, rows, strict=True)):
        text = figures_of(row, measure, has_test)
        gap = text["gap"].removesuffix(" points")
        gap += f" ({text['gap_range']})" if text["gap_range"] else ""
        note = {marks[1]: "strongest as good", marks[0]: "best"}.get(i, "")
        values = [axis.show(v) for axis, v in zip(grid.axes, point.values, strict=True)]
        cells.append([*values, *(text[part] for part in parts), gap, note])
    head = [
        *(axis.words for axis in grid.axes),
        *parts,
        f"gap{unit}{ranged(row.gap for row in rows)}",
        "",
    ]
    caption = f"{measure.words.capitalize()} at each point, means over runs"
    return Table(caption, head, cells, frozenset({marks[0]}))


def grid_picture(one: OnGrid, facts: Facts, part: Part, table: Table) -> Picture:
    """A curve of one strength, a map of two, parallel coordinates of more."""
    drawn, grid = one.drawn(), part.grid
    which = list(part.which)
    kind = _KINDS.get(len(grid.axes), "parallel")
    measure: Measure = facts.measure
    there = np.isfinite(drawn.runs[0])
    total = np.where(there, drawn.runs[0], 0).sum(axis=1)
    train = np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), np.nan)
    figures = facts.table.iloc[which].to_dict("records")
    points = [
        {
            "at": _place(grid, point.values),
            "words": _words(grid, point.values),
            "value": short(row[one.on]),
            "low": short(row["val_low"]),
            "high": short(row["val_high"]),
            "train": short(float(mean)),
        }
        for point, row, mean in zip(grid.points, figures, train[which], strict=True)
    ]
    names = {_BEST: ("best", "★"), _STRONGEST: ("strongest as good", "◆")}
    marks = [[names[n][0], i, names[n][1]] for n, i in jumps_of(grid, part.marks) if n in names]
    data = {
        "axes": axes_of(grid),
        "points": points,
        "marks": marks,
        "words": measure.words,
        "share": measure.is_share,
        "higher": measure.higher_is_better,
    }
    banded = any(point["low"] is not None and point["high"] is not None for point in points)
    said = {
        "curve": "The band is the 95 % interval of the mean."
        if banded
        else "Of so few runs there is no interval.",
        "map": "The lighter, the better.",
        "parallel": "A line is a point of the grid; the lighter, the better.",
    }[kind]
    words = f"Validation {measure.words} at each point, {drawn.over}. {said}"
    if part.marks[0] != part.marks[1]:
        words += (
            " Strongest as good is the strongest within one standard error of the best, by means; "
            "verdicts compare run by run and may still tell them apart."
        )
    by = joined([axis.words for axis in grid.axes])
    return Picture(kind, f"Validation {measure.words} by {by}", words, table, data)


def axes_of(grid: Grid) -> list[dict[str, Any]]:
    """The axes of a picture: words, and labels with the places where they stand."""
    axes = []
    for axis, values in zip(grid.axes, grid.values, strict=True):
        scale = Scale.of(values)
        labels, positions = _labels(values), [scale.at(v) for v in values]
        axes.append({"words": axis.words, "labels": labels, "positions": positions})
    return axes


def off_verdicts(one: OnGrid, part: Part) -> Section | None:
    """Verdicts against everything off, or the weakest; None of one point."""
    grid = one.grid
    if len(grid.points) < 2:
        return None
    verdicts = one.study.verdicts(grid.points[grid.reference].name)
    count = verdicts[0].comparisons
    shown = {point.name for point in part.grid.points}
    told = [verdict for verdict in verdicts if verdict.a in shown]
    return verdicts_section(told, correction_in_words(count) if count > 1 else "")
