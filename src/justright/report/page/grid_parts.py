"""What the pages of a sweep and of a path share: points of a grid as controls and pictures."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from justright.evidence.measure import Measure
from justright.evidence.summary import Row
from justright.evidence.sweep_summary import Facts, at
from justright.evidence.verdicts import correction_in_words
from justright.regularizers.axis import short as short_number
from justright.regularizers.grid import Grid
from justright.report.capital import capital
from justright.report.drawn import Drawn
from justright.report.page.page import Control, Explorer, Picture, Section, Table
from justright.report.page.parts import verdicts_section
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


def marks_of(facts: Facts) -> tuple[int, int]:
    """The best point, and the strongest that is as good."""
    return facts.spot.best, facts.spot.one_standard_error


def jumps_of(grid: Grid, marks: tuple[int, int]) -> list[tuple[str, int]]:
    """The points worth seeing, in words."""
    best, strongest = marks
    jumps = [(_BEST, best), (_STRONGEST, strongest), (_weakest(grid), grid.reference)]
    return [(name, i) for name, i in jumps if name == _BEST or i != best]


def telling(grid: Grid, marks: tuple[int, int]) -> list[str]:
    """The names of these points."""
    return list(dict.fromkeys(grid.points[i].name for i in (*marks, grid.reference)))


def grid_explorer(
    grid: Grid,
    trained: Trained,
    marks: tuple[int, int],
    left: Mapping[str, str] | None = None,
) -> Explorer:
    """A slider for each strength, at the best point.

    Args:
        grid: the points.
        trained: what was trained there.
        marks: the best, and the strongest that is as good.
        left: what is left at each point, in words; nothing is said of that if None.
    """
    start = _place(grid, grid.points[marks[0]].values)
    controls = [
        Control(axis.words, [_label(v) for v in values], start[i], is_strength=True)
        for i, (axis, values) in enumerate(zip(grid.axes, grid.values, strict=True))
    ]
    places = {
        point.name: (_place(grid, point.values), _words(grid, point.values))
        for point in grid.points
    }
    jumps, reference = jumps_of(grid, marks), grid.reference
    return explorer_of(trained, controls, places, jumps, reference, _weakest(grid), left)


def _weakest(grid: Grid) -> str:
    return _OFF if grid.is_off(grid.points[grid.reference]) else _WEAKEST


def _place(grid: Grid, values: Sequence[float]) -> list[int]:
    return [known.index(value) for known, value in zip(grid.values, values, strict=True)]


def joined(words: Sequence[str]) -> str:
    """`"a, b and c"`."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _label(value: float) -> str:
    return "∞" if math.isinf(value) else short_number(value)


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
    head = [*(axis.words for axis in grid.axes), *parts, f"gap{unit} (95 %)", ""]
    caption = f"{measure.words.capitalize()} at each point, means over runs"
    return Table(caption, head, cells, frozenset({marks[0]}))


def grid_picture(
    one: OnGrid, facts: Facts, table: Table, jumps: Sequence[tuple[str, int]]
) -> Picture:
    """A curve of one strength, a map of two, parallel coordinates of more."""
    drawn, grid = one.drawn(), one.grid
    kind = _KINDS.get(len(grid.axes), "parallel")
    measure: Measure = facts.measure
    there = np.isfinite(drawn.runs[0])
    total = np.where(there, drawn.runs[0], 0).sum(axis=1)
    train = np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), np.nan)
    points = [
        {
            "at": _place(grid, point.values),
            "words": _words(grid, point.values),
            "value": short(row[one.on]),
            "low": short(row["val_low"]),
            "high": short(row["val_high"]),
            "train": short(float(mean)),
        }
        for point, row, mean in zip(grid.points, facts.table.to_dict("records"), train, strict=True)
    ]
    names = {_BEST: ("best", "★"), _STRONGEST: ("strongest as good", "◆")}
    marks = [[names[n][0], i, names[n][1]] for n, i in jumps if n in names]
    data = {
        "axes": axes_of(grid),
        "points": points,
        "marks": marks,
        "words": measure.words,
        "share": measure.is_share,
        "higher": measure.higher_is_better,
    }
    said = {
        "curve": "The band is the 95 % interval of the mean.",
        "map": "The lighter, the better.",
        "parallel": "A line is a point of the grid; the lighter, the better.",
    }[kind]
    words = f"Validation {measure.words} at each point, {drawn.over}. {said}"
    by = joined([axis.words for axis in grid.axes])
    return Picture(kind, f"Validation {measure.words} by {by}", words, table, data)


def axes_of(grid: Grid) -> list[dict[str, Any]]:
    """The axes of a picture: words, and labels with the places where they stand."""
    axes = []
    for axis, values in zip(grid.axes, grid.values, strict=True):
        scale = Scale.of(values)
        labels, positions = [_label(v) for v in values], [scale.at(v) for v in values]
        axes.append({"words": axis.words, "labels": labels, "positions": positions})
    return axes


def off_verdicts(one: OnGrid) -> Section | None:
    """Verdicts against everything off, or the weakest; None of one point."""
    grid = one.grid
    if len(grid.points) < 2:
        return None
    verdicts = one.study.verdicts(grid.points[grid.reference].name)
    count = verdicts[0].comparisons
    return verdicts_section(verdicts, correction_in_words(count) if count > 1 else "")
