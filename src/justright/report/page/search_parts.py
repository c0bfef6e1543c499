"""What a search's page says of techniques, and of what ails the choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from justright.engine.trial import TrialResult
from justright.report.page.code import contributions_code
from justright.report.page.page import Section, Table
from justright.report.page.search_again import run_of_choice
from justright.report.page.search_explorer import Tried, named
from justright.report.page.trained import NOTHING

if TYPE_CHECKING:
    import pandas as pd

    from justright.report.page.search_page import ReportedSearch

CHOICE, PLAIN = "the choice", "no regularization"
_BEST = 0.1
_SHARES = (
    "How often each technique stands in what was trained. A search trains few recipes that differ "
    "in one technique alone, so these shares say what it kept, and not what a technique brings."
)


def ingredients_section(one: ReportedSearch, every: Sequence[Tried]) -> Section | None:
    """How often techniques were chosen, and how to see what each brings; None without any.

    Args:
        one: the search.
        every: its trainings.
    """
    able = one.hunt.explorer.settings.space.ingredients
    if not able:
        return None
    counted = _counted(one)
    rows = [
        [
            part.name,
            "yes" if part.is_in(one.point) else "no",
            *(_share([part.is_in(point) for point in points]) for points in counted.values()),
        ]
        for part in able
    ]
    # Those that the best have most often come first.
    best = list(counted.values())[-2]
    order = np.argsort([-sum(part.is_in(point) for point in best) for part in able], kind="stable")
    head = ["technique", "in the choice", *counted]
    table = Table("Recipes that have each technique", head, [rows[i] for i in order])
    if not one.recipe.techniques:
        return Section("contributions", "Which ingredients were kept", [_SHARES], tables=[table])
    if len(one.recipe.techniques) == 1:
        said = (
            "The choice is one technique: the verdict against no regularization is what it brings."
        )
        paragraphs = [_SHARES, said]
        return Section("contributions", "Which ingredients were kept", paragraphs, tables=[table])
    said = (
        "What each technique of the choice brings, this code measures: it trains the choice "
        "without some of them (on the command line: justright contributions)."
    )
    code = contributions_code(run_of_choice(one, every), one.recipe, None)
    return Section(
        "contributions", "Which ingredients were kept", [_SHARES, said], tables=[table], code=code
    )


def telling_of(every: Sequence[Tried], history: pd.DataFrame) -> list[TrialResult]:
    """The trainings of the choice and of the plain recipe, with fresh seeds where there are such.

    Args:
        every: the trainings of a search.
        history: its table.
    """
    found = []
    for name, mine in (
        (CHOICE, [one.chosen for one in every]),
        (PLAIN, [one.plain and not one.chosen for one in every]),
    ):
        fresh = np.array(mine, bool) & (history["stage"] == "final").to_numpy()
        which = np.flatnonzero(fresh if fresh.any() else mine).tolist()
        results = [every[i].result for i in which]
        found += [named(result, name) for result in results if result is not None]
    return found


def _counted(one: ReportedSearch) -> dict[str, list[Any]]:
    """The points of which techniques are counted, by what they are; the same point once."""
    history = one.history
    explored = [r.point for r in one.records if r.stage == "explore"]
    ended = history[(history["stage"] == "explore") & history["val_metric"].notna()]
    up = not one.facts.measure.higher_is_better
    ranked = ended.sort_values("val_metric", ascending=up, kind="stable").index.tolist()
    best = [one.records[i].point for i in ranked[: max(1, round(_BEST * len(ranked)))]]
    finals = {repr(sorted(r.point.items())): r.point for r in one.records if r.stage == "final"}
    judged = {"finalists": list(finals.values())} if finals else {}
    return {**judged, "best tenth": best, "all explored": explored}


def _share(mine: Sequence[bool]) -> str:
    return f"{sum(mine):,} of {len(mine):,}" if mine else NOTHING
