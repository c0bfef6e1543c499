"""`estimate` is Student's over seeds, Nadeau and Bengio's over splits, and in between with both."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from justright.evidence.estimate import Estimate, estimate

eighths = st.integers(-800, 800).map(lambda i: i / 8)
ratios = st.sampled_from([0.0, 1 / 9, 0.25, 1.0])


@st.composite
def runs(draw):
    """Values of 2 to 6 splits of 1 to 3 seeds each, and their splits."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=6))
    splits = np.repeat(np.arange(len(sizes)), sizes)
    values = draw(st.lists(eighths, min_size=len(splits), max_size=len(splits)))
    return np.array(values), splits


def reach(one, confidence=0.95):
    interval = one.interval(confidence)
    return (interval.high - interval.low) / 2


@pytest.mark.parametrize("splits", [2, 3, 10])
def test_one_seed_a_split_is_the_corrected_resampled_t(splits):
    values = np.random.default_rng(splits).normal(1.0, 2.0, splits)
    ours = estimate(values, np.arange(splits), 0.25)
    error = values.std(ddof=1) * math.sqrt(1 / splits + 0.25)
    theirs = stats.t(splits - 1, values.mean(), error)
    assert (ours.interval().low, ours.interval().high) == pytest.approx(theirs.interval(0.95))
    standard = abs(values.mean()) / error
    assert ours.p_value() == pytest.approx(2 * stats.t.sf(standard, splits - 1))


def test_seeds_that_change_nothing_leave_the_corrected_resampled_t():
    means = np.random.default_rng(0).normal(size=5)
    thrice = estimate(np.repeat(means, 3), np.repeat(np.arange(5), 3), 0.25)
    assert thrice.interval() == estimate(means, np.arange(5), 0.25).interval()


def test_several_seeds_of_one_split_are_seeds():
    values = np.random.default_rng(0).normal(size=6)
    assert estimate(values, np.zeros(6)) == estimate(values)
    assert estimate(values, np.zeros(6), 0.25).ratio == 0


@pytest.mark.parametrize("seeds_disturb", [0.1, 1.0, 30.0])
def test_its_error_is_distributed_as_the_variances_may_be(seeds_disturb):
    """By drawing the variances from what they may be after what was seen."""
    rng = np.random.default_rng(1)
    splits, seeds, ratio = 8, 3, 0.25
    values = rng.normal(size=(splits, 1)) + seeds_disturb * rng.normal(size=(splits, seeds))
    ours = estimate(values.ravel(), np.repeat(np.arange(splits), seeds), ratio)
    draws = 400_000
    between = values.mean(axis=1).var(ddof=1) * (splits - 1) / rng.chisquare(splits - 1, draws)
    freedom = splits * (seeds - 1)
    within = values.var(axis=1, ddof=1).mean() * freedom / rng.chisquare(freedom, draws)
    variance = between / splits + ratio * np.maximum(between - within / seeds, 0)
    errors = np.abs(rng.normal(size=draws)) * np.sqrt(variance)
    for confidence in (0.9, 0.95, 0.99):
        assert reach(ours, confidence) == pytest.approx(np.quantile(errors, confidence), rel=0.015)


@pytest.mark.parametrize("splits", [2, 3, 5, 30])
def test_where_seeds_explain_next_to_nothing_the_tails_are_students(splits):
    """The sum that stands for the integral, against the closed form, far out too."""
    nearly = Estimate(0.0, 2 * splits, splits, True, 1.0, 1e-12, splits, 0.25)
    exact = Estimate(0.0, splits, splits, True, 1.0, 0.0, 0, 0.25)
    for error in (0.5, 1.0, 3.0, 10.0):
        assert nearly.p_outside(error) == pytest.approx(exact.p_outside(error), rel=2e-3, abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(runs(), ratios)
def test_seeds_widen_less_than_splits_and_sharing_rows_never_narrows(given_runs, ratio):
    values, splits = given_runs
    ours = estimate(values, splits, ratio)
    none = estimate(values, splits, 0.0)
    means = np.array([values[splits == split].mean() for split in np.unique(splits)])
    all_of_splits = estimate(means, np.arange(len(means)), ratio)
    assert ours.mean == none.mean == pytest.approx(all_of_splits.mean)
    slack = 1.001
    assert reach(none) <= reach(ours) * slack + 1e-12
    assert reach(ours) <= reach(all_of_splits) * slack + 1e-12


@settings(deadline=None, max_examples=60)
@given(runs(), ratios)
def test_p_and_interval_agree(given_runs, ratio):
    ours = estimate(*given_runs, ratio)
    interval, p = ours.interval(), ours.p_value()
    if abs(p - 0.05) > 1e-4:
        assert (p < 0.05) == (interval.low > 0 or interval.high < 0)


@settings(deadline=None, max_examples=60)
@given(runs(), ratios, st.sampled_from([-4.0, 0.5]), eighths)
def test_units_of_the_figure_do_not_matter(given_runs, ratio, scale, shift):
    values, splits = given_runs
    there, back = (
        estimate(scale * values + shift, splits, ratio),
        estimate(values, splits, ratio),
    )
    assert there.mean == pytest.approx(scale * back.mean + shift)
    assert reach(there) == pytest.approx(abs(scale) * reach(back), rel=1e-4, abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(runs(), ratios, st.integers(1, 40).map(lambda i: i / 8))
def test_outside_a_margin_is_what_the_90_percent_interval_says(given_runs, ratio, margin):
    ours = estimate(*given_runs, ratio)
    interval, p = ours.interval(0.9), ours.p_outside(margin)
    if abs(p - 0.05) > 1e-4:
        assert (p < 0.05) == (-margin < interval.low and interval.high < margin)


def test_failed_runs_are_left_out_and_a_split_without_others_with_them():
    values = np.array([1.0, 2.0, np.nan, 4.0, np.nan, np.nan])
    ours = estimate(values, np.array([0, 0, 1, 1, 2, 2]), 0.25)
    assert (ours.count, ours.units) == (3, 2)
    assert ours.mean == (1.5 + 4.0) / 2


@pytest.mark.parametrize("values", [[], [np.nan, np.nan], [0.5, np.nan]])
def test_of_less_than_two_splits_nothing_is_known(values):
    ours = estimate(np.array(values), np.arange(len(values)), 0.25)
    assert math.isnan(ours.p_value())
    assert math.isinf(reach(ours))


def test_where_splits_share_everything_nothing_is_known():
    ours = estimate(np.array([1.0, 2.0, 3.0]), np.arange(3), math.inf)
    assert math.isinf(reach(ours))
    assert ours.p_value() == 1
