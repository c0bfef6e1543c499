"""A study in one paragraph, generated from its numbers and true of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.interval import CONFIDENCE, Interval, mean_interval
from justright.evidence.measure import Measure
from justright.evidence.verdict import Verdict, paired_verdict

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Row:
    """One recipe over its seeds.

    Attributes:
        recipe: its name.
        train, validation, test: the metric's mean over trials; NaN without such rows.
        gap: train–validation gap of the metric with its interval.
        loss_gap: the same of the loss.
        epochs: mean number of epochs run.
        trials: how many trials.
        failed: how many of them failed; they are left out of the means.
    """

    recipe: str
    train: float
    validation: float
    test: float
    gap: Interval
    loss_gap: Interval
    epochs: float
    trials: int
    failed: int


def rows_of(table: pd.DataFrame) -> list[Row]:
    """One row a recipe, in the order of the study."""
    return [_row(name, group) for name, group in table.groupby("recipe", sort=False)]


def summarize(table: pd.DataFrame, measure: Measure, has_test: bool) -> str:
    """What the first recipe of a study does, and what the others change.

    Args:
        table: a study's table; the first recipe is what the others are compared with.
        measure: the metric.
        has_test: whether test rows judge; if not, the validation rows do.
    """
    base, *others = rows_of(table)
    sentences = [_reach(base, measure, has_test)]
    for row in others:
        if base.gap.count and row.gap.count:
            sentences += _change(table, base, row, measure, has_test)
        else:
            sentences.append(_reach(row, measure, has_test))
    sentences += _selection(table, has_test)
    sentences += _failures([base, *others])
    sentences.append(scope_in_words(table))
    return " ".join(sentences)


def _row(name: object, group: pd.DataFrame) -> Row:
    good = group[group["outcome"] != "failed"]

    def mean(column: str) -> float:
        values = good[column].to_numpy(float)
        return float(values.mean()) if len(values) else float("nan")

    return Row(
        recipe=str(name),
        train=mean("train_metric"),
        validation=mean("val_metric"),
        test=mean("test_metric"),
        gap=mean_interval(good["gap"].to_numpy(float)),
        loss_gap=mean_interval(good["loss_gap"].to_numpy(float)),
        epochs=mean("epochs_run"),
        trials=len(group),
        failed=len(group) - len(good),
    )


def _reach(row: Row, measure: Measure, has_test: bool) -> str:
    if row.gap.count == 0:
        return f"All trials of {row.recipe} failed."
    parts = [(row.train, "training"), (row.validation, "validation")]
    parts += [(row.test, "test")] * has_test
    *first, last = [f"{measure.show(value)} on {part} rows" for value, part in parts]
    return (
        f"{_start(row.recipe)} reaches {measure.words} {', '.join(first)} and {last}: "
        f"{_gap_reading(row.gap, measure)}."
    )


def _gap_reading(gap: Interval, measure: Measure) -> str:
    size = measure.show_difference(abs(gap.mean))
    spread = f"{CONFIDENCE:.0%} interval {measure.show_range(gap.low, gap.high)}"
    if not gap.enough:
        runs = f"{gap.count} run{'' if gap.count == 1 else 's'}"
        size = measure.show_difference(gap.mean)
        return f"a train–validation gap of {size} ({runs}, too few for an interval)"
    if gap.low > 0:
        return f"it does better on the rows that it was trained on, by a gap of {size} ({spread})"
    if gap.high < 0:
        spread = f"{CONFIDENCE:.0%} interval {measure.show_range(-gap.high, -gap.low)}"
        return (
            f"it does better on the validation rows than on its training rows, by {size} ({spread})"
        )
    size = measure.show_difference(gap.mean)
    return f"a train–validation gap of {size}, not distinguishable from none ({spread})"


def _change(
    table: pd.DataFrame, base: Row, row: Row, measure: Measure, has_test: bool
) -> list[str]:
    column = "test_metric" if has_test else "val_metric"
    verdict = paired_verdict(table, row.recipe, base.recipe, column, measure)
    gap = _gap_change(table, base, row, measure)
    return [
        f"{_start(row.recipe)} {gap}; {_verdict_words(verdict)}.",
        *_fit(table, base, row, measure),
        *_epochs(base, row),
    ]


def _gap_change(table: pd.DataFrame, base: Row, row: Row, measure: Measure) -> str:
    change = _paired(table, base.recipe, row.recipe, "gap")
    now = measure.show_difference(row.gap.mean)
    if not change.enough:
        pairs = f"{change.count} pair{'' if change.count == 1 else 's'}"
        return f"has a gap of {now} ({pairs}, too few for an interval)"
    verb, way = "narrows", "smaller"
    if change.mean < 0:
        verb, way, change = "widens", "larger", _negative(change)
    spread = f"{CONFIDENCE:.0%} interval {measure.show_range(change.low, change.high)}"
    size = measure.show_difference(change.mean)
    if change.low > 0 and min(base.gap.mean, row.gap.mean) < 0:
        before = measure.show_difference(base.gap.mean)
        return f"moves the gap from {before} to {now} ({size} {way}, {spread})"
    if change.low > 0:
        return f"{verb} the gap by {size} ({spread}) to {now}"
    moved = f"{size} {way}, {spread}" if change.mean else spread
    return f"has a gap of {now}, no difference shown from that of {base.recipe} ({moved})"


def _verdict_words(verdict: Verdict) -> str:
    if verdict.decision == "no difference shown":
        return f"in {verdict.figure} there is no difference shown ({verdict.interval_text})"
    return (
        f"in {verdict.figure} it is {verdict.decision} than {verdict.b} ({verdict.interval_text})"
    )


def _fit(table: pd.DataFrame, base: Row, row: Row, measure: Measure) -> list[str]:
    """What the recipe gives up on training rows."""
    fit = _paired(table, base.recipe, row.recipe, "train_metric")
    worse = fit if measure.higher_is_better else _negative(fit)
    if not worse.enough or worse.low <= 0:
        return []
    size = measure.show_difference(worse.mean)
    return [f"It fits the training rows less closely, by {size}."]


def _epochs(base: Row, row: Row) -> list[str]:
    now, before = round(row.epochs), round(base.epochs)
    if now >= before or row.epochs >= 0.95 * base.epochs:
        return []
    return [f"It trains for {now} epoch{'s' * (now > 1)} on average instead of {before}."]


def _paired(table: pd.DataFrame, a: str, b: str, column: str) -> Interval:
    """The mean of a − b over common seeds and splits."""
    pivot = table.pivot(index=["seed", "split"], columns="recipe", values=column)
    return mean_interval(np.asarray(pivot[a] - pivot[b], float))


def _negative(interval: Interval) -> Interval:
    return Interval(-interval.mean, -interval.high, -interval.low, interval.count)


def _selection(table: pd.DataFrame, has_test: bool) -> list[str]:
    """Who has chosen on which rows: what was chosen on them looks better there."""
    if not (table["outcome"] == "stopped").any():
        return []
    flattered = "Early stopping chose its epochs on the validation rows, which flatters its gap"
    return [f"{flattered}; the test rows had no part in it." if has_test else f"{flattered}."]


def _failures(rows: list[Row]) -> list[str]:
    if not any(row.failed for row in rows):
        return []
    some = [
        f"{r.failed} of the {r.trials} trials of {r.recipe}"
        for r in rows
        if r.failed and r.gap.count
    ]
    listed = [f"Failed and left out: {', '.join(some)}."] if some else []
    reason = "the loss becomes infinite or not a number; a smaller learning rate may mend it"
    return [*listed, f"A trial fails when {reason}."]


def scope_in_words(table: pd.DataFrame) -> str:
    """Of which seeds and rows a study's figures speak."""
    seeds, splits = table["seed"].nunique(), table["split"].nunique()
    over = f"{seeds} seed{'s' if seeds > 1 else ''}"
    if splits > 1:
        return f"These figures are over {over} and {splits} splits of the rows."
    if seeds == 1:
        return "These figures are of one seed: another may give others."
    return (
        f"These figures are over {over} with the same rows: the intervals say what other seeds "
        "would give, not what other rows would."
    )


def _start(name: str) -> str:
    """A name at the start of a sentence; one that looks like code stays as it is."""
    return name if any(mark in name for mark in "_=[") else name[:1].upper() + name[1:]
