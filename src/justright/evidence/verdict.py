"""What paired runs allow one to say of two recipes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

import numpy as np

from justright.errors import DataError, did_you_mean
from justright.evidence.holm import holm
from justright.evidence.interval import CONFIDENCE, Interval
from justright.evidence.measure import Measure
from justright.evidence.overlap import Overlap
from justright.evidence.paired import LEVEL, Difference, differences, tested_p
from justright.evidence.power import units_needed

if TYPE_CHECKING:
    import pandas as pd

_PARTS = {"train": "training", "val": "validation", "test": "test"}
FIGURES = ("train_loss", "val_loss", "test_loss", "train_metric", "val_metric", "test_metric")
_MILLION = 1_000_000
Decision = Literal["better", "worse", "equivalent", "no difference shown"]


@dataclass(frozen=True)
class Verdict:
    """A paired comparison of recipe `a` with recipe `b`.

    Attributes:
        a, b: the recipes' names.
        column: the figure compared, such as `"test_metric"`.
        difference: mean advantage of `a`: positive means that `a` is better.
        low, high: the 95 % interval of that mean, of this comparison taken alone.
        pairs: runs with the same seed and split that both finished.
        decision: better, worse, equivalent (the 90 % interval lies within ±margin; this
            stands before better and worse, because the margin says what does not matter), or
            no difference shown.
        measure: how the figure reads.
        splits: how many splits the pairs come from.
        p: two-sided, of no difference; NaN where there are too few pairs.
        corrected_p: Holm's, among `comparisons`; what the decision rests on.
        comparisons: how many were made together.
        margin: differences up to this do not matter; None if that was not said.
        needed: how many seeds, or splits with as many seeds, would show a difference of the size
            that was seen in 80 % of such studies; infinite if no number of splits of these rows
            would; NaN where a difference is shown or nothing is known.
    """

    a: str
    b: str
    column: str
    difference: float
    low: float
    high: float
    pairs: int
    decision: Decision
    measure: Measure
    splits: int = 1
    p: float = math.nan
    corrected_p: float = math.nan
    comparisons: int = 1
    margin: float | None = None
    needed: float = math.nan

    @property
    def figure(self) -> str:
        """What is compared, in words: `"test accuracy"`."""
        return figure_in_words(self.column, self.measure)

    @property
    def enough(self) -> bool:
        """Whether the pairs are enough for an interval, as `Interval.enough` says."""
        return self._interval.enough

    @property
    def interval_text(self) -> str:
        """By how much `a`'s figure is higher or lower, with the interval of that, in words."""
        interval = self._interval
        if not interval.enough:
            return interval.too_few("pair")
        low, high = (self.low, self.high) if self.difference >= 0 else (-self.high, -self.low)
        size = self.measure.show_difference(abs(self.difference))
        along = self.measure.direction(self.difference)
        against = "lower" if along == "higher" else "higher"
        way = f"{size} {along}" if self.difference else "equal"
        ends = self.measure.show_ways(low, high, along, against)
        over = f" over {self.splits} splits" if self.splits > 1 else ""
        return (
            f"{way}, {CONFIDENCE:.0%} interval {ends}, "
            f"{self.pairs} pairs{over}{self._corrected_text}"
        )

    @property
    def needed_text(self) -> str:
        """How many runs would show a difference of this size; empty where that is not known."""
        if math.isnan(self.needed) or not self._interval.enough:
            return ""
        if math.isinf(self.needed):
            return (
                "no number of splits of these rows would show a difference of this size, more "
                "rows might"
            )
        what = "such splits" if self.splits > 1 else "seeds"
        if self.needed > _MILLION:
            return f"it would take more than a million {what} to show a difference so small"
        return f"about {_rounded(self.needed)} {what} would show a difference of this size"

    @property
    def evidence_text(self) -> str:
        """The interval, and how many runs it would take where nothing is shown."""
        return "; ".join(part for part in (self.interval_text, self.needed_text) if part)

    @property
    def margin_text(self) -> str:
        """The margin in words: `"within 1.0 points"`; empty without one."""
        return "" if self.margin is None else f"within {self.measure.show_difference(self.margin)}"

    def __str__(self) -> str:
        if not self.pairs:
            return (
                f"{self.a} and {self.b} cannot be compared in {self.figure}: there is no seed and "
                "split with which both finished."
            )
        heads = {
            "equivalent": f"{self.a} and {self.b} are equivalent {self.margin_text}",
            "no difference shown": f"No difference shown between {self.a} and {self.b}",
        }
        head = heads.get(self.decision, f"{self.a} is {self.decision} than {self.b}")
        return f"{head} in {self.figure} ({self.evidence_text})."

    def _repr_html_(self) -> str:
        return f"<p>{escape(str(self))}</p>"

    @property
    def _interval(self) -> Interval:
        several = self.splits > 1
        count = self.splits if several else self.pairs
        return Interval(self.difference, self.low, self.high, count, several)

    @property
    def _corrected_text(self) -> str:
        return corrected_text(self.corrected_p) if self.comparisons > 1 else ""


