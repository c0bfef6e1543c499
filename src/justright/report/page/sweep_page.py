"""The page of a sweep: sliders over the strengths, and the picture that they move in."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from justright.evidence.measure import Measure
from justright.evidence.summary import Row, rows_of
from justright.evidence.sweep_summary import Facts, at, best_in_words, need_in_words, sweep_in_words
from justright.evidence.verdicts import correction_in_words
from justright.regularizers.axis import short as short_number
from justright.regularizers.grid import Grid
from justright.report.capital import capital
from justright.report.drawn import Drawn
from justright.report.page.code import sweep_code
from justright.report.page.page import (
    Control,
    HasPage,
    Page,
    Picture,
    Section,
    Table,
)
from justright.report.page.parts import (
    contributions_section,
    diagnosis_section,
    network_section,
    verdicts_section,
)
from justright.report.page.series import short
from justright.report.page.study_page import (
    Reported,
    code_section,
    facts_of,
    parts_brought,
    trained_of,
    version,
)
from justright.report.page.trained import explorer_of, figures_of
from justright.report.snippet import snippet
from justright.report.strength_scale import Scale

_KINDS = {1: "curve", 2: "map"}
_BEST, _STRONGEST, _OFF, _WEAKEST = "Best", "Strongest as good", "Off", "Weakest"


class ReportedSweep(HasPage):
    """A sweep that writes a report of itself, and shows itself in a notebook."""

    study: Reported
    grid: Grid
    on: str

    @abstractmethod
    def drawn(self) -> Drawn:
        """What the picture is made of."""

    @abstractmethod
    def facts(self) -> Facts:
        """What the words are made of."""

    def _page(self, command: str) -> Page:
        return sweep_page(self, command)

    def _repr_html_(self) -> str:
        facts = self.facts()
        table = _points_table(self.grid, _rows(self), self.study, _marks(facts))
        count = len(self.grid.points)
        return snippet(f"{count} points", table, sweep_in_words(facts))


def sweep_page(one: ReportedSweep, command: str = "") -> Page:
    """The page of a sweep.

    Args:
        one: the sweep.
        command: how it was made, where Python code does not say so.
    """
    study, grid, facts, rows = one.study, one.grid, one.facts(), _rows(one)
    best, off = facts.spot.best, grid.reference
    names = [point.name for point in grid.points]
    trained = trained_of(study, rows)
    places = {
        point.name: (_place(grid, point.values), _words(grid, point.values))
        for point in grid.points
    }
    marks = _marks(facts)
    table = _points_table(grid, rows, study, marks)
    weakest = _OFF if grid.is_off(grid.points[off]) else _WEAKEST
    jumps = [(name, i) for name, i in ((_BEST, best), (_STRONGEST, marks[1]), (weakest, off))]
    jumps = [(n, i) for n, i in jumps if n == _BEST or i != best]
    controls = [
        Control(
            axis.words, [_label(v) for v in values], _place(grid, grid.points[best].values)[i], True
        )
        for i, (axis, values) in enumerate(zip(grid.axes, grid.values, strict=True))
    ]
    over = {axis.name: values for axis, values in zip(grid.axes, grid.values, strict=True)}
    trials = [result.trial for result in study.results]
    telling = list(dict.fromkeys([names[best], names[marks[1]], names[off]]))
    base = {"in all points": str(grid.base)} if grid.base.techniques else {}
    sections = [
        Section(
            "sweep",
            "The sweep",
            words=sweep_in_words(facts),
            pictures=[_picture(one, facts, table, jumps)],
        ),
        _verdicts(one, names[off]),
        contributions_section(parts_brought(study, names[best])),
        diagnosis_section(trained.diagnosis, telling),
        network_section(study.task, base, study.notes),
        code_section(sweep_code(study.task, over, grid.base, one.on, trials), command),
    ]
    strengths = _joined([axis.words for axis in grid.axes])
    return Page(
        title=f"{capital(strengths)}: how much is just right",
        answer=" ".join([best_in_words(facts), *need_in_words(facts)]),
        facts=[
            ("Best", at(grid.axes, grid.points[best].values)),
            *facts_of(study.task, study.results),
        ],
        explorer=explorer_of(trained, controls, places, jumps, off, weakest),
        sections=[section for section in sections if section],
        version=version(),
    )


def _rows(one: ReportedSweep) -> list[Row]:
    return rows_of(one.study.table, one.study.overlap)


def _marks(facts: Facts) -> tuple[int, int]:
    return facts.spot.best, facts.spot.one_standard_error


def _place(grid: Grid, values: Sequence[float]) -> list[int]:
    return [known.index(value) for known, value in zip(grid.values, values, strict=True)]


def _joined(words: Sequence[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _label(value: float) -> str:
    return "∞" if math.isinf(value) else short_number(value)


def _words(grid: Grid, values: Sequence[float]) -> str:
    return capital(at(grid.axes, values))


def _points_table(
    grid: Grid, rows: Sequence[Row], study: Reported, marks: tuple[int, int]
) -> Table:
    """A row a point: strengths, figures, gap with its interval."""
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


def _picture(
    one: ReportedSweep, facts: Facts, table: Table, jumps: Sequence[tuple[str, int]]
) -> Picture:
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
    axes = []
    for axis, values in zip(grid.axes, grid.values, strict=True):
        positions = Scale.of(values)
        axes.append(
            {
                "words": axis.words,
                "labels": [_label(value) for value in values],
                "positions": [positions.at(value) for value in values],
            }
        )
    names = {_BEST: ("best", "★"), _STRONGEST: ("strongest as good", "◆")}
    marks = [[names[n][0], i, names[n][1]] for n, i in jumps if n in names]
    data = {
        "axes": axes,
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
    by = _joined([axis.words for axis in grid.axes])
    return Picture(kind, f"Validation {measure.words} by {by}", words, table, data)


def _verdicts(one: ReportedSweep, off: str) -> Section | None:
    if len(one.grid.points) < 2:
        return None
    verdicts = one.study.verdicts(off)
    count = verdicts[0].comparisons
    return verdicts_section(verdicts, correction_in_words(count) if count > 1 else "")
