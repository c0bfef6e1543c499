"""The page of contributions: techniques to switch on and off, and what each of them brings."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from justright.evidence.contributions import Worths, present
from justright.evidence.contributions_in_words import answer_in_words
from justright.evidence.interval import Interval
from justright.evidence.measure import Measure
from justright.evidence.summary import rows_of
from justright.regularizers.neutral import without_neutral
from justright.regularizers.recipe import Recipe
from justright.report.page.code import Run, contributions_code
from justright.report.page.page import MOST, Control, Explorer, HasPage, Page, Section
from justright.report.page.parts import (
    contributions_section,
    contributions_table,
    diagnosis_section,
    network_section,
    recipes_table,
)
from justright.report.page.study_page import (
    Reported,
    code_section,
    facts_of,
    trained_of,
    version,
)
from justright.report.page.trained import Trained, explorer_of
from justright.report.snippet import snippet

if TYPE_CHECKING:
    import pandas as pd

_SWITCH = ("off", "on")


class ReportedContributions(HasPage):
    """Contributions that write a report of themselves, and show themselves in a notebook."""

    recipe: str
    worths: Worths
    figure: str
    measure: Measure
    study: Any

    @property
    @abstractmethod
    def table(self) -> pd.DataFrame:
        """One row a technique and kind of contribution."""

    @property
    @abstractmethod
    def interactions(self) -> pd.DataFrame:
        """One row a pair of techniques."""

    @property
    @abstractmethod
    def whole(self) -> Interval | None:
        """By how much the recipe is better than none."""

    @abstractmethod
    def summary(self) -> str:
        """One paragraph, true of the numbers."""

    def _page(self, command: str, most: int = MOST) -> Page:
        return contributions_page(self, command, most)

    def _repr_html_(self) -> str:
        table = contributions_table(self)
        return snippet(f"What each technique brings: {self.recipe}", table, self.summary())


def contributions_page(one: ReportedContributions, command: str = "", most: int = MOST) -> Page:
    """The page of contributions.

    Args:
        one: the contributions.
        command: how they were made, where Python code does not say so.
        most: parts that it shows.
    """
    study: Reported = one.study
    recipes = {result.trial.name: result.trial.recipe for result in study.results}
    full = without_neutral(recipes[one.recipe])
    every = {name: part for name, r in recipes.items() if (part := present(r, full)) is not None}
    parts = _shown(every, one.recipe, most)
    rows = rows_of(study.table, study.overlap)
    trained = trained_of(study, rows)
    mine = [row for row in rows if row.recipe in parts]
    at = [row.recipe for row in mine].index(one.recipe)
    table = recipes_table(mine, study.metric, study.has_test, frozenset({at}))
    results = [result for result in study.results if result.trial.name in every]
    orders = None if one.worths.orders is None else len(one.worths.orders[0])
    run = Run(study.task, [result.trial for result in results], study.asked)
    code = contributions_code(run, full, orders)
    words = {name: str(without_neutral(recipes[name])) for name in parts}
    sections = [
        contributions_section(one),
        Section("parts", "All parts of the recipe", tables=[table]),
        diagnosis_section(trained.diagnosis, [one.recipe]),
        network_section(study.task, words, study.notes, "part"),
        code_section(code, command),
    ]
    return Page(
        title="What each technique brings",
        answer=answer_in_words(one.recipe, one.whole, one.table, one.figure, one.measure),
        facts=[("Recipe", str(full)), *facts_of(study.task, results, each="part")],
        explorer=_explorer(one, full, parts, trained, len(every)),
        sections=[section for section in sections if section],
        version=version(),
    )


def _shown(parts: Mapping[str, frozenset[int]], whole: str, most: int) -> dict[str, frozenset[int]]:
    """All parts, or of more than a page shows the whole recipe and the smallest and largest."""
    if len(parts) <= most:
        return dict(parts)
    full = len(parts[whole])
    order = sorted(parts, key=lambda name: min(len(parts[name]), full - len(parts[name])))
    chosen = {whole, *order[: max(most - 1, 1)]}
    return {name: part for name, part in parts.items() if name in chosen}


def _explorer(
    one: ReportedContributions,
    full: Recipe,
    parts: Mapping[str, frozenset[int]],
    trained: Trained,
    count: int,
) -> Explorer:
    """A switch for each technique; where not all parts are shown, a list of those that are."""
    # A study of many recipes may hold a part twice.
    first: dict[frozenset[int], str] = {}
    for name, part in parts.items():
        first.setdefault(part, name)
    shown = list(first.values())
    places: dict[str, tuple[Sequence[int], str]]
    notes = []
    if len(parts) < count:
        notes = [
            f"So that this page stays small, it shows {len(parts):,} of {count:,} parts of the "
            "recipe: those of few techniques, and those that lack few. The study's table in "
            "Python has all."
        ]
    if one.worths.complete and not notes:
        controls = [Control(t, _SWITCH, 1, is_strength=False) for t in one.worths.names]
        members = range(len(full.techniques))
        places = {name: ([int(i in parts[name]) for i in members], name) for name in shown}
    else:
        start = shown.index(one.recipe)
        controls = [Control("part of the recipe", shown, start, is_strength=False)]
        places = {name: ([i], name) for i, name in enumerate(shown)}
    whole = shown.index(one.recipe)
    none = next((i for i, name in enumerate(shown) if not parts[name]), None)
    jumps = [("The whole recipe", whole), *([] if none is None else [("None of it", none)])]
    beside = whole if none is None else none
    return explorer_of(trained, controls, places, jumps, beside, shown[beside], notes=notes)
