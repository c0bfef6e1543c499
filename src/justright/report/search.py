"""A search for people: progress, words, and the figure of how it went."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from justright.evidence.interval import Interval
from justright.evidence.measure import Measure
from justright.evidence.verdict import Verdict
from justright.report.capital import capital
from justright.report.curves import FAINT, INK, TRAIN, VALIDATION

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from rich.table import Table as RichTable


# Fewer trainings are all spent on exploring.
LEAST_BUDGET = 9


@dataclass(frozen=True)
class Facts:
    """What a search says of itself.

    Attributes:
        budget: in words.
        explored, given_up, failed, fresh: trainings.
        seeds, asked_seeds: fresh ones that the finalists had at most, and were to have.
        seeds_cost: trainings that pay for these.
        pays: whether the budget does for at least one, were it spent.
        programs: how many were compiled.
        recipe: the choice, in words.
        units: inputs, hidden units, outputs; None where the model was given.
        learning_rate: of the choice.
        epochs: that a refit trains.
        stops: whether the recipe stops early.
        smallest_gap: whether it was chosen for its gap.
        validation, test, gap: of the choice over its fresh seeds; no test without test rows.
        optimism: of the pick; NaN where it is not known.
        verdict: against the plain recipe; None where that is the choice.
        measure: the metric.
        test_apart: whether test rows had no part in any choice (`Overlap`).
    """

    budget: str
    explored: int
    given_up: int
    failed: int
    fresh: int
    seeds: int
    asked_seeds: int
    seeds_cost: int
    pays: bool
    programs: int
    recipe: str
    units: tuple[int, ...] | None
    learning_rate: float
    epochs: int
    stops: bool
    smallest_gap: bool
    validation: Interval
    test: Interval | None
    gap: Interval
    optimism: float
    verdict: Verdict | None
    measure: Measure
    test_apart: bool = True


def search_words(facts: Facts) -> str:
    """A paragraph, true of the numbers."""
    words = [_course(facts), _choice(facts), *_worth(facts)]
    if facts.verdict is not None:
        words.append(verdict_words(facts.verdict))
    elif facts.fresh:
        words.append("Nothing was better than no regularization on the default network.")
    return " ".join(words)


def _course(facts: Facts) -> str:
    given_up = f", {facts.given_up} of them given up early" if facts.given_up else ""
    failed = f" {_count(facts.failed, 'training')} failed." if facts.failed else ""
    fresh = f", then {facts.fresh} with fresh seeds for the finalists" if facts.fresh else ""
    programs = _count(facts.programs, "compiled program")
    fewer = ""
    if 0 < facts.seeds < facts.asked_seeds:
        had = _count(facts.seeds, "fresh seed")
        fewer = (
            f" The finalists had {had} instead of {facts.asked_seeds}, which a budget of "
            f"{facts.seeds_cost} trainings pays for."
        )
    return f"{facts.explored} trainings explored{given_up}{fresh}; {programs}.{fewer}{failed}"


def _choice(facts: Facts) -> str:
    network = ""
    if facts.units is not None:
        network = f", network {' → '.join(map(str, facts.units))}"
    why = " for its gap, among those within one standard error of the best" * facts.smallest_gap
    return f"Chosen{why}: {facts.recipe}{network}, learning rate {facts.learning_rate:g}."


def _worth(facts: Facts) -> list[str]:
    measure = facts.measure
    name = measure.words
    words = [f"Validation {name} {_shown(facts.validation, measure)}"]
    if not facts.fresh:
        words[0] += (
            " of the one training that it was picked for: others will be worse. No fresh seed was "
            "trained, so nothing is said beside the plain network; "
            + (
                "the search ended before its finalists were known."
                if facts.pays
                else f"a budget of at least {LEAST_BUDGET} trainings has some."
            )
        )
    elif math.isnan(facts.optimism):
        words[0] += f" over {_count(facts.validation.count, 'fresh seed')}."
    else:
        better = "better" if facts.optimism >= 0 else "worse"
        words[0] += (
            f" over {_count(facts.validation.count, 'fresh seed')}; the training that made it a "
            f"finalist was {measure.show_difference(abs(facts.optimism))} {better}."
        )
    gap = measure.show_difference(facts.gap.mean)
    if facts.gap.enough:
        gap += f" ({measure.show_range(facts.gap.low, facts.gap.high)})"
    words.append(f"Gap {gap}.")
    if facts.test is None:
        words.append(
            "The validation rows have chosen, so they still speak well of the choice; only rows "
            "given as test would judge it."
        )
    else:
        part = (
            "that had no part in any choice" if facts.test_apart else "that other splits choose by"
        )
        words.append(f"Test {name} {_shown(facts.test, measure)}, on rows {part}.")
    return words


def verdict_words(verdict: Verdict) -> str:
    """The choice beside the plain network, in a sentence."""
    said = str(verdict).replace("chosen", "the choice").replace("plain", "the plain network")
    return capital(said)


def _shown(interval: Interval, measure: Measure) -> str:
    if not math.isfinite(interval.mean):
        return "–"
    value = measure.show(interval.mean)
    if not interval.enough:
        return value
    ends = measure.show_interval(interval.low, interval.high)
    return f"{value} ({' to '.join(end.removesuffix(' %') for end in ends)})"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def finalists_table(finalists: pd.DataFrame, measure: Measure) -> RichTable:
    """One line a finalist: what it is, its fresh seeds, and the means over them."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    shown.add_column("", no_wrap=True)
    shown.add_column("recipe", overflow="fold", min_width=16)
    sized = bool(finalists["network"].any())
    if sized:
        shown.add_column("network", no_wrap=True)
    shown.add_column("rate", justify="right", no_wrap=True)
    shown.add_column("seeds", justify="right", no_wrap=True)
    parts = ["validation", *(["test"] if finalists["test"].notna().any() else [])]
    for part in parts:
        shown.add_column(part, justify="right", no_wrap=True)
    shown.add_column("gap", justify="right", no_wrap=True)
    for _, row in finalists.iterrows():
        shown.add_row(
            "→" if row["chosen"] else "",
            Text(row["recipe"]),
            *([row["network"]] if sized else []),
            f"{row['learning_rate']:.2g}",
            str(row["seeds"]),
            *(measure.show(row[part]) if math.isfinite(row[part]) else "–" for part in parts),
            measure.show_difference(row["gap"]).removesuffix(" points"),
        )
    return shown


