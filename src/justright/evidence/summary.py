"""A study in one paragraph, generated from its numbers and true of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from justright.evidence.estimate import estimate
from justright.evidence.interval import CONFIDENCE, FEWEST, Interval
from justright.evidence.measure import Measure
from justright.evidence.overlap import Overlap
from justright.evidence.paired import Difference, differences
from justright.evidence.verdict import Verdict, corrected_text, paired_verdicts
from justright.evidence.verdicts import correction_in_words

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Row:
    """One recipe over its seeds and splits.

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


@dataclass(frozen=True)
class _Change:
    """What a recipe changes, compared with the first one.

    Attributes:
        row: the recipe.
        verdict: in the metric that judges.
        gap: by how much the gap is smaller.
        fit: by how much it fits the training rows less closely.
    """

    row: Row
    verdict: Verdict
    gap: Difference
    fit: Difference


def rows_of(table: pd.DataFrame, overlap: Overlap) -> list[Row]:
    """One row a recipe, in the order of the study.

    Args:
        table: a study's table.
        overlap: what the study's splits have in common.
    """
    return [_row(name, group, overlap) for name, group in table.groupby("recipe", sort=False)]


def summarize(
    table: pd.DataFrame,
    measure: Measure,
    has_test: bool,
    overlap: Overlap,
    margin: float | None = None,
) -> str:
    """What the first recipe of a study does, and what the others change.

    Where several are compared with the first, claims about the metric, about the gap and about
    the fit are corrected for their number (Holm).

    Args:
        table: a study's table; the first recipe is what the others are compared with.
        measure: the metric.
        has_test: whether test rows judge; if not, the validation rows do.
        overlap: what the study's splits have in common.
        margin: differences of the metric up to this do not matter; None to call nothing
            equivalent.

    Raises:
        DataError: a margin that is none.
    """
    base, *others = rows_of(table, overlap)
    compared = [row for row in others if base.gap.count and row.gap.count]
    changes = _changes(table, base, compared, measure, has_test, overlap, margin)
    sentences = [_reach(base, measure, has_test)]
    for row in others:
        change = changes.get(row.recipe)
        sentences += _change(base, change, measure) if change else [_reach(row, measure, has_test)]
    sentences += _correction(list(changes.values()))
    sentences += _selection(table, has_test)
    sentences += _failures([base, *others])
    sentences.append(scope_in_words(table, overlap))
    return " ".join(sentences)


def _changes(
    table: pd.DataFrame,
    base: Row,
    rows: list[Row],
    measure: Measure,
    has_test: bool,
    overlap: Overlap,
    margin: float | None,
) -> dict[str, _Change]:
    column = "test_metric" if has_test else "val_metric"
    pairs = [(row.recipe, base.recipe) for row in rows]
    back = [(base, row) for row, base in pairs]
    found = zip(
        rows,
        paired_verdicts(table, pairs, column, measure, overlap, margin),
        differences(table, back, "gap", overlap),
        differences(table, back, "train_metric", overlap, measure.higher_is_better),
        strict=True,
    )
    return {change[0].recipe: _Change(*change) for change in found}