def corrected_text(p: float) -> str:
    """A corrected p-value as it stands behind an interval: `", corrected p = 0.012"`."""
    return f", corrected p {'< 0.001' if p < 0.001 else f'= {p:.2g}'}"


def figure_of(on: str | None, has_test: bool, metric: Measure) -> tuple[str, Measure]:
    """Which column of a study's table runs are compared on, and how it reads.

    Args:
        on: a column; the test metric if None, or the validation metric without test rows.
        has_test: whether there are such.
        metric: the study's.

    Raises:
        DataError: an unknown column.
    """
    column = on or ("test_metric" if has_test else "val_metric")
    if column not in FIGURES:
        raise DataError(f"on={column!r} is no figure. {did_you_mean(column, FIGURES)}")
    return column, Measure("loss", False) if column.endswith("_loss") else metric


def figure_in_words(column: str, measure: Measure) -> str:
    """What is compared, in words: `"test accuracy"`."""
    return f"{_PARTS[column.split('_', maxsplit=1)[0]]} {measure.words}"


def paired_verdict(
    table: pd.DataFrame,
    a: str,
    b: str,
    column: str,
    measure: Measure,
    overlap: Overlap,
    margin: float | None = None,
) -> Verdict:
    """Compare two recipes over their common seeds and splits.

    With one split the interval is Student's t over the paired differences: it speaks of other
    seeds on the same rows, not of other rows. With several it is Nadeau and Bengio's corrected
    one, as `Estimate` has it, which says how often it covers: it speaks of other rows too.

    Args:
        table: a study's table.
        a, b: names of recipes.
        column: the figure to compare.
        measure: how it reads.
        overlap: what the study's splits have in common.
        margin: differences up to this do not matter, in units of the figure (0.01 of accuracy is
            1 point); without one nothing is called equivalent.

    Raises:
        DataError: an unknown recipe, the same one twice, or a margin that is none.

    Source: of equivalence, two one-sided tests: Schuirmann, Journal of Pharmacokinetics and
        Biopharmaceutics 15, 1987.
    """
    return paired_verdicts(table, [(a, b)], column, measure, overlap, margin)[0]


def paired_verdicts(
    table: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    column: str,
    measure: Measure,
    overlap: Overlap,
    margin: float | None = None,
) -> list[Verdict]:
    """Compare several pairs of recipes: `paired_verdict` with Holm's correction for all of them.

    Claims of a difference are corrected together, and claims of equivalence are.
    """
    check_margin(margin)
    found = differences(table, pairs, column, overlap, measure.higher_is_better)
    alike = _equivalent(found, margin)
    return [
        _verdict(pair, column, measure, difference, within, margin)
        for pair, difference, within in zip(pairs, found, alike, strict=True)
    ]


def check_margin(margin: float | None) -> None:
    """See whether a margin is one.

    Raises:
        DataError: it is not positive and finite.
    """
    number = isinstance(margin, int | float | np.number) and not isinstance(margin, bool)
    if margin is not None and not (number and math.isfinite(margin) and margin > 0):
        raise DataError(
            f"margin={margin!r}: give a positive number in units of the figure, such as 0.01 for "
            "1 point of accuracy, or None."
        )


def _equivalent(found: list[Difference], margin: float | None) -> list[bool]:
    if margin is None:
        return [False] * len(found)
    p_values = [tested_p(one.estimate, one.estimate.p_outside(margin)) for one in found]
    corrected = holm(np.array(p_values))
    return [
        bool(p < LEVEL) and one.interval.enough for p, one in zip(corrected, found, strict=True)
    ]


def _verdict(
    pair: tuple[str, str],
    column: str,
    measure: Measure,
    difference: Difference,
    equivalent: bool,
    margin: float | None,
) -> Verdict:
    seen, interval = difference.estimate, difference.interval
    decision: Decision = "no difference shown"
    needed = math.nan
    if equivalent:
        decision = "equivalent"
    elif difference.shown:
        decision = "better" if seen.mean > 0 else "worse"
    else:
        enough = units_needed(seen, LEVEL / max(difference.comparisons, 1))
        # As many as there are have not shown it.
        needed = enough if math.isnan(enough) else max(enough, seen.units + 1.0)
    return Verdict(
        a=pair[0],
        b=pair[1],
        column=column,
        difference=seen.mean,
        low=interval.low,
        high=interval.high,
        pairs=seen.count,
        decision=decision,
        measure=measure,
        splits=seen.units if seen.of_splits else 1,
        p=difference.p,
        corrected_p=difference.corrected_p,
        comparisons=max(difference.comparisons, 1),
        margin=margin,
        needed=needed,
    )


def _rounded(count: float) -> str:
    """Two digits of a large number: `"43"`, `"1,200"`."""
    digits = max(0, math.floor(math.log10(count)) - 1)
    return f"{round(count, -digits):,.0f}"
