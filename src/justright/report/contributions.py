"""What each technique of a recipe brings: the tables, the paragraph and the figure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from justright.errors import DataError
from justright.evidence.contributions import (
    ALONE,
    SHAPLEY,
    TAKEN_OUT,
    Worths,
    contributions_table,
    interactions_table,
    worths_of,
)
from justright.evidence.contributions_in_words import contributions_in_words
from justright.evidence.interval import Interval
from justright.evidence.measure import Measure
from justright.evidence.verdict import figure_in_words
from justright.regularizers.neutral import without_neutral
from justright.regularizers.recipe import Recipe
from justright.report.curves import FAINT, INK, TRAIN, VALIDATION
from justright.report.page.contributions_page import ReportedContributions

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLORS = {ALONE: FAINT, SHAPLEY: TRAIN, TAKEN_OUT: VALIDATION}
_LABELS = {ALONE: "alone", SHAPLEY: "Shapley share", TAKEN_OUT: "lost if taken out"}
_WIDTH = 22


@dataclass(frozen=True, repr=False)
class Contributions(ReportedContributions):
    """What each technique of a recipe brings, over paired runs.

    Attributes:
        recipe: its name.
        worths: how good each part of it is, run by run.
        figure: what is compared, in words: `"test accuracy"`.
        measure: how it reads; contributions are positive where they make it better.
        study: the trainings, a `Study`.
    """

    recipe: str
    worths: Worths
    figure: str
    measure: Measure
    study: Any

    @classmethod
    def of(
        cls,
        recipes: Mapping[str, Recipe],
        table: pd.DataFrame,
        full: str,
        column: str,
        measure: Measure,
        study: Any,
    ) -> Contributions:
        """Find the parts of a recipe among those of a study.

        Args:
            recipes: the study's, by name.
            table: its table.
            full: the recipe's name.
            column: what is compared.
            measure: how it reads.
            study: the study.

        Raises:
            DataError: a study without parts of the recipe.
        """
        parts = without_neutral(recipes[full])
        worths = worths_of(recipes, table, parts, column, measure, study.overlap)
        if len(worths.worth) < 2:
            raise DataError(
                f"The study has no recipe that is a part of {full}, so nothing says what its "
                "techniques bring. justright.contributions(model, train, recipe) trains them."
            )
        return cls(full, worths, figure_in_words(column, measure), measure, study)

    def __repr__(self) -> str:
        return f"<Contributions of {len(self.worths.names)} techniques: {self.recipe}>"

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a technique and kind of contribution.

        Columns: technique; contribution: alone (better than no regularization by so much),
        Shapley (its share: what it adds to those before it, the mean over all orders; the
        shares add up to `whole`) or taken out (the recipe is better than without it by so
        much); mean, low, high (the 95 % interval; infinite where runs are few), runs, and
        of_splits: whether these are splits, each with all of its seeds.
        Kinds whose recipes the study lacks are left out.
        """
        return contributions_table(self.worths)

    @cached_property
    def interactions(self) -> pd.DataFrame:
        """One row a pair of techniques: does one still help where the other is?

        Columns: first, second; without and beside: what the first adds without the second and
        beside it, the mean over subsets of the others (Shapley's interaction index is their
        difference), or in the company of all others where not all subsets were trained; mean,
        low, high (beside − without, with its 95 % interval), runs, of_splits.
        """
        return interactions_table(self.worths)

    @property
    def whole(self) -> Interval | None:
        """By how much the recipe is better than none; None where the study lacks one of them."""
        return self.worths.whole()

    def summary(self) -> str:
        """One paragraph, true of the numbers."""
        return contributions_in_words(
            self.recipe, self.whole, self.table, self.interactions, self.figure, self.measure
        )

    def plot(self) -> Figure:
        """Contributions with their intervals, and the interactions of pairs."""
        from matplotlib.figure import Figure

        techniques, pairs = len(self.worths.names), len(self.interactions)
        rows = max(techniques, pairs * 0.6, 2)
        figure = Figure(figsize=(10.5 if pairs else 6.4, 1.6 + 0.75 * rows), layout="constrained")
        panels = figure.subplots(1, 2 if pairs else 1, squeeze=False)[0]
        self._draw_shares(panels[0])
        if pairs:
            self._draw_pairs(panels[1])
        figure.suptitle(
            "\n".join(textwrap.wrap(f"What each technique brings to {self.recipe}", 90)),
            x=0.01, ha="left", fontsize=12, color=INK, parse_math=False,
        )  # fmt: skip
        return figure

    def _draw_shares(self, axes: Axes) -> None:
        names = list(self.worths.names)
        kinds = [kind for kind in _COLORS if (self.table["contribution"] == kind).any()]
        for offset, kind in zip(_offsets(len(kinds)), kinds, strict=True):
            rows = self.table[self.table["contribution"] == kind]
            at = np.array([names.index(name) for name in rows["technique"]]) + offset
            _bars(axes, at, rows, 0.8 / len(kinds), _COLORS[kind], _LABELS[kind])
        self._finish(axes, names, f"better by, in {self.figure}", self.table)
        if kinds:
            axes.legend(frameon=False, fontsize=9, loc="best")
        else:
            axes.set_title("no runs to compare", color=INK, fontsize=9)
            axes.set_xticks([])

    def _draw_pairs(self, axes: Axes) -> None:
        pairs = self.interactions
        names = [f"{a} × {b}" for a, b in zip(pairs["first"], pairs["second"], strict=True)]
        _bars(axes, np.arange(len(pairs)), pairs, 0.5, TRAIN, None)
        self._finish(axes, names, "interaction: overlap < 0 < support", pairs)

    def _finish(self, axes: Axes, names: list[str], label: str, rows: pd.DataFrame) -> None:
        wrapped = ["\n".join(textwrap.wrap(name, _WIDTH)) for name in names]
        axes.set_yticks(range(len(names)), wrapped, parse_math=False)
        axes.invert_yaxis()
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_xlabel(label, color=INK)
        if self.measure.is_share:
            axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g}")
            axes.set_xlabel(f"{label} (points)", color=INK)
        if not np.isfinite(rows["high"].to_numpy(float)).all():
            axes.set_xlabel(f"{axes.get_xlabel()}\nno whisker: too few runs for an interval")
        axes.grid(axis="x", color="#e6e6e6", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(colors=INK, labelsize=9, left=False)


def _offsets(count: int) -> np.ndarray:
    return (np.arange(count) - (count - 1) / 2) * 0.8 / max(count, 1)


def _bars(
    axes: Axes, at: np.ndarray, rows: pd.DataFrame, height: float, color: str, label: str | None
) -> None:
    """Bars of means with whiskers over their intervals."""
    mean, low, high = (rows[name].to_numpy(float) for name in ("mean", "low", "high"))
    axes.barh(at, mean, 0.9 * height, color=color, alpha=0.75, label=label)
    known = np.isfinite(high - low)
    reach = np.array([mean - low, high - mean])[:, known]
    axes.errorbar(
        mean[known], at[known], xerr=reach, fmt="none", ecolor=INK, elinewidth=1, capsize=2.5
    )
