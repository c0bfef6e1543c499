"""Differences between recipes over common seeds and splits, corrected where there are several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from justright.errors import DataError, did_you_mean
from justright.evidence.estimate import Estimate, estimate
from justright.evidence.holm import holm
from justright.evidence.interval import Interval
from justright.evidence.overlap import Overlap

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.05
"""How often, at most, a study claims something where there is nothing."""
_ROUNDING = 4 * float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Difference:
    """Of one figure between two recipes.

    Attributes:
        estimate: the mean of a − b and its error.
        interval: the 95 % interval of this difference taken alone.
        p: two-sided, of no difference; NaN with fewer than three independent pairs.
        corrected_p: Holm's, among `comparisons`.
        comparisons: how many differences were tested together.
    """

    estimate: Estimate
    interval: Interval
    p: float
    corrected_p: float
    comparisons: int

    @property
    def shown(self) -> bool:
        """Whether a difference may be claimed, among those that were tested together."""
        return self.corrected_p < LEVEL and self.interval.enough


def differences(
    table: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    column: str,
    overlap: Overlap,
    higher_is_better: bool = True,
) -> list[Difference]:
    """The differences a − b of some pairs of recipes, tested together.

    Args:
        table: a study's table.
        pairs: of names of recipes.
        column: the figure.
        overlap: what the study's splits have in common.
        higher_is_better: if not, the differences are b − a.

    Raises:
        DataError: an unknown recipe, or the same one twice in a pair.
    """
    figures = table.pivot(index=["seed", "split"], columns="recipe", values=column)
    splits = figures.index.get_level_values("split").to_numpy()
    sign, ratio = (1 if higher_is_better else -1), overlap.ratio(column)
    found = []
    known = dict.fromkeys(table["recipe"])
    for a, b in pairs:
        _check(known, a, b)
        difference = sign * _difference(figures[a].to_numpy(float), figures[b].to_numpy(float))
        found.append(estimate(difference, splits, ratio))
    intervals = [one.interval() for one in found]
    p_values = np.array([tested_p(one, one.p_value()) for one in found])
    corrected = holm(p_values)
    tested = int((~np.isnan(p_values)).sum())
    parts = zip(found, intervals, p_values.tolist(), corrected.tolist(), strict=True)
    return [Difference(*part, tested) for part in parts]


def _difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Differences of figures that were taken in 32 bits: what only rounding tells apart is equal.

    Accuracies that differ by one row in every pair would else differ with a spread of 1e-8, and
    three such pairs would claim what six equal ones are wanted for.
    """
    found = a - b
    known = np.isfinite(found)
    if not known.any():
        return found
    size = max(float(np.abs(one[known]).max()) for one in (a, b))
    alike = np.ptp(found[known]) <= _ROUNDING * size
    return np.where(known, found[known].mean(), np.nan) if alike else found


def tested_p(seen: Estimate, p_value: float) -> float:
    """A p-value, NaN where there are too few pairs to test anything."""
    return p_value if seen.units >= 3 else float("nan")


def _check(known: Mapping[str, None], a: str, b: str) -> None:
    for name in (a, b):
        if name not in known:
            raise DataError(f"The study has no recipe {name!r}. {did_you_mean(name, list(known))}")
    if a == b:
        raise DataError(f"A verdict compares two recipes, and both are {a!r}.")
