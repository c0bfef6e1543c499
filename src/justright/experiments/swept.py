"""What a sweep found: a row a point, the best, the strongest that is as good, and how sure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from justright.errors import DataError, did_you_mean
from justright.evidence.measure import Measure
from justright.evidence.optimism import Optimism, left_out_optimism
from justright.evidence.summary import scope_in_words
from justright.evidence.sweep_summary import Facts, sweep_in_words
from justright.evidence.sweet_spot import (
    SweetSpot,
    estimate_over_runs,
    find_sweet_spot,
    likely_values,
    standard_error,
    strengths_of,
    underfitting,
)
from justright.evidence.verdict import Verdict
from justright.regularizers.axis import without
from justright.regularizers.grid import Grid, Point
from justright.regularizers.recipe import Recipe
from justright.regularizers.usual import End, beyond
from justright.report.drawn import Drawn
from justright.report.page.sweep_page import ReportedSweep
from justright.study import Study

if TYPE_CHECKING:
    import keras
    import pandas as pd
    from matplotlib.figure import Figure

CHOOSERS = ("val_metric", "val_loss")
_FIGURES = ("train_loss", "val_loss", "test_loss", "train_metric", "val_metric", "test_metric")
_ENDS: tuple[End, End] = ("low", "high")


@dataclass(frozen=True, repr=False)
class Sweep(ReportedSweep):
    """A grid of strengths, trained, and what it says.

    Attributes:
        study: of all trials; its recipes are named like `"dropout=0.2,l2=0.001"`.
        grid: what was varied, and the points.
        on: the column of the study's table that chooses.
    """

    study: Study
    grid: Grid
    on: str = "val_metric"

    def __repr__(self) -> str:
        names = ", ".join(axis.name for axis in self.grid.axes)
        return f"<Sweep of {names}: {len(self.grid.points)} points, best {self.best.name}>"

    @property
    def measure(self) -> Measure:
        """How the figure that chooses reads."""
        return Measure("loss", False) if self.on == "val_loss" else self.study.metric

    @property
    def best(self) -> Point:
        """The point with the best mean on the validation rows; among equals the weakest."""
        return self.grid.points[self.spot.best]

    @property
    def one_standard_error(self) -> Point:
        """The strongest point that is not worse than the best by more than its standard error.

        With several strengths that is the point with the highest mean rank over them. The
        standard error is that of the best point's mean over seeds and splits; with one split it
        speaks of other seeds on the same rows.

        Source: Breiman, Friedman, Olshen, Stone, "Classification and regression trees", 1984,
        section 3.4.3; glmnet's `lambda.1se`.
        """
        return self.grid.points[self.spot.one_standard_error]

    @property
    def needed(self) -> bool:
        """Whether the best point is shown to be better than the strengths off, or weakest.

        On the test rows where there are such; else on the validation rows, corrected for the
        number of points (Holm). So are test rows on which other splits train or choose.
        """
        return self._need is not None and self._need.decision == "better"

    @cached_property
    def optimism(self) -> Optimism | None:
        """By how much having been picked flatters the best point's figure, as estimated.

        None for fewer than three runs a point, or fewer than two points without failed trials.
        """
        table = self.study.table
        if self.on == "val_loss":
            table = table.assign(val_metric=table["val_loss"], test_metric=table["test_loss"])
        whole = ~np.isnan(self.scores(self.on)).any(axis=(1, 2))
        if whole.sum() < 2 or not self.spot.resampled:
            return None
        return left_out_optimism(table, self.measure, self.study.overlap)

    @property
    def recipe(self) -> Recipe:
        """The recipe of the best point, without the techniques that it switches off."""
        return without(self.best.recipe, self.grid.axes, self.best.values)

    @property
    def wins(self) -> pd.Series:
        """How often each point is the best when seeds and splits are drawn anew, by point.

        A paired bootstrap of 4,000 draws. See `justright.evidence.sweet_spot.wins`.
        """
        return self.table.set_index("point")["wins"]

    @property
    def sweet_spot(self) -> pd.DataFrame:
        """One row a strength: strength, best, low, high, one_standard_error, at_edge.

        In 95 % of the resamples of seeds and splits the best value lies from low to high.
        """
        import pandas as pd

        rows = []
        for i, axis in enumerate(self.grid.axes):
            low, high = likely_values(self.grid.coordinates[:, i], self.spot.wins)
            rows.append(
                {
                    "strength": axis.name,
                    "best": self.best.values[i],
                    "low": low,
                    "high": high,
                    "one_standard_error": self.one_standard_error.values[i],
                    "at_edge": i in self.edges,
                }
            )
        return pd.DataFrame(rows)

    @property
    def underfits(self) -> pd.DataFrame:
        """The rows of the table at which training and validation are both worse than off."""
        return self.table[self.table["underfits"]]

    @property
    def at_edge(self) -> bool:
        """Whether the best lies at an end of the grid beyond which there are further values."""
        return bool(self.edges)

    @cached_property
    def edges(self) -> dict[int, End]:
        """At which end the best lies, by the position of the axis."""
        found: dict[int, End] = {}
        axes = zip(self.grid.axes, self.grid.values, self.best.values, strict=True)
        for i, (axis, values, best) in enumerate(axes):
            for end, last in zip(_ENDS, (values[0], values[-1]), strict=True):
                if best == last and beyond(axis, values, end) is not None:
                    found[i] = end
        return found

    @cached_property
    def spot(self) -> SweetSpot:
        """The positions of the points chosen, and the wins."""
        tie = "val_loss" if self.on == "val_metric" else "val_metric"
        strength = strengths_of(self.grid.coordinates, self.grid.stronger)
        return find_sweet_spot(
            self.scores(self.on), self.scores(tie), strength, self._ratio(self.on)
        )

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a point.

        Columns: the strengths, point (its name), runs, failed (of these), the means of the
        losses, metrics and gaps, val_low to val_high and val_error (95 % interval and standard
        error of the figure that chooses), gap_low to gap_high (interval of the gap), wins, and
        underfits. Failed trials are left out of the means.
        """
        import pandas as pd

        study = self.study.table
        figures = [name for name in _FIGURES if self.study.has_test or "test" not in name]
        means = study.groupby("recipe", sort=False)[[*figures, "loss_gap", "gap"]].mean()
        names = [point.name for point in self.grid.points]
        table = pd.DataFrame(
            {axis.name: self.grid.coordinates[:, i] for i, axis in enumerate(self.grid.axes)}
        )
        table["point"] = names
        table["runs"] = self.scores(self.on)[0].size
        table["failed"] = np.isnan(self.scores(self.on)).sum(axis=(1, 2))
        table = table.join(means.loc[names].reset_index(drop=True))
        for name, column in (("val", self.on), ("gap", "gap")):
            ratio = self._ratio(column)
            ends = np.array([self._spread(scores, ratio) for scores in self.scores(column)])
            # Turned around where lower is better.
            down = name == "val" and not self.measure.higher_is_better
            table[[f"{name}_low", f"{name}_high"]] = -ends[:, 1::-1] if down else ends[:, :2]
            table[f"{name}_error"] = ends[:, 2]
        table = table.drop(columns="gap_error")
        return table.assign(wins=self.spot.wins, underfits=self._underfits())

    def scores(self, column: str) -> np.ndarray:
        """A figure of all trials, (points, seeds, splits): larger is better, NaN where failed."""
        table = self.study.table
        shape = (len(self.grid.points), table["split"].nunique(), table["seed"].nunique())
        loss = column.endswith("loss") or not self.study.metric.higher_is_better
        sign = -1 if loss and "gap" not in column else 1
        return sign * table[column].to_numpy(float).reshape(shape).swapaxes(1, 2)

    def widened(self) -> Grid | None:
        """The grid with one more value wherever the best lies at its edge; None if it is inside."""
        values = [list(one) for one in self.grid.values]
        for i, end in self.edges.items():
            further = beyond(self.grid.axes[i], values[i], end)
            values[i] = sorted([*values[i], *([] if further is None else [further])])
        ordered = tuple(map(tuple, values))
        return Grid(self.grid.axes, ordered, self.grid.base) if self.edges else None

    def summary(self) -> str:
        """One paragraph: the best, whether it is needed, how sure that is, where it underfits."""
        return sweep_in_words(self.facts())

    def facts(self) -> Facts:
        """What the words are made of."""
        return Facts(
            self.grid,
            self.table,
            self.spot,
            self.measure,
            self.on,
            self.study.metric,
            self._need,
            self.optimism,
            self.edges,
            scope_in_words(self.study.table, self.study.overlap),
            self.study.overlap.test_apart,
        )

    def model(self, point: str | None = None, seed: int | None = None) -> keras.Model:
        """A plain Keras model with trained weights, as `Study.model` gives it.

        Args:
            point: its name; the best one if None.
            seed: which trial; the one with the lowest validation loss if None.
        """
        return self.study.model(self._point(point).name, seed)

    def plot(self) -> Figure:
        """A curve for one strength, a heat map for two, parallel coordinates for more."""
        from justright.report.sweep_picture import draw_sweep

        return draw_sweep(self.drawn())

    def drawn(self) -> Drawn:
        """What the picture is made of."""
        seeds, splits = self.scores(self.on)[0].shape
        sign = 1 if self.measure.higher_is_better else -1
        figures = (self.scores(self.on.replace("val", "train")), self.scores(self.on))
        return Drawn(
            grid=self.grid,
            table=self.table,
            runs=np.stack([sign * scores.reshape(len(scores), -1) for scores in figures]),
            spot=self.spot,
            measure=self.measure,
            column=self.on,
            gap=self.study.metric,
            at_edge=self.at_edge,
            over=f"{seeds} seed{'s' * (seeds > 1)}" + f", {splits} splits" * (splits > 1),
        )

    @cached_property
    def _need(self) -> Verdict | None:
        best, off = self.best.name, self.grid.points[self.grid.reference].name
        if best == off:
            return None
        on = self.on.replace("val", "test") if self.study.has_test else self.on
        if self.study.has_test and self.study.overlap.test_apart:
            return self.study.verdict(best, off, on=on)
        # Rows that test in one split have chosen in another: it was picked on them too.
        verdicts = self.study.verdicts(off, on=on)
        return next(verdict for verdict in verdicts if verdict.a == best)

    def _ratio(self, column: str) -> float:
        return self.study.overlap.ratio(column)

    def _spread(self, scores: np.ndarray, ratio: float) -> tuple[float, float, float]:
        """Interval and standard error of the mean of (seeds, splits), failed seeds left out.

        The interval is without end where the runs are too few for one.
        """
        whole = scores[~np.isnan(scores).any(axis=1)]
        if not len(whole):
            return -np.inf, np.inf, np.nan
        interval = estimate_over_runs(whole, ratio).interval()
        return *interval.ends, standard_error(whole, ratio)

    def _underfits(self) -> np.ndarray:
        train, held = self.on.replace("val", "train"), self.on
        ratios = self._ratio(train), self._ratio(held)
        return underfitting(self.scores(train), self.scores(held), self.grid.reference, ratios)

    def _point(self, name: str | None) -> Point:
        if name is None:
            return self.best
        known = {point.name: point for point in self.grid.points}
        if name not in known:
            raise DataError(f"The sweep has no point {name!r}. {did_you_mean(name, known)}")
        return known[name]
