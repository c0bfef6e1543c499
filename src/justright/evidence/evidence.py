"""What trials allow one to say: verdicts, a paragraph, and what a pick owes to luck."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from justright.errors import DataError, did_you_mean
from justright.evidence.measure import Measure
from justright.evidence.optimism import Optimism, fresh_optimism, left_out_optimism
from justright.evidence.overlap import Overlap
from justright.evidence.summary import summarize
from justright.evidence.verdict import Verdict, figure_of, paired_verdict, paired_verdicts
from justright.evidence.verdicts import Verdicts, pairs_of

if TYPE_CHECKING:
    import pandas as pd


_PICKING = ("val_metric", "val_loss")


class Evidence(ABC):
    """What can be read off a table of trials; `Study` has the table."""

    @property
    @abstractmethod
    def table(self) -> pd.DataFrame:
        """One row a trial."""

    @property
    @abstractmethod
    def metric(self) -> Measure:
        """The metric of the trials."""

    @property
    @abstractmethod
    def has_test(self) -> bool:
        """Whether there are test rows that judge."""

    @property
    @abstractmethod
    def overlap(self) -> Overlap:
        """What the splits have in common, which intervals allow for."""

    @property
    def recipes(self) -> tuple[str, ...]:
        """The names of the recipes, in order."""
        return tuple(dict.fromkeys(self.table["recipe"]))

    def verdict(
        self, a: str, b: str, on: str | None = None, margin: float | None = None
    ) -> Verdict:
        """What the paired runs allow one to say of two recipes.

        With one split the interval speaks of other seeds on the same rows, with several of other
        rows too. It is `justright.evidence.estimate.Estimate`'s, which says how often it covers.

        Args:
            a, b: names of recipes; the verdict says whether `a` is better than `b`.
            on: a column of the table; the test metric if None, or the validation
                metric without test rows.
            margin: differences up to this do not matter, in units of the figure (0.01 of
                accuracy is 1 point); None to call nothing equivalent.

        Raises:
            DataError: an unknown recipe or column, or a margin that is none.
        """
        figure = figure_of(on, self.has_test, self.metric)
        return paired_verdict(self.table, a, b, *figure, self.overlap, margin)

    def verdicts(
        self, baseline: str | None = None, on: str | None = None, margin: float | None = None
    ) -> Verdicts:
        """Verdicts on several recipes, corrected for their number (Holm).

        Args:
            baseline: what the others are compared with; None to compare all pairs.
            on, margin: as in `verdict`.

        Raises:
            DataError: an unknown recipe or column, or a margin that is none.
        """
        pairs = pairs_of(self.recipes, baseline)
        figure = figure_of(on, self.has_test, self.metric)
        found = paired_verdicts(self.table, pairs, *figure, self.overlap, margin)
        return Verdicts(tuple(found))

    def optimism(self, fresh: Evidence | None = None, on: str = "val_metric") -> Optimism:
        """The recipe with the best validation metric, and by how much that flatters it.

        Args:
            fresh: a study of the picked recipe with other seeds, to judge it; None to estimate
                from these trials alone, as `left_out_optimism` says.
            on: what picks: `"val_metric"`, or `"val_loss"`.

        Raises:
            DataError: one seed of one split, fewer than two recipes without failed trials, a
                fresh study that does not judge the picked one, or a column that does not pick.
        """
        if on not in _PICKING:
            raise DataError(f"on={on!r} picks nothing. {did_you_mean(on, _PICKING)}")
        column, measure = figure_of(on, self.has_test, self.metric)
        if fresh is None:
            return left_out_optimism(self.table, measure, self.overlap, column)
        return fresh_optimism(self.table, fresh.table, measure, fresh.overlap, column)

    def summary(self, margin: float | None = None) -> str:
        """One paragraph on what the recipes changed, generated from the numbers.

        Args:
            margin: as in `verdict`.
        """
        return summarize(self.table, self.metric, self.has_test, self.overlap, margin)
