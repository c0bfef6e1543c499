"""What each technique of a recipe brings, in a paragraph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from justright.evidence.contributions import SHAPLEY, TAKEN_OUT
from justright.evidence.interval import CONFIDENCE, Interval
from justright.evidence.measure import Measure

if TYPE_CHECKING:
    import pandas as pd

_MOST_NAMED = 3


def contributions_in_words(
    recipe: str,
    whole: Interval | None,
    table: pd.DataFrame,
    pairs: pd.DataFrame,
    figure: str,
    measure: Measure,
) -> str:
    """One paragraph, true of the numbers.

    Args:
        recipe: its name.
        whole: by how much it is better than none.
        table, pairs: as `contributions_table` and `interactions_table` give them.
        figure: what is compared, in words: `"test accuracy"`.
        measure: how it reads.
    """
    if table.empty:
        return _nothing(recipe)
    told = []
    if whole is not None:
        told.append(f"In {figure}, {recipe} {_effect(whole, measure)}.")
    told += _shares(recipe, table, measure)
    told += _taken_out(table, measure)
    shown = [row for row in pairs.to_dict("records") if _shown(_interval(row))]
    told += [_pair(row, measure) for row in shown]
    if len(pairs) and not shown:
        told.append("No interaction of two techniques is shown.")
    told.append(
        f"Intervals are of {100 * CONFIDENCE:.0f} %, each for itself, over {_runs(table)}, paired."
    )
    return " ".join(told)


def answer_in_words(
    recipe: str, whole: Interval | None, table: pd.DataFrame, figure: str, measure: Measure
) -> str:
    """Whether the recipe is better than none, and whose share is the largest.

    Args:
        recipe, whole, table, figure, measure: as for `contributions_in_words`.
    """
    if table.empty:
        return _nothing(recipe)
    told = [] if whole is None else [f"In {figure}, {recipe} {_effect(whole, measure)}."]
    shares = table[table["contribution"] == SHAPLEY]
    largest = shares.nlargest(_MOST_NAMED, "mean")
    if len(largest) < len(shares):
        listed = _listed(largest, measure)
        return " ".join([*told, f"The largest shares of its techniques (Shapley): {listed}."])
    return " ".join([*told, *_shares(recipe, table, measure)])


def _nothing(recipe: str) -> str:
    return (
        f"No run ended both with {recipe} and with parts of it, so nothing says what its "
        "techniques bring."
    )


def _effect(one: Interval, measure: Measure) -> str:
    if not _shown(one):
        return f"shows no difference from no regularization ({_spread(one, measure)})"
    word = "better" if one.mean > 0 else "worse"
    return f"is {_size(one, measure)} {word} than no regularization ({_spread(one, measure)})"


def _shares(recipe: str, table: pd.DataFrame, measure: Measure) -> list[str]:
    shares = table[table["contribution"] == SHAPLEY]
    if shares.empty:
        return [f"The study lacks runs with parts of {recipe} that Shapley shares want."]
    return [f"Shared out among its techniques (Shapley): {_listed(shares, measure)}."]


def _listed(shares: pd.DataFrame, measure: Measure) -> str:
    rows = sorted(shares.to_dict("records"), key=lambda row: -row["mean"])
    return ", ".join(
        f"{row['technique']} brings {measure.show_difference(row['mean'])} "
        f"({_spread(_interval(row), measure)})"
        for row in rows
    )


def _taken_out(table: pd.DataFrame, measure: Measure) -> list[str]:
    rows = table[table["contribution"] == TAKEN_OUT].to_dict("records")
    told = []
    for row in rows:
        one = _interval(row)
        if _shown(one):
            verb = "costs" if one.mean > 0 else "gains"
            told.append(f"{row['technique']} {verb} {_size(one, measure)}")
    rest = [row["technique"] for row in rows if not _shown(_interval(row))]
    if rest:
        told.append(f"no difference is shown for {' or '.join(rest)}")
    return [f"Taken out of the recipe, {'; '.join(told)}."] if told else []


def _pair(row: Mapping[Any, Any], measure: Measure) -> str:
    without, beside = (measure.show_difference(row[name]) for name in ("without", "beside"))
    way = "support" if row["mean"] > 0 else "overlap"
    return (
        f"{row['first']} adds {without} without {row['second']} and {beside} beside it: the two "
        f"{way} (difference {_spread(_interval(row), measure)})."
    )


def _interval(row: Mapping[Any, Any]) -> Interval:
    return Interval(row["mean"], row["low"], row["high"], int(row["runs"]), bool(row["of_splits"]))


def _shown(one: Interval) -> bool:
    return one.enough and not one.low <= 0 <= one.high


def _size(one: Interval, measure: Measure) -> str:
    return measure.show_difference(abs(one.mean))


def _spread(one: Interval, measure: Measure) -> str:
    return measure.show_range(one.low, one.high) if one.enough else one.too_few("run")


def _runs(table: pd.DataFrame) -> str:
    """Over what the intervals are: `"5 runs"`, `"2 to 4 splits"`."""
    intervals = sorted(map(_interval, table.to_dict("records")), key=lambda one: one.count)
    if not intervals:
        return "none"
    least, most = intervals[0], intervals[-1]
    return (
        f"{least.count} to {most.counted('run')}"
        if least.count < most.count
        else most.counted("run")
    )
