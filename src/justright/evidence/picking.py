"""What a pick of the best by its mean owes to luck."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import combinations

import numpy as np

_MOST_PICKS = 500


def optimism_of_picking(units: np.ndarray, factor: float) -> float:
    """By how much the best mean flatters, from picks on some units that others judge.

    Fewer units have more luck in their mean, by c = all/some − 1 of its variance v. For normal
    luck the optimism of a pick is v/√(s + c·v), s the variance of the figures (Stein's identity),
    so optimism⁻² is linear in c: it is taken at two c > 0 and read off at 0.

    Args:
        units: (n, recipes) figures of at least two seeds or splits; higher is better.
        factor: all luck in units of what the units show of it, where they share some. It says
            at which c to look, because what smooths is c in units of all luck.

    Source: Stein, Annals of Statistics 9, 1981; Cook and Stefanski, JASA 89, 1994.
    """
    count = len(units)
    if count == 2:
        return float(units.mean(axis=0).max() - _left_out(units, 1)[1])
    more = max(2, int(2 * count / (2 + factor)))
    fewer = min(max(1, int(count / (1 + factor))), more - 1)
    near, far = (_lost(units, some) for some in (more, fewer))
    added, added_far = (count / some - 1 for some in (more, fewer))
    if near <= 0:
        return near
    slope = (far**-2 - near**-2) / (added_far - added) if far > 0 else math.inf
    # No luck at all, and nothing but luck, are the ends of what it may be.
    squared = min(max(near**-2 - slope * added, near**-2 / (1 + added)), near**-2)
    return float(squared**-0.5)


def _lost(units: np.ndarray, some: int) -> float:
    """What a pick among some loses on the others, in luck of all units instead of some."""
    best, judged = _left_out(units, some)
    return (best - judged) * some / len(units)


def _left_out(units: np.ndarray, some: int) -> tuple[float, float]:
    """The mean figure of what is picked on some units, there and on the others."""
    inside = _choices(len(units), some)
    there = inside @ units / some
    others = (1 - inside) @ units / (len(units) - some)
    picked = there.argmax(axis=1)
    every = np.arange(len(picked))
    return float(there[every, picked].mean()), float(others[every, picked].mean())


@lru_cache(maxsize=64)
def _choices(count: int, some: int) -> np.ndarray:
    """Which units are in a choice: (choices, count) of 0 and 1; all choices, or 500 drawn."""
    if math.comb(count, some) <= _MOST_PICKS:
        chosen = list(combinations(range(count), some))
    else:
        rng = np.random.default_rng([count, some])
        chosen = [tuple(rng.permutation(count)[:some]) for _ in range(_MOST_PICKS)]
    inside = np.zeros((len(chosen), count))
    np.put_along_axis(inside, np.array(chosen), 1.0, axis=1)
    return inside
