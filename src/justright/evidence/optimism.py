"""How much having been picked flatters the best recipe's validation figure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from justright.errors import DataError
from justright.evidence.estimate import Estimate, estimate
from justright.evidence.interval import CONFIDENCE
from justright.evidence.measure import Measure
from justright.evidence.overlap import Overlap
from justright.evidence.picking import optimism_of_picking

if TYPE_CHECKING:
    import pandas as pd

# The estimate of the optimism errs too: by this the interval of the picked recipe's mean is
# widened, so that 95 % cover (`tests/test_optimism.py`).
_WIDER = 1.25
By = Literal["left-out seeds", "left-out splits", "fresh seeds", "fresh splits"]


@dataclass(frozen=True)
class Optimism:
    """The recipe with the best mean validation figure, and by how much that figure flatters it.

    Attributes:
        recipe: the one that was picked.
        candidates: of how many; recipes with failed trials are none.
        score: its mean validation figure, on which it was picked.
        optimism: by how much `score` is better than what the recipe gives when it has not just
            been picked, estimated; positive: too good.
        low, high: the 95 % interval of that.
        by: what it was estimated from.
        units: how many seeds or splits there are to pick on and to leave out, or how many fresh
            runs (fresh splits if there are several).
        measure: how the figure reads.
        test: the recipe's mean figure on the test rows; NaN without such rows.
        test_apart: whether these had no part in the pick (`Overlap`).
    """

    recipe: str
    candidates: int
    score: float
    optimism: float
    low: float
    high: float
    by: By
    units: int
    measure: Measure
    test: float = math.nan
    test_apart: bool = True

    @property
    def corrected(self) -> float:
        """The validation figure to expect: `score` without the optimism."""
        return self.score - self.optimism * (1 if self.measure.higher_is_better else -1)

    def __str__(self) -> str:
        show, size = self.measure.show, self.measure.show_difference
        verb = "flatters" if self.optimism >= 0 else "understates"
        sign = 1 if self.optimism >= 0 else -1
        ends = sorted((sign * self.low, sign * self.high))
        spread = (
            f"{CONFIDENCE:.0%} interval {self.measure.show_range(*ends)}"
            if math.isfinite(self.low)
            else "too few for an interval"
        )
        said = [
            f"{self.recipe} is the best of {self.candidates} recipes by validation "
            f"{self.measure.words}, {show(self.score)}.",
            f"Having been picked {verb} it by an estimated {size(abs(self.optimism))} ({spread}; "
            f"{self._basis}): {show(self.corrected)} is to be expected.",
        ]
        if not math.isnan(self.test):
            part = "had no part in it" if self.test_apart else "other splits have picked on"
            said.append(f"On the test rows, which {part}: {show(self.test)}.")
        elif not self.by.endswith("splits"):
            said.append("That is of other seeds on the same rows; of other rows it says nothing.")
        return " ".join(said)

    @property
    def _basis(self) -> str:
        if self.by.startswith("fresh"):
            return f"{self.units} {self.by.removesuffix('s') if self.units == 1 else self.by}"
        what = self.by.split()[-1]
        return f"picked on some of {self.units} {what}, judged on the others"


def left_out_optimism(
    table: pd.DataFrame, measure: Measure, overlap: Overlap, column: str = "val_metric"
) -> Optimism:
    """Estimate the optimism from the trials that there are.

    The pick is made again on some of the seeds, or of the splits where there are several, and the
    picked recipe is judged on the others, where it was not picked: what it loses there is the
    optimism of a pick among so many, whatever the figures' distribution. Fewer seeds have
    more luck in their mean, by c = all/some − 1 of its variance. From two such numbers, averaged
    over all choices or 500 of them, the optimism of the pick among all is read off at c = 0: for
    figures with normal luck Stein's identity gives optimism = v/√(s + c·v), v the variance of
    luck in the mean, s that of the figures, so optimism⁻² is linear in c.

    Splits that share validation rows share their luck, and leaving some out shows only a part of
    it. Optimism is proportional to v (the same identity), so it is multiplied by what v is with
    the shared rows in units of what it is without. Where splits share none, as in one K-fold,
    it is left as it is; where all have the same, as with seeds, it speaks of those rows alone.
    With one seed a split, what seeds do counts as what rows do, so it
    comes out too large where seeds disturb much.

    Simulated (`tests/test_optimism.py`), its mean is within a tenth of a standard error of the
    figure for 3 to 20 seeds, whether recipes differ or not; for splits that share many rows up
    to a third of one too large. For a single study no estimate is free of bias (Putter and
    Rubinstein, 1968). The interval covers in 90 to 98 % of studies.

    What one split's seeds show is what other seeds would give on the same validation rows. The
    choice of an epoch by early stopping is not in it.

    Args:
        table: a study's table.
        measure: the figure that picks.
        overlap: what the study's splits have in common.
        column: of that figure, `"val_metric"` or `"val_loss"`.

    Raises:
        DataError: one seed of one split, or fewer than two recipes without failed trials.

    Source: Tsamardinos, Greasidou and Borboudakis, Machine Learning 107, 2018 (correction without
        more trainings); Stein, Annals of Statistics 9, 1981; Cook and Stefanski, JASA 89, 1994
        (extrapolation to no added noise).
    """
    cells = _cells(table, measure, column)
    figures, splits = cells.to_numpy(float), _splits(cells)
    several = len(np.unique(splits)) > 1
    units = _unit_means(figures, splits) if several else figures
    if len(units) < 2:
        raise DataError(
            "One seed of one split says nothing about how much a pick is luck. Give compare at "
            "least seeds=2, better 5, or several splits."
        )
    factor = _luck(figures, splits, overlap) if several else 1.0
    means = units.mean(axis=0)
    picked = int(means.argmax())
    judged = estimate(figures[:, picked], splits, overlap.validation)
    return _optimism(
        table,
        measure,
        str(cells.columns[picked]),
        len(cells.columns),
        float(means[picked]),
        factor * optimism_of_picking(units, factor),
        (judged, _WIDER, overlap.test_apart),
        column,
        "left-out splits" if several else "left-out seeds",
    )


def fresh_optimism(
    table: pd.DataFrame,
    fresh: pd.DataFrame,
    measure: Measure,
    overlap: Overlap,
    column: str = "val_metric",
) -> Optimism:
    """The optimism as runs with other seeds show it: unbiased, with an exact interval.

    Args:
        table: the table of the study that picks.
        fresh: that of a study of the picked recipe, by the same name, with other seeds and
            otherwise the same; others in it are ignored.
        measure: the figure that picks.
        overlap: what the splits of `fresh` have in common.
        column: of that figure, `"val_metric"` or `"val_loss"`.

    Raises:
        DataError: fewer than two recipes to pick of, no fresh run of the picked one, or seeds
            that picked it.
    """
    cells = _cells(table, measure, column)
    means = _unit_means(cells.to_numpy(float), _splits(cells)).mean(axis=0)
    picked = int(means.argmax())
    recipe = str(cells.columns[picked])
    runs = fresh[(fresh["recipe"] == recipe) & fresh[column].notna()]
    if runs.empty:
        raise DataError(f"The fresh study has no run of {recipe!r}, which was picked.")
    known = sorted(set(cells.index.get_level_values("seed")))
    again = sorted(set(known) & set(runs["seed"]))
    if again:
        raise DataError(
            f"Seeds {again} of the fresh study have picked {recipe!r} themselves. Give others, "
            f"such as seeds={[known[-1] + 1 + i for i in range(3)]}."
        )
    sign = 1 if measure.higher_is_better else -1
    figures, splits = sign * runs[column].to_numpy(float), runs["split"].to_numpy()
    judged = estimate(figures, splits, overlap.validation)
    best = float(means[picked])
    return _optimism(
        table,
        measure,
        recipe,
        len(cells.columns),
        best,
        best - judged.mean,
        (judged, 1.0, overlap.test_apart),
        column,
        "fresh splits" if judged.of_splits else "fresh seeds",
    )


def _cells(table: pd.DataFrame, measure: Measure, column: str) -> pd.DataFrame:
    """Validation figures, higher is better: one row a seed and split, one column a candidate."""
    sign = 1 if measure.higher_is_better else -1
    cells = sign * table.pivot(index=["seed", "split"], columns="recipe", values=column)
    cells = cells[list(dict.fromkeys(table["recipe"]))].dropna(axis="columns")
    if len(cells.columns) < 2:
        raise DataError(
            f"The best is picked of several recipes, and {len(cells.columns)} of "
            f"{table['recipe'].nunique()} finished all trials. Compare at least two that do."
        )
    return cells


def _splits(cells: pd.DataFrame) -> np.ndarray:
    return cells.index.get_level_values("split").to_numpy()


def _unit_means(figures: np.ndarray, splits: np.ndarray) -> np.ndarray:
    """The splits' means (splits, recipes) of figures (cells, recipes)."""
    return np.stack([figures[splits == split].mean(axis=0) for split in np.unique(splits)])


