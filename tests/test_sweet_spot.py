"""Where the best lies on a grid and how sure that is: laws, known answers, and simulations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

import justright as jr
from justright.evidence.sweet_spot import (
    best_point,
    estimate_over_runs,
    find_sweet_spot,
    likely_values,
    one_standard_error,
    standard_error,
    strengths_of,
    underfitting,
    wins,
    without_failures,
)

GRID = np.linspace(0, 1, 9)
UP = strengths_of(GRID[:, None], [1])


def scores_of(means, *, spread=0.0, seeds=5, splits=1, rng=None):
    means = np.asarray(means, float)[:, None, None]
    noise = (rng or np.random.default_rng(0)).normal(size=(len(means), seeds, splits))
    return means + spread * noise


cubes = st.builds(
    lambda seed, points, seeds, splits: np.random.default_rng(seed).normal(
        size=(points, seeds, splits)
    ),
    st.integers(0, 1000),
    st.integers(1, 6),
    st.integers(1, 5),
    st.integers(1, 4),
)


@given(cubes)
def test_wins_are_shares_of_all_draws(scores):
    won = wins(scores, draws=200)
    assert won.sum() == pytest.approx(1)
    assert (won >= 0).all()


@given(cubes, st.integers(0, 100))
def test_what_all_points_have_in_common_changes_nothing(scores, seed):
    """Points are compared in pairs: a hard seed or split is hard for all of them."""
    common = 10 * np.random.default_rng(seed).normal(size=scores.shape[1:])
    np.testing.assert_allclose(wins(scores + common, draws=200), wins(scores, draws=200), atol=0.02)


def test_equal_points_share_and_a_single_run_is_sure():
    assert wins(np.zeros((4, 3, 1))).tolist() == [0.25] * 4
    assert wins(np.array([[[1.0]], [[2.0]]])).tolist() == [0.0, 1.0]
    ahead = scores_of([0, 1], spread=0.01)
    assert wins(ahead).tolist() == [0.0, 1.0]


def test_the_same_numbers_give_the_same_wins():
    scores = scores_of(-(GRID**2), spread=0.3)
    np.testing.assert_array_equal(wins(scores), wins(scores))


@pytest.mark.parametrize(
    ("seeds", "splits"), [(3, 1), (10, 1), (2, 5)], ids=["3 seeds", "10 seeds", "5 splits"]
)
@pytest.mark.parametrize("noise", [0.05, 0.2])
def test_the_true_best_lies_where_the_wins_say(seeds, splits, noise):
    """In 300 simulated sweeps the range of 95 % of the wins holds the best value often enough."""
    rng, held, studies = np.random.default_rng(0), 0, 300
    for _ in range(studies):
        scores = scores_of(
            -((GRID - 0.375) ** 2), spread=noise, seeds=seeds, splits=splits, rng=rng
        )
        low, high = likely_values(GRID, wins(scores, draws=500))
        held += low <= 0.375 <= high
    assert held / studies > 0.95 - 3 * np.sqrt(0.05 * 0.95 / studies)


def test_an_interval_of_one_split_is_students():
    values = np.random.default_rng(0).normal(size=(7, 1))
    interval = estimate_over_runs(values).interval()
    found = ttest_1samp(values[:, 0], 0).confidence_interval()
    np.testing.assert_allclose((interval.low, interval.high), found)
    assert interval.count == 7


def test_splits_are_the_units_where_there_are_several():
    values = np.random.default_rng(0).normal(size=(4, 6))
    means = values.mean(axis=0)
    assert standard_error(values) == pytest.approx(means.std(ddof=1) / np.sqrt(6))
    # Nadeau & Bengio 2003: 1/J + n_test/n_train in the place of 1/J, for one seed a split.
    one = values[:1]
    corrected = one.std(ddof=1) * np.sqrt(1 / 6 + 0.25)
    assert standard_error(one, 0.25) == pytest.approx(corrected)
    assert standard_error(values) <= standard_error(values, 0.25) <= 2 * standard_error(values)
    assert np.isnan(standard_error(values[:1, :1]))


def test_overlapping_splits_make_less_sure():
    scores = scores_of(-((GRID - 0.4) ** 2), spread=0.05, seeds=2, splits=5)
    assert wins(scores, ratio=0.5).max() < wins(scores).max()


def test_the_best_is_the_better_by_the_second_figure_among_equals_and_then_the_weaker():
    scores = np.zeros((3, 2, 1))
    tie = np.array([0.0, 1.0, 1.0])[:, None, None] + scores
    assert best_point(scores, tie, np.array([0.0, 0.5, 1.0])) == 1
    assert best_point(scores, tie, np.array([0.0, 1.0, 0.5])) == 2
    assert best_point(scores, scores, np.array([0.0, 0.5, 1.0])) == 0


def test_one_standard_error_is_breimans():
    # The best has mean 0 and standard error 0.1·√(1/3)… of three seeds −0.1, 0, 0.1.
    best = np.array([-0.1, 0, 0.1])
    error = best.std(ddof=1) / np.sqrt(3)
    scores = np.stack([best - 1, best, best - 0.99 * error, best - 1.01 * error])[..., None]
    assert one_standard_error(scores, 1, np.array([0, 1, 2, 3]) / 3) == 2
    # Smaller is stronger: the same points the other way around.
    assert one_standard_error(scores, 1, np.array([3, 1, 0, 2]) / 3) == 1
    assert one_standard_error(scores[:, :1], 1, np.array([0, 1, 2, 3]) / 3) == 1


@given(cubes)
def test_one_standard_error_is_never_weaker_than_the_best_nor_much_worse(scores):
    strength = np.arange(len(scores)) / len(scores)
    best = best_point(scores, scores, strength)
    found = one_standard_error(scores, best, strength)
    assert strength[found] >= strength[best]
    means, error = scores.mean(axis=(1, 2)), standard_error(scores[best])
    assert means[found] >= means[best] - (0 if np.isnan(error) else error) - 1e-8


def test_strength_is_the_mean_rank_in_the_direction_of_each_axis():
    coordinates = np.array([[0, 5], [0, np.inf], [0.5, 5], [0.5, np.inf]])
    assert strengths_of(coordinates, [1, -1]).tolist() == [0.5, 0.0, 1.0, 0.5]
    assert strengths_of(coordinates, [1, 0]).tolist() == [0, 0, 0.5, 0.5]


def test_likely_values_leave_out_what_hardly_ever_wins():
    values = np.array([0, 1, 2, 3.0])
    assert likely_values(values, np.array([0.02, 0.9, 0.06, 0.02])) == (1, 2)
    assert likely_values(values, np.array([0.03, 0.9, 0.04, 0.03])) == (0, 3)
    assert likely_values(values, np.array([0, 0, 1.0, 0])) == (2, 2)
    # Two axes: wins are added over the other one.
    assert likely_values(np.array([0, 0, 1, 1]), np.array([0.01, 0.01, 0.49, 0.49])) == (1, 1)


def test_underfitting_is_where_both_fall_and_only_there():
    rng = np.random.default_rng(1)
    train = scores_of([1, 1, 0.9, 0.7], spread=0.01, rng=rng)
    held = scores_of([0.8, 0.9, 0.95, 0.6], spread=0.01, rng=rng)
    assert underfitting(train, held, 0).tolist() == [False, False, False, True]
    # Fitting less and validating worse must both be shown, by three runs at least.
    assert not underfitting(train[:, :2], held[:, :2], 0).any()
    assert underfitting(train, train + 0 * held, 0).tolist() == [False, False, True, True]


def test_nothing_underfits_where_nothing_differs():
    """At most 2.5 % of points without a difference, and less because two figures must agree."""
    rng, found = np.random.default_rng(0), 0
    for _ in range(200):
        train, held = (scores_of(np.zeros(2), spread=1, rng=rng) for _ in range(2))
        found += underfitting(train, held, 0)[1]
    assert found / 200 < 0.02


def test_points_with_failures_are_not_chosen_and_seeds_that_fail_are_left_out():
    scores = scores_of([0, 1, 2], spread=0.01)
    scores[2, 0] = np.nan
    spot = find_sweet_spot(scores, scores, np.array([0, 0.5, 1]))
    assert spot.best == 1
    assert spot.wins[2] == 0
    scores[:, 0] = np.nan
    points, seeds = without_failures(scores)
    assert points.tolist() == [0, 1, 2]
    assert seeds.tolist() == [1, 2, 3, 4]
    with pytest.raises(jr.DataError, match="fail in every seed"):
        find_sweet_spot(np.full((2, 3, 1), np.nan), scores[:2, :3], np.zeros(2))
