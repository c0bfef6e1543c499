"""The interval over seeds is Student's t interval, and covers the mean as often as it says."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from justright.evidence.estimate import estimate
from justright.evidence.interval import CONFIDENCE, Interval

# Eighths add up without rounding, so laws hold to the bit where they can.
values = st.lists(st.integers(-800, 800).map(lambda i: i / 8), min_size=2, max_size=20)


def mean_interval(values, confidence=CONFIDENCE):
    return estimate(values).interval(confidence)


confidences = st.sampled_from([0.5, 0.9, 0.95, 0.99])


@settings(deadline=None)
@given(values, confidences)
def test_it_is_scipys_interval(values, confidence):
    assume(len(set(values)) > 1)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(confidence)
    ours = mean_interval(np.array(values), confidence)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9, abs=1e-9)
    assert ours.mean == pytest.approx(np.mean(values))
    assert ours.count == len(values)


@settings(deadline=None)
@given(values, st.data())
def test_nan_is_left_out(values, data):
    with_holes = list(values)
    for _ in range(data.draw(st.integers(1, 4))):
        with_holes.insert(data.draw(st.integers(0, len(with_holes))), np.nan)
    assert mean_interval(np.array(with_holes)) == mean_interval(np.array(values))


@pytest.mark.parametrize("values", [[], [np.nan], [np.nan, np.nan]])
def test_without_values_anything_is_possible(values):
    interval = mean_interval(np.array(values))
    assert np.isnan(interval.mean)
    assert (interval.low, interval.high, interval.count) == (-np.inf, np.inf, 0)


@pytest.mark.parametrize("values", [[0.25], [np.nan, 0.25]])
def test_one_value_is_a_mean_without_an_end(values):
    assert mean_interval(np.array(values)) == Interval(0.25, -np.inf, np.inf, 1)


def test_equal_values_have_an_interval_of_no_width():
    assert mean_interval(np.full(5, 0.25)) == Interval(0.25, 0.25, 0.25, 5)


def test_whole_numbers_are_numbers():
    assert mean_interval(np.array([1, 2, 3])) == mean_interval(np.array([1.0, 2.0, 3.0]))


@settings(deadline=None)
@given(values)
def test_the_mirrored_values_have_the_mirrored_interval(values):
    there, back = mean_interval(np.array(values)), mean_interval(-np.array(values))
    assert (back.mean, back.low, back.high) == pytest.approx((-there.mean, -there.high, -there.low))


@settings(deadline=None)
@given(values)
def test_more_confidence_is_never_narrower(values):
    wide, narrow = mean_interval(np.array(values), 0.99), mean_interval(np.array(values), 0.9)
    assert wide.low <= narrow.low <= narrow.mean <= narrow.high <= wide.high


@pytest.mark.parametrize("confidence", [CONFIDENCE, 0.8])
def test_it_covers_the_mean_as_often_as_it_says(confidence):
    repetitions, mean = 2000, 3.0
    samples = np.random.default_rng(20).normal(mean, 2.0, size=(repetitions, 10))
    intervals = [mean_interval(sample, confidence) for sample in samples]
    covered = np.mean([i.low <= mean <= i.high for i in intervals])
    standard_error = np.sqrt(confidence * (1 - confidence) / repetitions)
    assert covered == pytest.approx(confidence, abs=4 * standard_error)
