"""A study in one paragraph, generated from its numbers and true of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.interval import Interval, mean_interval
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
    rows = rows_of(table)
    sentences = [_baseline_sentence(rows[0], measure, has_test)]
    for row in rows[1:]:
        sentences += _change_sentences(table, rows[0], row, measure, has_test)
    sentences += _failures(rows)
    sentences.append(_scope(table, has_test))
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


def _baseline_sentence(row: Row, measure: Measure, has_test: bool) -> str:
    if row.gap.count == 0:
        return f"All trials of {row.recipe} failed."
    judged = f" and {measure.show(row.test)} on test rows" if has_test else ""
    gap = measure.show_difference(row.gap.mean)
    reading = {
        True: f"a gap of {gap}: it does better on the rows that it was trained on",
        False: f"a gap of {gap}, not distinguishable from none",
    }[row.gap.low > 0]
    return (
        f"{_start(row.recipe)} reaches {measure.words} {measure.show(row.train)} on training rows, "
        f"{measure.show(row.validation)} on validation rows{judged}, {reading}."
    )


def _change_sentences(
    table: pd.DataFrame, base: Row, row: Row, measure: Measure, has_test: bool
) -> list[str]:
    if base.gap.count == 0 or row.gap.count == 0:
        return []
    column = "test_metric" if has_test else "val_metric"
    verdict = paired_verdict(table, row.recipe, base.recipe, column, measure)
    return [
        f"{_start(row.recipe)} {_gap_change(table, base, row, measure)}; "
        f"{_verdict_words(verdict)}.",
        *_price(table, base, row, measure),
    ]


def _gap_change(table: pd.DataFrame, base: Row, row: Row, measure: Measure) -> str:
    change = _paired(table, base.recipe, row.recipe, "gap")
    now = measure.show_difference(row.gap.mean)
    spread = f"95% interval of the change {measure.show_range(change.low, change.high)}"
    if change.count < 2:
        return f"has a gap of {now} (one run each: no interval)"
    if change.low > 0:
        return f"narrows the gap by {measure.show_difference(change.mean)} to {now} ({spread})"
    if change.high < 0:
        return f"widens the gap by {measure.show_difference(-change.mean)} to {now} ({spread})"
    return f"has a gap of {now}, no difference shown from that of {base.recipe} ({spread})"


def _verdict_words(verdict: Verdict) -> str:
    part = "test" if verdict.column == "test_metric" else "validation"
    what = f"{part} {verdict.measure.words}"
    if verdict.decision == "no difference shown":
        return f"in {what} there is no difference shown ({verdict.interval_text})"
    return f"in {what} it is {verdict.decision} than {verdict.b} ({verdict.interval_text})"


def _price(table: pd.DataFrame, base: Row, row: Row, measure: Measure) -> list[str]:
    """The other side of the trade: what the recipe gives up on training rows, or in epochs."""
    parts = []
    fit = _paired(table, base.recipe, row.recipe, "train_metric")
    worse = fit if measure.higher_is_better else _negative(fit)
    if worse.count >= 2 and worse.low > 0:
        parts.append(
            f"it fits the training rows less closely by {measure.show_difference(worse.mean)}"
        )
    if row.epochs < 0.95 * base.epochs:
        parts.append(f"it trains for {row.epochs:.0f} epochs instead of {base.epochs:.0f}")
    return [f"In exchange {' and '.join(parts)}."] if parts else []


def _paired(table: pd.DataFrame, a: str, b: str, column: str) -> Interval:
    """The mean of a − b over common seeds and splits."""
    pivot = table.pivot(index=["seed", "split"], columns="recipe", values=column)
    return mean_interval(np.asarray(pivot[a] - pivot[b], float))


def _negative(interval: Interval) -> Interval:
    return Interval(-interval.mean, -interval.high, -interval.low, interval.count)


def _failures(rows: list[Row]) -> list[str]:
    failed = [f"{r.failed} of {r.trials} of {r.recipe}" for r in rows if r.failed]
    if not failed:
        return []
    return [
        f"Trials that failed and are left out: {', '.join(failed)} (the loss became infinite; "
        "try a smaller learning rate)."
    ]


def _scope(table: pd.DataFrame, has_test: bool) -> str:
    seeds, splits = table["seed"].nunique(), table["split"].nunique()
    part = "test" if has_test else "validation"
    over = f"{seeds} seed{'s' if seeds > 1 else ''}"
    if splits > 1:
        return f"These figures are over {over} and {splits} splits of the rows."
    return (
        f"These figures are over {over} on one split: they speak of other trainings on the same "
        f"rows, and the {part} rows are a sample of their own."
    )


def _start(name: str) -> str:
    return name[:1].upper() + name[1:]
