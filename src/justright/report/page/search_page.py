"""The page of a search: how it went, the finalists, and what the choice is worth."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from justright.engine.trial import TrialResult
from justright.evidence.diagnosis import Diagnosis
from justright.evidence.interval import Interval
from justright.evidence.measure import Measure
from justright.regularizers.recipe import Recipe
from justright.report.capital import capital
from justright.report.page.page import HasPage, Page, Picture, Section, Table
from justright.report.page.parts import (
    diagnosis_section,
    network_in_words,
    network_section,
    rows_in_words,
    verdicts_section,
)
from justright.report.page.search_again import again_section, choice_section
from justright.report.page.search_choices import choices_of, strands
from justright.report.page.search_explorer import (
    MOST,
    Tried,
    choices_table,
    search_explorer,
    shown_trainings,
)
from justright.report.page.search_parts import CHOICE, PLAIN, ingredients_section, telling_of
from justright.report.page.series import short
from justright.report.page.study_page import diagnosis_of, version
from justright.report.page.trained import NOTHING
from justright.report.search import Facts, search_words, verdict_words
from justright.report.snippet import snippet

if TYPE_CHECKING:
    import pandas as pd


# Of more trainings than these the picture holds only those that can be explored.
_MOST_DRAWN = 20_000


class ReportedSearch(HasPage):
    """A search that writes a report of itself, and shows itself in a notebook.

    Attributes:
        hunt: how it went; `hunt.explorer.shapes.of(point)` has the task of a choice.
        records: of all trainings.
        budget: that it had.
    """

    hunt: Any
    records: Sequence[Any]
    budget: Any

    @property
    @abstractmethod
    def facts(self) -> Facts:
        """What the words are made of."""

    @property
    @abstractmethod
    def history(self) -> pd.DataFrame:
        """One row a training, in the order of training."""

    @property
    @abstractmethod
    def finalists(self) -> pd.DataFrame:
        """One row a finalist, best first."""

    @property
    @abstractmethod
    def recipe(self) -> Recipe:
        """The recipe of the choice."""

    @property
    @abstractmethod
    def point(self) -> Any:
        """The choice: what is on, by name."""

    def _page(self, command: str, most: int = MOST) -> Page:
        return search_page(self, command, most)

    def _repr_html_(self) -> str:
        facts = self.facts
        table = _finalists_table(self.finalists, facts.measure) if facts.fresh else None
        return snippet(f"{len(self.history)} trainings", table, search_words(facts))


def search_page(one: ReportedSearch, command: str = "", most: int = MOST) -> Page:
    """The page of a search.

    Args:
        one: the search.
        command: how it was made, where Python code does not say so.
        most: trainings that it shows.
    """
    facts, history = one.facts, one.history
    setup = one.hunt.explorer.shapes.of(one.point)
    finalists = _finalists_table(one.finalists, facts.measure) if facts.fresh else None
    verdicts = [facts.verdict] if facts.verdict is not None else []
    every = _tried(one)
    which = shown_trainings(every, history, facts.measure, min(most, MOST))
    tried, shown = [every[i] for i in which], history.iloc[which]
    pictures = [_picture(one, which)]
    if choices_of(shown):
        table = choices_table(tried, shown, facts.measure)
        pictures.append(strands(shown, facts.measure, table))
    few = (
        f"So that this page stays small, it shows {len(which):,} of {len(every):,} trainings: the "
        "best, and those of the choice and of the plain network. `history` in Python has all."
    )

    def diagnosed(results: Sequence[TrialResult]) -> Diagnosis | None:
        return diagnosis_of(setup.task, results, setup.features, setup.asked)

    explorer = search_explorer(tried, shown, facts.measure, facts.test is not None, diagnosed)
    notes = [few] if len(which) < len(every) else []
    sections = [
        Section(
            "search",
            "The search",
            words=search_words(facts),
            pictures=pictures,
        ),
        Section("finalists", "The finalists", tables=[finalists]) if finalists else None,
        verdicts_section(verdicts, "The choice beside no regularization, with fresh seeds."),
        ingredients_section(one, every),
        diagnosis_section(diagnosed(telling_of(every, history)), (CHOICE, PLAIN)),
        network_section(setup.task, {"chosen": str(one.recipe)}, setup.notes),
        again_section(one, command),
        choice_section(one, every),
    ]
    return Page(
        title="What a search has found",
        answer=_answer(facts),
        facts=[
            ("Chosen", facts.recipe),
            ("Network", network_in_words(setup.task.blueprint)),
            ("Learning rate", f"{facts.learning_rate:g}"),
            ("Rows", rows_in_words(setup.task)),
            ("Trainings", f"{facts.explored} that explored, {facts.fresh} with fresh seeds"),
        ],
        explorer=replace(explorer, notes=[*notes, *explorer.notes]),
        sections=[section for section in sections if section],
        version=version(),
    )


def _tried(one: ReportedSearch) -> list[Tried]:
    """The trainings, in words."""
    explorer, plain = one.hunt.explorer, one.hunt.plain
    settings, shapes = explorer.settings, explorer.shapes
    return [
        Tried(
            recipe=str(settings.space.recipe(record.point)),
            network="-".join(map(str, shapes.hidden(record.point) or ())),
            rate=float(record.point.get("learning_rate") or shapes.setup.learning_rate),
            result=record.shown,
            chosen=record.point == one.point,
            plain=record.point == plain,
        )
        for record in one.records
    ]


def _answer(facts: Facts) -> str:
    measure = facts.measure
    figures = {"validation": facts.validation, "test": facts.test}
    reached = " and ".join(
        f"{name} {measure.words} {_shown(one, measure)}"
        for name, one in figures.items()
        if one is not None
    )
    gap = measure.show_difference(facts.gap.mean)
    said = f"{capital(facts.recipe)} was chosen: {reached}, gap {gap}."
    return said if facts.verdict is None else f"{said} {verdict_words(facts.verdict)}"


def _shown(one: Interval, measure: Measure) -> str:
    if not one.enough:
        return measure.show(one.mean)
    low, high = measure.show_interval(one.low, one.high)
    return f"{measure.show(one.mean)} (95% interval {low} to {high})"


def _finalists_table(finalists: pd.DataFrame, measure: Measure) -> Table:
    has_test = bool(finalists["test"].notna().any())
    parts = ["train", "validation", *(["test"] if has_test else [])]
    rows = [
        [
            row["recipe"],
            row["network"] or NOTHING,
            f"{row['learning_rate']:.2g}",
            str(row["seeds"]),
            *(measure.show(row[part]) if math.isfinite(row[part]) else NOTHING for part in parts),
            measure.show_difference(row["gap"]).removesuffix(" points"),
        ]
        for row in finalists.to_dict("records")
    ]
    unit = " in points" if measure.is_share else ""
    head = ["recipe", "network", "learning rate", "fresh seeds", *parts, f"gap{unit}"]
    chosen = frozenset(i for i, mine in enumerate(finalists["chosen"]) if mine)
    return Table("Means over fresh seeds, best first", head, rows, chosen)


def _picture(one: ReportedSearch, which: Sequence[int]) -> Picture:
    facts, history = one.facts, one.history
    measure = facts.measure
    ended = history["outcome"].isin(["finished", "stopped"])
    fresh = history["stage"] == "final"
    best = history["val_metric"].where(ended & ~fresh)
    best = (best.cummax() if measure.higher_is_better else best.cummin()).ffill()
    drawn = list(which) if len(history) > _MOST_DRAWN else list(range(len(history)))
    place = {training: i for i, training in enumerate(drawn)}
    names = ["training", "stage", "outcome", f"validation {measure.words}", "epochs"]
    rows = [
        [
            str(row["training"] + 1),
            row["stage"],
            row["outcome"],
            measure.show(row["val_metric"]) if math.isfinite(row["val_metric"]) else NOTHING,
            str(row["epochs_run"]),
        ]
        for row in history.iloc[list(which)].to_dict("records")
    ]
    data = {
        "values": _shorts(history["val_metric"].to_numpy(float)[drawn]),
        "best": _shorts(best.where(~fresh).to_numpy(float)[drawn]),
        "early": (~ended).to_numpy()[drawn].tolist(),
        "fresh": fresh.to_numpy()[drawn].tolist(),
        "share": measure.is_share,
        "numbers": [i + 1 for i in drawn],
        "which": [place[i] for i in which],
    }
    words = (
        f"Validation {measure.words} of each training; the line is the best so far, pale points "
        "were given up early, squares are fresh seeds of finalists."
    )
    table = Table("Trainings, in order", names, rows)
    return Picture("history", f"Validation {measure.words} by training", words, table, data)


def _shorts(values: Iterable[float]) -> list[float | None]:
    return [short(float(value)) for value in values]
