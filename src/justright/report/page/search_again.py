"""The code of a search's page: the search again, and its choice alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from justright.engine.trial import Trial
from justright.report.page.code import Run, compare_code, search_code
from justright.report.page.page import Section
from justright.report.page.search_explorer import Tried
from justright.report.page.study_page import code_section

if TYPE_CHECKING:
    from justright.report.page.search_page import ReportedSearch


def again_section(one: ReportedSearch, command: str) -> Section:
    """The search again.

    Args:
        one: the search.
        command: how it was made, where Python code does not say so.
    """
    setup = one.hunt.explorer.shapes.setup
    trial = Trial("", one.recipe, 0, 0, setup.epochs, setup.learning_rate)
    code = search_code(Run(setup.task, [trial], setup.asked), one.hunt.asked(one.budget))
    same = "with the same numbers" if one.budget.seconds is None else "for as long"
    return code_section(code, command, f"This code searches again, {same}.")


def choice_section(one: ReportedSearch, every: Sequence[Tried]) -> Section:
    """The choice alone, which takes less than to search.

    Args:
        one: the search.
        every: its trainings.
    """
    explorer, run = one.hunt.explorer, run_of_choice(one, every)
    plain = explorer.settings.space.recipe(one.hunt.plain)
    recipes = {"plain": plain} if plain != one.recipe else {}
    recipes["chosen"] = one.recipe
    fresh = _is_judged(one, every)
    count = f"{len(run.trials)} fresh seed{'s' * (len(run.trials) > 1)}" if fresh else "seed"
    of = "its finals" if fresh else "its exploration"
    beside = f" beside {plain} on the same network, at the same learning rate," * (len(recipes) > 1)
    said = f"This code trains the choice{beside} with the {count} of {of}."
    code = compare_code(run, recipes)
    return Section("choice", "Train the choice alone", [said], code=code)


def run_of_choice(one: ReportedSearch, every: Sequence[Tried]) -> Run:
    """The trainings of the choice with fresh seeds, or of its exploration where there are none.

    Args:
        one: the search.
        every: its trainings.
    """
    setup = one.hunt.explorer.shapes.of(one.point)
    mine = one.history[[training.chosen for training in every]]
    stage = mine[mine["stage"] == "final"] if _is_judged(one, every) else mine
    seeds = sorted(stage["seed"].unique().tolist())
    rate = one.facts.learning_rate
    trials = [Trial("chosen", one.recipe, seed, 0, setup.epochs, rate) for seed in seeds]
    return Run(setup.task, trials, setup.asked)


def _is_judged(one: ReportedSearch, every: Sequence[Tried]) -> bool:
    mine = one.history[[training.chosen for training in every]]
    return bool((mine["stage"] == "final").any())