def _luck(figures: np.ndarray, splits: np.ndarray, overlap: Overlap) -> float:
    """The variance of the luck in a mean over splits, in units of what the splits show of it.

    Luck that recipes have in common picks none of them, so it is taken out first.
    """
    shared = overlap.shared_validation
    if shared >= 1:
        return 1.0
    own = figures - figures.mean(axis=1, keepdims=True)
    parts = [estimate(column, splits) for column in own.T]
    between, within = (np.median([getattr(p, a) for p in parts]) for a in ("between", "within"))
    of_rows = max(0.0, 1 - float(within / between)) if between else 0.0
    return 1 + len(np.unique(splits)) * shared / (1 - shared) * of_rows


def _optimism(
    table: pd.DataFrame,
    measure: Measure,
    recipe: str,
    candidates: int,
    best: float,
    gained: float,
    judged: tuple[Estimate, float, bool],
    column: str,
    by: By,
) -> Optimism:
    seen, wider, apart = judged
    interval = seen.interval()
    reach = wider * (interval.high - interval.low) / 2 if seen.units > 1 else math.inf
    test = table.loc[table["recipe"] == recipe, column.replace("val", "test")].to_numpy(float)
    return Optimism(
        recipe=recipe,
        candidates=candidates,
        score=best if measure.higher_is_better else -best,
        optimism=gained,
        low=gained - reach,
        high=gained + reach,
        by=by,
        units=seen.units,
        measure=measure,
        test=float(test.mean()),
        test_apart=apart,
    )
