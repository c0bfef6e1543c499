"""What each member of a team brings: alone, taken out, and as its Shapley share; and in pairs.

A team's worth is given for subsets of its members, each a set of positions, as an array with one
number a run; NaN where a run has none. What comes out is one number a run as well, so that its
spread over runs says how sure it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

Subset = frozenset[int]
Worth = Mapping[Subset, np.ndarray]


def subsets_of(members: Iterable[int]) -> list[Subset]:
    """All subsets, smallest first."""
    listed = list(members)
    sizes = range(len(listed) + 1)
    return [frozenset(one) for size in sizes for one in combinations(listed, size)]


def alone(worth: Worth, member: int) -> np.ndarray:
    """By how much a member is worth more than nobody."""
    return worth[frozenset([member])] - worth[frozenset()]


def taken_out(worth: Worth, team: Subset, member: int) -> np.ndarray:
    """By how much the team is worth more than without a member."""
    return worth[team] - worth[team - {member}]


def shapley(worth: Worth, team: Subset, member: int) -> np.ndarray:
    """A member's Shapley share, from all subsets; the shares of all add up to the whole.

    The mean of what a member adds to those before it, over all orders of the team.

    Source: Shapley, "A value for n-person games", Contributions to the Theory of Games II,
    1953, equation 13.
    """
    return _weighted(team - {member}, lambda others: _added(worth, others, member))


def shapley_of_orders(worth: Worth, orders: Sequence[Sequence[Sequence[int]]]) -> np.ndarray:
    """Shapley shares from some orders of the team: what each adds to those before it, the mean.

    In each order that adds up to the whole, so the shares do.

    Args:
        worth: of the subsets that begin these orders.
        orders: for each run some orders of all members, drawn apart from other runs', so that
            the spread over runs holds what the draws add to it.

    Returns:
        (members, runs).

    Source: Castro, Gómez, Tejada, "Polynomial calculation of the Shapley value based on
    sampling", Computers & Operations Research 36, 2009, section 3.
    """
    shares = np.zeros((len(orders[0][0]), len(orders)))
    for run, of_run in enumerate(orders):
        for order in of_run:
            for place, member in enumerate(order):
                before = frozenset(order[:place])
                added = worth[before | {member}][run] - worth[before][run]
                shares[member, run] += added / len(of_run)
    # Where one subset is missing, the shares of that run do not add up to the whole.
    return np.where(np.isnan(shares).any(axis=0), np.nan, shares)


def interplay(worth: Worth, team: Subset, member: int, other: int) -> tuple[np.ndarray, np.ndarray]:
    """What a member adds where another is away, and where it is there.

    The difference, there less away, is the Shapley interaction index of the two; it is the same
    with their places exchanged. It is below zero where one does the work of the other.

    Returns:
        Two arrays (runs,), each a mean over the subsets of the other members, weighted as the
        index weighs them.

    Source: Grabisch & Roubens, "An axiomatic approach to the concept of interaction among
    players in cooperative games", International Journal of Game Theory 28, 1999, equation 5.
    """
    rest = team - {member, other}
    away = _weighted(rest, lambda others: _added(worth, others, member))
    there = _weighted(rest, lambda others: _added(worth, others | {other}, member))
    return away, there


def interplay_at_the_end(
    worth: Worth, team: Subset, member: int, other: int
) -> tuple[np.ndarray, np.ndarray]:
    """The same in the company of all others alone: a difference of differences."""
    rest = team - {member, other}
    return _added(worth, rest, member), _added(worth, rest | {other}, member)


def _added(worth: Worth, others: Subset, member: int) -> np.ndarray:
    return worth[others | {member}] - worth[others]


def _weighted(others: Subset, added: Callable[[Subset], np.ndarray]) -> np.ndarray:
    """A mean over the subsets of some members: all sizes weigh alike, and all of one size."""
    n = len(others)
    total: np.ndarray = np.zeros(())
    for one in subsets_of(sorted(others)):
        total = total + added(one) / ((n + 1) * math.comb(n, len(one)))
    return total