def draw_search(
    history: pd.DataFrame, chosen: Sequence[int], measure: Measure, explored: bool
) -> Figure:
    """Draw every training's validation figure in order, and the best so far.

    Args:
        history: a search's table.
        chosen: the trainings of the choice.
        measure: the metric.
        explored: whether any training explored.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    axes = figure.subplots()
    figures = 100 * history["val_metric"] if measure.is_share else history["val_metric"]
    ended = history["outcome"].isin(["finished", "stopped"])
    looked = history["stage"] == "explore"
    number = history["training"] + 1
    kinds = [
        ("given up early", looked & (history["outcome"] == "pruned"), FAINT, "x"),
        ("explored", looked & ended, TRAIN, "o"),
        ("fresh seeds of finalists", ~looked & ended, FAINT, "o"),
    ]
    for label, rows, color, marker in kinds:
        if rows.any():
            axes.scatter(number[rows], figures[rows], s=16, c=color, marker=marker, label=label)
    axes.scatter(
        number.iloc[list(chosen)], figures.iloc[list(chosen)], s=42, facecolors="none",
        edgecolors=VALIDATION, linewidths=1.5, label="the choice",
    )  # fmt: skip
    if explored:
        best = figures.where(looked & ended)
        best = best.cummax() if measure.higher_is_better else best.cummin()
        line = best.ffill()[looked]
        axes.step(number[looked], line, where="post", color=TRAIN, linewidth=1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("training", color=INK)
    unit = " (%)" if measure.is_share else ""
    axes.set_ylabel(f"validation {measure.words}{unit}", color=INK)
    shown = figures[ended]
    if len(shown):
        low, high = shown.quantile(0.1 if measure.higher_is_better else 0), shown.max()
        if not measure.higher_is_better:
            high = shown.quantile(0.9)
        room = max(0.08 * (high - low), 1e-9)
        axes.set_ylim(low - room, high + room)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, fontsize=8, loc="outside upper center", ncols=4)
    return figure
