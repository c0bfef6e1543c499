"""Shapley shares and interactions: their axioms, and someone else's arithmetic."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from justright.evidence import shares

RUNS = 3


def worths(members, seed):
    rng = np.random.default_rng(seed)
    return {one: rng.normal(size=RUNS) for one in shares.subsets_of(range(members))}


@st.composite
def teams(draw):
    members = draw(st.integers(1, 5))
    return frozenset(range(members)), worths(members, draw(st.integers(0, 10**6)))


@given(teams())
@settings(max_examples=40, deadline=None)
def test_shares_add_up_to_the_whole(given_team):
    team, worth = given_team
    total = sum(shares.shapley(worth, team, i) for i in team)
    np.testing.assert_allclose(total, worth[team] - worth[frozenset()], atol=1e-12)


@given(teams())
@settings(max_examples=40, deadline=None)
def test_a_share_is_the_mean_over_all_orders(given_team):
    team, worth = given_team
    everything = [list(permutations(sorted(team)))] * RUNS
    by_orders = shares.shapley_of_orders(worth, everything)
    for i in team:
        np.testing.assert_allclose(by_orders[i], shares.shapley(worth, team, i), atol=1e-12)


@given(teams(), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_some_orders_give_shares_that_add_up_too(given_team, seed):
    team, worth = given_team
    rng = np.random.default_rng(seed)
    orders = [[tuple(rng.permutation(len(team))) for _ in range(2)] for _ in range(RUNS)]
    total = shares.shapley_of_orders(worth, orders).sum(axis=0)
    np.testing.assert_allclose(total, worth[team] - worth[frozenset()], atol=1e-12)


def test_who_adds_nothing_gets_nothing_and_equals_get_the_same():
    base = worths(3, 0)
    team = frozenset(range(4))
    with_idler = {one: base[one - {3}] for one in shares.subsets_of(team)}
    np.testing.assert_allclose(shares.shapley(with_idler, team, 3), 0, atol=1e-12)
    for i in range(3):
        away, there = shares.interplay(with_idler, team, i, 3)
        np.testing.assert_allclose(away, there, atol=1e-12)
        share = shares.shapley(base, frozenset(range(3)), i)
        np.testing.assert_allclose(shares.shapley(with_idler, team, i), share, atol=1e-12)
    by_size = {one: np.full(RUNS, len(one) ** 2.0) for one in shares.subsets_of(team)}
    for i in team:
        np.testing.assert_allclose(shares.shapley(by_size, team, i), 4.0)


@given(teams())
@settings(max_examples=40, deadline=None)
def test_an_interaction_is_the_same_from_both_sides(given_team):
    team, worth = given_team
    for find in (shares.interplay, shares.interplay_at_the_end):
        for i in team:
            for j in team - {i}:
                away, there = find(worth, team, i, j)
                other_away, other_there = find(worth, team, j, i)
                np.testing.assert_allclose(there - away, other_there - other_away, atol=1e-12)


def test_interactions_of_a_game_that_is_known():
    """Three players: 1 together with 0 is worth 5 more; 2 is worth 1, or −2 beside 0."""
    team = frozenset(range(3))

    def worth_of(one):
        return 5.0 * ({0, 1} <= one) + (2 in one) - 3.0 * ({0, 2} <= one)

    worth = {one: np.array([worth_of(one)]) for one in shares.subsets_of(team)}
    found = {
        pair: tuple(float(one[0]) for one in shares.interplay(worth, team, *pair))
        for pair in ((0, 1), (0, 2), (1, 2))
    }
    # What 0 adds: 5 where 1 is, and −3 where 2 is; both halves of the time.
    assert found[0, 1] == pytest.approx((-1.5, 3.5))
    assert found[0, 2] == pytest.approx((2.5, -0.5))
    assert found[1, 2] == pytest.approx((2.5, 2.5))


def test_one_missing_subset_takes_its_run_out():
    worth = worths(3, 1)
    worth[frozenset([1])] = worth[frozenset([1])].copy()
    worth[frozenset([1])][0] = np.nan
    team = frozenset(range(3))
    exact = np.stack([shares.shapley(worth, team, i) for i in range(3)])
    np.testing.assert_array_equal(np.isnan(exact), [[True, False, False]] * 3)
    sampled = shares.shapley_of_orders(worth, [[(1, 0, 2)], [(0, 1, 2)], [(0, 1, 2)]])
    np.testing.assert_array_equal(np.isnan(sampled), [[True, False, False]] * 3)