def _row(name: object, group: pd.DataFrame, overlap: Overlap) -> Row:
    good = group[group["outcome"] != "failed"]

    def mean(column: str) -> float:
        values = good[column].to_numpy(float)
        return float(values.mean()) if len(values) else float("nan")

    def interval(column: str) -> Interval:
        values, splits = good[column].to_numpy(float), good["split"].to_numpy()
        return estimate(values, splits, overlap.ratio(column)).interval()

    return Row(
        recipe=str(name),
        train=mean("train_metric"),
        validation=mean("val_metric"),
        test=mean("test_metric"),
        gap=interval("gap"),
        loss_gap=interval("loss_gap"),
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
    spread = _spread(gap, measure)
    if not gap.enough:
        size = measure.show_difference(gap.mean)
        return f"a train–validation gap of {size} ({gap.too_few('run')})"
    if gap.low > 0:
        return f"it does better on the rows that it was trained on, by a gap of {size} ({spread})"
    if gap.high < 0:
        spread = _spread(gap.negative, measure)
        return (
            f"it does better on the validation rows than on its training rows, by {size} ({spread})"
        )
    size = measure.show_difference(gap.mean)
    return f"a train–validation gap of {size}, not distinguishable from none ({spread})"


def _spread(interval: Interval, measure: Measure) -> str:
    return f"{CONFIDENCE:.0%} interval {measure.show_range(interval.low, interval.high)}"


def _change(base: Row, change: _Change, measure: Measure) -> list[str]:
    row, gap = change.row, _gap_change(base, change, measure)
    return [
        f"{_start(row.recipe)} {gap}; {_verdict_words(change.verdict)}.",
        *_fit(change.fit, measure),
        *_epochs(base, row),
    ]


def _gap_change(base: Row, change: _Change, measure: Measure) -> str:
    found, interval = change.gap, change.gap.interval
    now = measure.show_difference(change.row.gap.mean)
    if not interval.enough:
        return f"has a gap of {now} ({interval.too_few('pair')})"
    verb, way, other = "narrows", "smaller", "larger"
    if interval.mean < 0:
        verb, way, other, interval = "widens", "larger", "smaller", interval.negative
    ends = measure.show_ways(interval.low, interval.high, way, other)
    spread = f"{CONFIDENCE:.0%} interval {ends}"
    size = measure.show_difference(interval.mean)
    if found.shown and min(base.gap.mean, change.row.gap.mean) < 0:
        before = measure.show_difference(base.gap.mean)
        return f"moves the gap from {before} to {now} ({size} {way}, {spread})"
    if found.shown:
        return f"{verb} the gap by {size} ({spread}) to {now}"
    # Without the correction it would be shown.
    spread += corrected_text(found.corrected_p) if interval.low > 0 else ""
    moved = f"{size} {way}, {spread}" if interval.mean else spread
    return f"has a gap of {now}, no difference shown from that of {base.recipe} ({moved})"


def _verdict_words(verdict: Verdict) -> str:
    said = {
        "no difference shown": "there is no difference shown",
        "equivalent": f"it is equivalent to {verdict.b} {verdict.margin_text}",
    }.get(verdict.decision, f"it is {verdict.decision} than {verdict.b}")
    return f"in {verdict.figure} {said} ({verdict.evidence_text})"


def _fit(looser: Difference, measure: Measure) -> list[str]:
    """What the recipe gives up on training rows."""
    if not looser.shown or looser.interval.mean < 0:
        return []
    size = measure.show_difference(looser.interval.mean)
    return [f"It fits the training rows less closely, by {size}."]


def _epochs(base: Row, row: Row) -> list[str]:
    now, before = round(row.epochs), round(base.epochs)
    if now >= before or row.epochs >= 0.95 * base.epochs:
        return []
    return [f"It trains for {now} epoch{'s' * (now > 1)} on average instead of {before}."]


def _correction(changes: list[_Change]) -> list[str]:
    """For how many comparisons the verdicts are corrected."""
    most = max((change.verdict.comparisons for change in changes), default=1)
    return [correction_in_words(most)] if most > 1 else []


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


def scope_in_words(table: pd.DataFrame, overlap: Overlap) -> str:
    """Of which seeds and rows a study's figures speak.

    Args:
        table: a study's table.
        overlap: what the study's splits have in common.
    """
    seeds, splits = table["seed"].nunique(), table["split"].nunique()
    over = f"{seeds} seed{'s' if seeds > 1 else ''}"
    if 1 < splits < FEWEST:
        return (
            f"These figures are over {over} and {splits} splits of the rows, too few for "
            "intervals: other splits may give others."
        )
    if splits > 1:
        same = "; the test rows are the same in all of them, so of other test rows they say nothing"
        return (
            f"These figures are over {over} and {splits} splits of the rows: the intervals allow "
            f"for the rows that splits share{same if overlap.same_test else ''}."
        )
    if seeds == 1:
        return "These figures are of one seed: another may give others."
    if seeds < FEWEST:
        return (
            f"These figures are over {over} with the same rows, too few for intervals: other "
            "seeds, and other rows, may give others."
        )
    return (
        f"These figures are over {over} with the same rows: the intervals say what other seeds "
        "would give, not what other rows would."
    )


def _start(name: str) -> str:
    """A name at the start of a sentence; one that looks like code stays as it is."""
    return name if any(mark in name for mark in "_=[") else name[:1].upper() + name[1:]
