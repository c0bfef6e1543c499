"""The page of a study: recipes side by side."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from justright.data.asked import Asked
from justright.engine.program import Task
from justright.engine.trial import TrialResult
from justright.errors import DataError
from justright.evidence.diagnosis import Diagnosis
from justright.evidence.diagnosis_means import Means
from justright.evidence.diagnosis_trials import diagnosis_of_trials
from justright.evidence.evidence import Evidence
from justright.evidence.summary import Row, rows_of
from justright.evidence.verdicts import correction_in_words
from justright.report.page.code import Run, compare_code
from justright.report.page.page import MOST, Control, HasPage, Page, Picture, Section
from justright.report.page.parts import (
    contributions_section,
    diagnosis_section,
    network_in_words,
    network_section,
    recipes_table,
    rows_in_words,
    verdicts_section,
)
from justright.report.page.series import short
from justright.report.page.trained import Trained, explorer_of
from justright.report.snippet import snippet

if TYPE_CHECKING:
    from justright.report.contributions import Contributions

_MOST_DIAGNOSED = 6


class Reported(HasPage, Evidence):
    """A study that writes a report of itself, and shows itself in a notebook."""

    task: Task
    results: Sequence[TrialResult]
    notes: tuple[str, ...]
    features: tuple[str, ...]
    asked: Asked | None

    @abstractmethod
    def contributions(self, recipe: str | None = None, on: str | None = None) -> Contributions:
        """What each technique of a recipe brings, as far as the study holds parts of it."""

    def _page(self, command: str, most: int = MOST) -> Page:
        return study_page(self, command, most)

    def _repr_html_(self) -> str:
        measure, rows = self.metric, rows_of(self.table, self.overlap)
        table = recipes_table(rows, measure, self.has_test, frozenset())
        return snippet(f"{len(self.results)} trainings", table, self.summary())


def study_page(one: Reported, command: str = "", most: int = MOST) -> Page:
    """The page of a study.

    Args:
        one: the study.
        command: how it was made, where Python code does not say so.
        most: recipes that it shows.
    """
    measure, every = one.metric, rows_of(one.table, one.overlap)
    trained = trained_of(one, every)
    rows = _shown(every, measure.higher_is_better, most)
    names = [row.recipe for row in rows]
    best = best_of(rows, measure.higher_is_better)
    recipes = {r.trial.name: r.trial.recipe for r in one.results}
    baseline = names[0]
    table = recipes_table(rows, measure, one.has_test, frozenset({best}))
    control = Control("recipe", names, best, is_strength=False)
    places = {name: ([i], name) for i, name in enumerate(names)}
    picture = Picture(
        "dumbbells",
        f"{measure.words.capitalize()} of each recipe",
        f"Means over runs of {measure.words} on training and validation rows"
        + (" and on test rows" if one.has_test else "")
        + "; the distance between the first two is the gap.",
        table,
        {"rows": [_dots(row, one.has_test) for row in rows], "share": measure.is_share},
    )
    notes = _left_away(names, every, baseline)
    said = "This code trains the recipes that are on this page." if notes else ""
    sections = [
        Section("recipes", "All recipes", words=one.summary(), pictures=[picture]),
        _verdicts(one, baseline, names),
        contributions_section(parts_brought(one, None)),
        diagnosis_section(trained.diagnosis, _telling(names, best)),
        network_section(one.task, {n: str(recipes[n]) for n in names}, one.notes),
        code_section(compare_code(run_of(one), {n: recipes[n] for n in names}), command, said),
    ]
    return Page(
        title=f"{len(recipes)} recipe{'s' * (len(recipes) > 1)} for a network",
        answer=_answer(one, rows, best),
        facts=facts_of(
            one.task, one.results, rows[best] if rows[best].gap.count else None, "recipe"
        ),
        explorer=explorer_of(trained, [control], places, [], 0, baseline, notes=notes),
        sections=[section for section in sections if section],
        version=version(),
    )


def trained_of(one: Reported, rows: Sequence[Row]) -> Trained:
    """What was trained, with its diagnosis."""
    results = {name: [r for r in one.results if r.trial.name == name] for name in one.recipes}
    by_name = {row.recipe: row for row in rows}
    found = diagnosis_of(one.task, one.results, one.features, one.asked)
    return Trained(results, by_name, one.metric, one.has_test, found)


def best_of(rows: Sequence[Row], higher_is_better: bool) -> int:
    """The position of the best validation figure; the first where all failed."""
    values = np.array([row.validation for row in rows]) * (1 if higher_is_better else -1)
    return int(np.nanargmax(values)) if np.isfinite(values).any() else 0


def _shown(rows: Sequence[Row], higher_is_better: bool, most: int) -> list[Row]:
    """All recipes, or of more than a page shows the first, which is the baseline, and the best."""
    if len(rows) <= most:
        return list(rows)
    values = np.array([row.validation for row in rows]) * (-1 if higher_is_better else 1)
    order = np.argsort(np.where(np.isfinite(values), values, np.inf), kind="stable")
    chosen = {0, *order[: max(most - 1, 1)].tolist()}
    return [row for i, row in enumerate(rows) if i in chosen]


def _left_away(shown: Sequence[str], every: Sequence[Row], baseline: str) -> list[str]:
    if len(shown) == len(every):
        return []
    return [
        f"So that this page stays small, it shows {len(shown):,} of {len(every):,} recipes: the "
        f"best on the validation rows, and {baseline}. A study's table in Python has all."
    ]


def facts_of(
    task: Task, results: Sequence[TrialResult], best: Row | None = None, each: str = "point"
) -> list[tuple[str, str]]:
    """What the answer rests on.

    Args:
        task: with network and rows.
        results: of the trainings.
        best: the best recipe, where it is not said elsewhere.
        each: what trainings of other seeds and splits have in common, in a word.
    """
    epochs = max(r.trial.epochs for r in results)
    facts = [] if best is None else [("Best recipe", best.recipe)]
    return [
        *facts,
        ("Network", network_in_words(task.blueprint)),
        ("Rows", rows_in_words(task)),
        ("Trainings", f"{_count(results, each)}, up to {epochs:,} epochs each"),
    ]


def _count(results: Sequence[TrialResult], each: str) -> str:
    """`"48 (16 points × 3 seeds)"`."""
    trials = [result.trial for result in results]
    counts = {
        each: len({trial.name for trial in trials}),
        "seed": len({trial.seed for trial in trials}),
        "split": len({trial.split for trial in trials}),
    }
    product = " × ".join(
        f"{count:,} {name}{'s' * (count > 1)}"
        for name, count in counts.items()
        if count > 1 or name == "seed"
    )
    missing = math.prod(counts.values()) - len(trials)
    less = f", {missing:,} of them missing" if missing else ""
    return f"{len(trials):,} ({product}{less})"


def parts_brought(one: Reported, recipe: str | None) -> Contributions | None:
    """What the techniques of a recipe bring; None where the study cannot tell."""
    try:
        found = one.contributions(recipe)
    except DataError:
        return None
    return None if found.table.empty else found


def run_of(one: Reported) -> Run:
    """What the code trains again."""
    return Run(one.task, [result.trial for result in one.results], one.asked)


def code_section(code: str, command: str, said: str = "") -> Section:
    """The code that trains the same again.

    Args:
        code: as Python.
        command: how it was made, where Python code does not say so.
        said: what the code does, where that is not all of it.
    """
    return Section("code", "Do it again", [said], command=command, code=code)


def version() -> str:
    """That of justright."""
    import justright

    return justright.__version__


def diagnosis_of(
    task: Task,
    results: Sequence[TrialResult],
    features: tuple[str, ...],
    asked: Asked | None,
) -> Diagnosis | None:
    """What ails some trainings, recipe by recipe; None where all were given up.

    Args:
        task: of the trainings.
        results: of them.
        features: names of the inputs.
        asked: how the rows were asked for; None where nothing says so.
    """
    try:
        means = Means.of_trials(task, results, features, asked)
        return diagnosis_of_trials(task, results, features, means)
    except DataError:
        return None


def _answer(one: Reported, rows: Sequence[Row], best: int) -> str:
    measure, row, base = one.metric, rows[best], rows[0]
    if not row.gap.count:
        return "All trials failed: their losses became infinite or not a number."
    figure = f"validation {measure.words} {measure.show(row.validation)}"
    if len(rows) == 1:
        gap = measure.show_difference(row.gap.mean)
        return f"{row.recipe} reaches {figure}, with a gap of {gap} to the rows it trained on."
    if best == 0:
        return f"None of the others does better than {base.recipe}: {figure}."
    verdict = next(v for v in one.verdicts(base.recipe) if v.a == row.recipe)
    return f"{row.recipe} does best on the validation rows, with {figure}. {verdict}"


def _verdicts(one: Reported, baseline: str, shown: Sequence[str]) -> Section | None:
    if len(one.recipes) < 2:
        return None
    verdicts = one.verdicts(baseline)
    count = verdicts[0].comparisons
    told = [verdict for verdict in verdicts if verdict.a in set(shown)]
    return verdicts_section(told, correction_in_words(count) if count > 1 else "")


def _telling(recipes: Sequence[str], best: int) -> list[str]:
    """The recipes whose diagnosis is told: all, or of many the baseline and the best."""
    return list(recipes) if len(recipes) <= _MOST_DIAGNOSED else [recipes[0], recipes[best]]


def _dots(row: Row, has_test: bool) -> dict[str, object]:
    return {
        "label": row.recipe,
        "train": short(row.train),
        "validation": short(row.validation),
        "test": short(row.test) if has_test else None,
    }
