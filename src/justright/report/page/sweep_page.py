"""The page of a sweep: sliders over the strengths, and the picture that they move in."""

from __future__ import annotations

from justright.evidence.summary import rows_of
from justright.evidence.sweep_summary import at, best_in_words, need_in_words, sweep_in_words
from justright.report.capital import capital
from justright.report.page.code import sweep_code
from justright.report.page.grid_parts import (
    OnGrid,
    grid_explorer,
    grid_picture,
    joined,
    marks_of,
    off_verdicts,
    part_of,
    points_table,
    telling,
)
from justright.report.page.page import MOST, HasPage, Page, Section
from justright.report.page.parts import contributions_section, diagnosis_section, network_section
from justright.report.page.study_page import (
    code_section,
    facts_of,
    parts_brought,
    run_of,
    trained_of,
    version,
)
from justright.report.snippet import snippet


class ReportedSweep(HasPage, OnGrid):
    """A sweep that writes a report of itself, and shows itself in a notebook."""

    def _page(self, command: str, most: int = MOST) -> Page:
        return sweep_page(self, command, most)

    def _repr_html_(self) -> str:
        facts, study = self.facts(), self.study
        rows = rows_of(study.table, study.overlap)
        table = points_table(self.grid, rows, study, marks_of(facts))
        count = len(self.grid.points)
        return snippet(f"{count} points", table, sweep_in_words(facts))


def sweep_page(one: ReportedSweep, command: str = "", most: int = MOST) -> Page:
    """The page of a sweep.

    Args:
        one: the sweep.
        command: how it was made, where Python code does not say so.
        most: points that it shows.
    """
    study, grid, facts = one.study, one.grid, one.facts()
    rows, part = rows_of(study.table, study.overlap), part_of(grid, marks_of(facts), most)
    trained, best = trained_of(study, rows), part.grid.points[part.marks[0]]
    table = points_table(part.grid, [rows[i] for i in part.which], study, part.marks)
    picture = grid_picture(one, facts, part, table)
    over = {axis.name: values for axis, values in zip(grid.axes, grid.values, strict=True)}
    base = {"in all points": str(grid.base)} if grid.base.techniques else {}
    sections = [
        Section("sweep", "The sweep", words=sweep_in_words(facts), pictures=[picture]),
        off_verdicts(one, part),
        contributions_section(parts_brought(study, best.name)),
        diagnosis_section(trained.diagnosis, telling(part)),
        network_section(study.task, base, study.notes),
        code_section(sweep_code(run_of(study), over, grid.base, one.on), command),
    ]
    strengths = joined([axis.words for axis in grid.axes])
    return Page(
        title=f"{capital(strengths)}: how much is just right",
        answer=" ".join([best_in_words(facts), *need_in_words(facts)]),
        facts=[("Best", at(grid.axes, best.values)), *facts_of(study.task, study.results)],
        explorer=grid_explorer(part, trained),
        sections=[section for section in sections if section],
        version=version(),
    )
