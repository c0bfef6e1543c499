"""`units_needed` says how many seeds or splits would show a difference of the size seen."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from justright.evidence.estimate import Estimate, estimate
from justright.evidence.power import POWER, power_of, units_needed


def of_seeds(effect, seeds=5):
    """A mean of `effect` standard deviations."""
    return Estimate(effect, seeds, seeds, between=1.0)


@pytest.mark.parametrize(("effect", "seeds"), [(2.0, 5), (1.0, 10), (0.5, 34), (0.2, 199)])
def test_of_seeds_it_is_the_textbook_number(effect, seeds):
    """Cohen, Statistical power analysis, 1988: for paired t-tests with power 0.8."""
    assert units_needed(of_seeds(effect)) == seeds


@pytest.mark.parametrize("effect", [0.4, 0.8])
def test_so_many_seeds_show_it_in_80_percent(effect):
    needed = int(units_needed(of_seeds(effect)))
    studies = np.random.default_rng(0).normal(effect, 1.0, (20_000, needed))
    shown = stats.ttest_1samp(studies, 0, axis=1).pvalue < 0.05
    assert POWER - 0.01 < shown.mean() < POWER + 0.03


@pytest.mark.parametrize("of_seeds_alone", [0.0, 2.0])
def test_so_many_splits_show_it_in_about_80_percent(of_seeds_alone):
    """By the verdict's own test, on splits that correlate as it allows for."""
    ratio, seeds, effect = 0.1, 2, 1.3
    within = of_seeds_alone**2 / seeds
    seen = Estimate(effect, 10, 5, True, 1 + within, within, 5, ratio)
    needed = int(units_needed(seen))
    rng = np.random.default_rng(1)
    splits, shown = np.repeat(np.arange(needed), seeds), 0
    for _ in range(400):
        means = effect + np.sqrt(ratio) * rng.normal() + rng.normal(size=needed)
        runs = means[splits] + of_seeds_alone * rng.normal(size=len(splits))
        shown += estimate(runs, splits, ratio).p_value() < 0.05
    assert POWER - 0.1 < shown / 400 < POWER + 0.1


@settings(deadline=None)
@given(st.floats(0.02, 5), st.sampled_from([0.05, 0.01, 0.005]))
def test_it_is_the_first_number_that_will_do(effect, level):
    seen = of_seeds(effect)
    needed = int(units_needed(seen, level))
    if needed < 2000:
        assert power_of(seen, needed, level) >= POWER
        assert needed == 2 or power_of(seen, needed - 1, level) < POWER
    else:
        assert power_of(seen, needed, level) == pytest.approx(POWER, abs=0.002)


@pytest.mark.parametrize("ratio", [0.1, 0.25, 1.0])
def test_the_smallest_difference_that_splits_can_show_depends_on_the_rows_they_share(ratio):
    """With ever more splits the variance goes to r times that of the rows."""
    smallest = (stats.norm.ppf(0.975) + stats.norm.ppf(POWER)) * math.sqrt(ratio)
    seen = Estimate(0.99 * smallest, 10, 10, True, 1.0, 0.0, 0, ratio)
    assert math.isinf(units_needed(seen))
    assert units_needed(replace(seen, mean=1.01 * smallest)) > 10
    seeds_disturb = replace(seen, between=2.0, within=1.0, freedom=10)
    assert math.isinf(units_needed(seeds_disturb))


def test_what_only_seeds_disturb_more_splits_show():
    seen = Estimate(0.1, 20, 10, True, 1.0, 1.0, 10, 0.25)
    assert units_needed(seen) == units_needed(replace(seen, ratio=0.0))


@pytest.mark.parametrize(
    "seen", [of_seeds(0.0), Estimate(0.1, 1, 1), Estimate(math.nan, 0, 0), of_seeds(math.nan)]
)
def test_where_nothing_is_known_there_is_no_number(seen):
    assert math.isnan(units_needed(seen))


def test_the_smallest_of_differences_does_not_overflow():
    assert units_needed(of_seeds(1e-150)) > 1e6
