"""The page of a path: one slider along a penalty, and what it leaves of inputs and weights."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.path_summary import (
    PathFacts,
    left_in_words,
    path_answer,
    path_in_words,
)
from justright.evidence.summary import rows_of
from justright.evidence.sweep_summary import at
from justright.regularizers.axis import short as short_number
from justright.report.page.code import path_code
from justright.report.page.grid_parts import (
    OnGrid,
    Part,
    axes_of,
    grid_explorer,
    grid_picture,
    marks_of,
    off_verdicts,
    part_of,
    points_table,
    telling,
)
from justright.report.page.page import MOST, HasPage, Page, Picture, Section, Table
from justright.report.page.parts import diagnosis_section, network_section
from justright.report.page.series import short_list
from justright.report.page.study_page import code_section, facts_of, run_of, trained_of, version
from justright.report.page.trained import NOTHING
from justright.report.snippet import snippet

if TYPE_CHECKING:
    import pandas as pd

_MOST_NAMED = 6
_MOST_DRAWN = 100
_MOST_LISTED = 2_000


class ReportedPath(HasPage):
    """A path that writes a report of itself, and shows itself in a notebook.

    Attributes:
        sweep: the same trainings as a sweep of one strength.
    """

    sweep: OnGrid

    @abstractmethod
    def facts(self) -> PathFacts:
        """What the words are made of."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Of the inputs; none where they have no weights of their own."""

    @property
    @abstractmethod
    def norms(self) -> np.ndarray:
        """Of the weights that leave each input, (strengths, trials, inputs)."""

    def _page(self, command: str, most: int = MOST) -> Page:
        return path_page(self, command, most)

    def _repr_html_(self) -> str:
        facts, study = self.facts(), self.sweep.study
        rows = rows_of(study.table, study.overlap)
        table = points_table(self.sweep.grid, rows, study, marks_of(facts.sweep))
        return snippet(f"{len(facts.table)} strengths", table, path_in_words(facts))


def path_page(one: ReportedPath, command: str = "", most: int = MOST) -> Page:
    """The page of a path.

    Args:
        one: the path.
        command: how it was made, where Python code does not say so.
        most: strengths that it shows.
    """
    facts, study, grid = one.facts(), one.sweep.study, one.sweep.grid
    rows, part = rows_of(study.table, study.overlap), part_of(grid, marks_of(facts.sweep), most)
    trained, best = trained_of(study, rows), part.grid.points[part.marks[0]]
    left = {grid.points[i].name: left_in_words(facts, i) for i in part.which}
    figures = points_table(part.grid, [rows[i] for i in part.which], study, part.marks)
    curve = grid_picture(one.sweep, facts.sweep, part, figures)
    picture = _inputs_picture(one, facts, part) if one.names else _weights_picture(facts, part)
    base = {"at all strengths": str(grid.base)} if grid.base.techniques else {}
    sections = [
        Section("path", "The path", words=path_in_words(facts), pictures=[curve]),
        Section("left", "What is left", pictures=[picture], tables=_inputs_tables(facts)),
        # Upwards, whatever has a penalty has trained for longer than what has none.
        None if facts.zero_from is None else off_verdicts(one.sweep, part),
        diagnosis_section(trained.diagnosis, telling(part)),
        network_section(study.task, base, study.notes),
        code_section(path_code(run_of(study), grid, one.sweep.on), command),
    ]
    return Page(
        title=f"From none to all zero: the path of {grid.axes[0].words}",
        answer=path_answer(facts),
        facts=[("Best", at(grid.axes, best.values)), *facts_of(study.task, study.results)],
        explorer=grid_explorer(part, trained, left),
        sections=[section for section in sections if section],
        version=version(),
    )


def _inputs_picture(one: ReportedPath, facts: PathFacts, part: Part) -> Picture:
    """What leaves each input; those that last longest are named."""
    norms = one.norms.mean(axis=1)
    order = _lasting(one, facts)[:_MOST_DRAWN]
    shown = norms[list(part.which)]
    rows = [{"label": one.names[i], "values": short_list(shown[:, i])} for i in order]
    some_go = bool((norms == 0).any())
    which = "last longest" if some_go else "are the largest"
    named = min(_MOST_NAMED, len(rows))
    words = (
        "The norm of the weights that leave each input, the mean over trainings. "
        f"The {named} that {which} have a name and a color."
    )
    if len(rows) < len(one.names):
        words += f" Of {len(one.names):,} inputs {len(rows)} are drawn."
    return _lines("What leaves each input", "norm", words, rows, named, facts, part)


def _lasting(one: ReportedPath, facts: PathFacts) -> list[int]:
    """The inputs in the order of the table: the one that lasts longest first."""
    places = {name: i for i, name in enumerate(one.names)}
    return [] if facts.inputs is None else [places[name] for name in facts.inputs["input"]]


def _weights_picture(facts: PathFacts, part: Part) -> Picture:
    column = "norm" if (facts.table["weights"] == facts.table["of_weights"]).all() else "weights"
    title = {"norm": "Norm of the weights", "weights": "Weights that are not zero"}[column]
    values = facts.table[column].to_numpy(float)[list(part.which)]
    rows = [{"label": title, "values": short_list(values)}]
    words = f"{title}, of those that the penalty acts on, the mean over trainings."
    return _lines(title, column, words, rows, 0, facts, part)


def _lines(
    title: str,
    what: str,
    words: str,
    rows: Sequence[Mapping[str, object]],
    named: int,
    facts: PathFacts,
    part: Part,
) -> Picture:
    data = {"axes": axes_of(part.grid), "lines": rows, "named": named, "words": what}
    return Picture("lines", title, words, _left_table(facts, part), data)


def _left_table(facts: PathFacts, part: Part) -> Table:
    """What is left at each strength."""
    table, axis = facts.table, facts.sweep.grid.axes[0]
    has_inputs = bool(np.isfinite(table["inputs"]).any())
    shown = table.iloc[list(part.which)].to_dict("records")
    rows = [
        [
            axis.show(value),
            *([f"{row['inputs']:.1f}"] if has_inputs else []),
            f"{row['weights']:,.0f}",
            f"{row['norm']:.3g}",
        ]
        for value, row in zip(part.grid.values[0], shown, strict=True)
    ]
    first = table.iloc[0]
    inputs = [f"inputs of {first['of_inputs']}"] if has_inputs else []
    head = [axis.words, *inputs, f"weights of {first['of_weights']:,}", "norm of the weights"]
    caption = "What is left at each strength, means over trainings"
    return Table(caption, head, rows, frozenset({part.marks[0]}))


def _inputs_tables(facts: PathFacts) -> list[Table]:
    """A row an input, the one that lasts longest first; none where nothing goes out."""
    inputs = facts.inputs
    if inputs is None or not np.isfinite(inputs["out_from"]).any():
        return []
    rows = [[row["input"], *_out(row)] for _, row in inputs.head(_MOST_LISTED).iterrows()]
    head = ["input", "out from", "least to most", "at the best"]
    less = f": {len(rows):,} of {len(inputs):,}" if len(rows) < len(inputs) else ""
    return [Table(f"Inputs, the one that lasts longest first{less}", head, rows)]


def _out(row: pd.Series) -> list[str]:
    ends = " to ".join(_strength(row[end]) for end in ("low", "high"))
    return [_strength(row["out_from"]), ends, f"{100 * row['survives']:.0f} %"]


def _strength(value: float) -> str:
    return NOTHING if math.isinf(value) else short_number(value)
