"""What paired runs allow one to say of two recipes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from justright.errors import DataError, did_you_mean
from justright.evidence.interval import CONFIDENCE, Interval, mean_interval
from justright.evidence.measure import Measure

if TYPE_CHECKING:
    import pandas as pd

_PARTS = {"train": "training", "val": "validation", "test": "test"}
FIGURES = ("train_loss", "val_loss", "test_loss", "train_metric", "val_metric", "test_metric")
Decision = Literal["better", "worse", "no difference shown"]


@dataclass(frozen=True)
class Verdict:
    """A paired comparison of recipe `a` with recipe `b`.

    Attributes:
        a, b: the recipes' names.
        column: the figure compared, such as `"test_metric"`.
        difference: mean advantage of `a`: positive means that `a` is better.
        low, high: the 95 % interval of that mean.
        pairs: runs with the same seed and split that both finished.
        decision: better, worse, or no difference shown.
        measure: how the figure reads.
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

    @property
    def figure(self) -> str:
        """What is compared, in words: `"test accuracy"`."""
        return figure_in_words(self.column, self.measure)

    @property
    def interval_text(self) -> str:
        """By how much `a`'s figure is higher or lower, with the interval of that, in words."""
        if not Interval(self.difference, self.low, self.high, self.pairs).enough:
            return f"{self.pairs} pair{'' if self.pairs == 1 else 's'}, too few for an interval"
        low, high = (self.low, self.high) if self.difference >= 0 else (-self.high, -self.low)
        size = self.measure.show_difference(abs(self.difference))
        way = f"{size} {self.measure.direction(self.difference)}" if self.difference else "equal"
        spread = self.measure.show_range(low, high)
        return f"{way}, {CONFIDENCE:.0%} interval {spread}, {self.pairs} pairs"

    def __str__(self) -> str:
        if self.decision == "no difference shown":
            head = f"No difference shown between {self.a} and {self.b}"
        else:
            head = f"{self.a} is {self.decision} than {self.b}"
        return f"{head} in {self.figure} ({self.interval_text})."


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


def paired_verdict(table: pd.DataFrame, a: str, b: str, column: str, measure: Measure) -> Verdict:
    """Compare two recipes over their common seeds and splits.

    The interval is Student's t over the paired differences: it speaks of other
    seeds on the same rows, not of other rows.

    Args:
        table: a study's table.
        a, b: names of recipes.
        column: the figure to compare.
        measure: how it reads.

    Raises:
        DataError: an unknown recipe, or the same one twice.
    """
    for name in (a, b):
        if name not in set(table["recipe"]):
            known = list(dict.fromkeys(table["recipe"]))
            raise DataError(f"The study has no recipe {name!r}. {did_you_mean(name, known)}")
    if a == b:
        raise DataError(f"A verdict compares two recipes, and both are {a!r}.")
    pivot = table.pivot(index=["seed", "split"], columns="recipe", values=column)
    sign = 1 if measure.higher_is_better else -1
    interval = mean_interval(sign * (pivot[a] - pivot[b]).to_numpy(float))
    return Verdict(
        a=a,
        b=b,
        column=column,
        difference=interval.mean,
        low=interval.low,
        high=interval.high,
        pairs=interval.count,
        decision=_decide(interval),
        measure=measure,
    )


def _decide(interval: Interval) -> Decision:
    if not interval.enough or interval.low <= 0 <= interval.high:
        return "no difference shown"
    return "better" if interval.low > 0 else "worse"
