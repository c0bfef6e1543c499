"""What each technique of a recipe brings, from a study that holds the recipe without some of them.

Each run (a seed and a split) gives a figure of its own for everything here, so the intervals are
those of paired runs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from justright.engine.keys import order_draws
from justright.evidence import shares
from justright.evidence.estimate import estimate
from justright.evidence.interval import Interval
from justright.evidence.measure import Measure
from justright.evidence.overlap import ONE_SPLIT, Overlap
from justright.regularizers.neutral import neutral_of
from justright.regularizers.recipe import Recipe

if TYPE_CHECKING:
    import pandas as pd

_MOST_ORDERS = 256

ALONE, SHAPLEY, TAKEN_OUT = "alone", "Shapley", "taken out"

Orders = Sequence[Sequence[Sequence[int]]]
"""For each run some orders of the techniques."""


@dataclass(frozen=True)
class Worths:
    """How good a recipe is with some of its techniques, run by run.

    Attributes:
        names: of the techniques, in the order of the recipe.
        worth: a figure for each subset, (runs,), signed such that more is better.
        orders: of the techniques, where not all subsets were trained; None without.
        splits: the split of each run, (runs,); None for one split.
        ratio: what the splits' intervals allow for, as `estimate` has it.
    """

    names: tuple[str, ...]
    worth: shares.Worth
    orders: Orders | None = None
    splits: np.ndarray | None = None
    ratio: float = 0.0

    def interval(self, values: np.ndarray) -> Interval:
        """What covers the mean of a figure of the runs (runs,)."""
        return estimate(values, self.splits, self.ratio).interval()

    @property
    def team(self) -> shares.Subset:
        """All techniques."""
        return frozenset(range(len(self.names)))

    @property
    def complete(self) -> bool:
        """Whether all subsets were trained."""
        return self.has(*shares.subsets_of(self.team))

    def has(self, *subsets: shares.Subset) -> bool:
        """Whether subsets were trained, in some run at least."""
        return all(one in self.worth for one in subsets)

    def whole(self) -> Interval | None:
        """By how much the recipe is better than none; None where no run has both."""
        if not self.has(self.team, frozenset()):
            return None
        values = self.worth[self.team] - self.worth[frozenset()]
        divided = self.shapley()
        # The shares add up to the whole of the runs that they are of.
        values = values if divided is None else values + 0 * divided[0]
        return self.interval(values) if np.isfinite(values).any() else None

    def shapley(self) -> np.ndarray | None:
        """The shares (techniques, runs); None where subsets are missing."""
        if self.complete:
            return np.stack([shares.shapley(self.worth, self.team, i) for i in sorted(self.team)])
        return None if self.orders is None else shares.shapley_of_orders(self.worth, self.orders)


def worths_of(
    recipes: Mapping[str, Recipe],
    table: pd.DataFrame,
    full: Recipe,
    column: str,
    measure: Measure,
    overlap: Overlap = ONE_SPLIT,
) -> Worths:
    """Find a recipe's parts in a study.

    Args:
        recipes: the study's, by name.
        table: the study's.
        full: the recipe.
        column: the figure.
        measure: how it reads.
        overlap: what the splits have in common.
    """
    runs = table.pivot(index=["seed", "split"], columns="recipe", values=column)
    sign = 1 if measure.higher_is_better else -1
    worth: dict[shares.Subset, np.ndarray] = {}
    for name, recipe in recipes.items():
        part = present(recipe, full)
        if part is not None and part not in worth:
            worth[part] = sign * runs[name].to_numpy(float)
    splits = runs.index.get_level_values("split").to_numpy()
    names = tuple(map(str, full.techniques))
    found = Worths(names, worth, splits=splits, ratio=overlap.ratio(column))
    if found.complete:
        return found
    trained = {
        (part, run)
        for name, of_name in table.groupby("recipe", sort=False)
        if (part := present(recipes[str(name)], full)) is not None
        for run in zip(of_name["seed"], of_name["split"], strict=True)
    }
    orders = _orders_in(trained, list(runs.index), len(full.techniques))
    return replace(found, orders=orders)


def drawn_orders(seed: int, split: int, count: int, members: int) -> list[tuple[int, ...]]:
    """Orders of a recipe's techniques, drawn for one run, every second the one before it backwards.

    The first of more are those of fewer.
    """
    draws, orders = order_draws(seed, split), []
    for _ in range(count // 2):
        order = tuple(map(int, draws.permutation(members)))
        orders += [order, order[::-1]]
    return orders


def prefixes(order: Sequence[int]) -> list[shares.Subset]:
    """What there is in an order before each member and after the last."""
    return [frozenset(order[:end]) for end in range(len(order) + 1)]


def present(recipe: Recipe, full: Recipe) -> shares.Subset | None:
    """Which techniques of a recipe another one has; None if it is not a part of it.

    A technique at its neutral strengths is not there.
    """
    here = {type(one): one for one in recipe.techniques}
    found = set()
    for position, one in enumerate(full.techniques):
        other = here.pop(type(one), None)
        if other == one:
            found.add(position)
        elif other is not None and other != neutral_of(one):
            return None
    return None if any(one != neutral_of(one) for one in here.values()) else frozenset(found)


def _orders_in(
    trained: Collection[tuple[shares.Subset, tuple[int, int]]],
    runs: Sequence[tuple[int, int]],
    members: int,
) -> Orders | None:
    """As many drawn orders as were trained from their beginning to their end, in all runs."""

    def whole(run: tuple[int, int], order: Sequence[int]) -> bool:
        return all((part, run) in trained for part in prefixes(order))

    found: Orders | None = None
    for count in range(2, _MOST_ORDERS + 1, 2):
        orders = {run: drawn_orders(*run, count, members) for run in runs}
        if not all(whole(run, one) for run, drawn in orders.items() for one in drawn[-2:]):
            break
        found = list(orders.values())
    return found


def contributions_table(worths: Worths) -> pd.DataFrame:
    """One row a technique and kind of contribution: alone, Shapley, taken out.

    Columns: technique, contribution, mean, low, high, runs (splits, where `of_splits`).
    """
    import pandas as pd

    rows = []
    divided = worths.shapley()
    for i, name in enumerate(worths.names):
        values = {}
        if worths.has(frozenset([i]), frozenset()):
            values[ALONE] = shares.alone(worths.worth, i)
        if divided is not None:
            values[SHAPLEY] = divided[i]
        if worths.has(worths.team, worths.team - {i}):
            values[TAKEN_OUT] = shares.taken_out(worths.worth, worths.team, i)
        rows += [
            {"technique": name, "contribution": kind} | _columns(worths.interval(one))
            for kind, one in values.items()
            if np.isfinite(one).any()
        ]
    columns = ["technique", "contribution", "mean", "low", "high", "runs", "of_splits"]
    return pd.DataFrame(rows, columns=columns)


def interactions_table(worths: Worths) -> pd.DataFrame:
    """One row a pair: what the first adds without the second, and beside it.

    Columns: first, second, without, beside, and of the difference beside − without its mean,
    low, high, runs, of_splits.
    """
    import pandas as pd

    rows = []
    for i, j in combinations(range(len(worths.names)), 2):
        last = [worths.team - one for one in ({i, j}, {i}, {j}, set())]
        if worths.complete:
            without, beside = shares.interplay(worths.worth, worths.team, i, j)
        elif worths.has(*last):
            without, beside = shares.interplay_at_the_end(worths.worth, worths.team, i, j)
        else:
            continue
        if not np.isfinite(beside - without).any():
            continue
        rows.append(
            {
                "first": worths.names[i],
                "second": worths.names[j],
                "without": worths.interval(without).mean,
                "beside": worths.interval(beside).mean,
            }
            | _columns(worths.interval(beside - without))
        )
    columns = ["first", "second", "without", "beside", "mean", "low", "high", "runs", "of_splits"]
    return pd.DataFrame(rows, columns=columns)


def _columns(interval: Interval) -> dict[str, float]:
    return {
        "mean": interval.mean,
        "low": interval.ends[0],
        "high": interval.ends[1],
        "runs": interval.count,
        "of_splits": interval.of_splits,
    }
