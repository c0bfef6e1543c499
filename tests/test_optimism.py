"""`optimism` says by how much the best of several figures flatters, as simulated truth has it."""

import math

import numpy as np
import pandas as pd
import pytest

from justright.errors import DataError
from justright.evidence.measure import Measure
from justright.evidence.optimism import fresh_optimism, left_out_optimism
from justright.evidence.overlap import ONE_SPLIT, Overlap
from justright.evidence.picking import optimism_of_picking

ACCURACY = Measure("accuracy", higher_is_better=True)
ERROR = Measure("mean_absolute_error", higher_is_better=False)


def table_of(figures, measure=ACCURACY, test=math.nan, first_seed=0):
    """A study's table of figures (splits, seeds, recipes), higher is better."""
    splits, seeds, recipes = figures.shape
    index = pd.MultiIndex.from_product(
        [range(splits), range(first_seed, first_seed + seeds), [f"r{i}" for i in range(recipes)]],
        names=["split", "seed", "recipe"],
    )
    sign = 1 if measure.higher_is_better else -1
    columns = {"val_metric": sign * figures.ravel(), "test_metric": test}
    return pd.DataFrame(columns, index=index).reset_index()


def random_overlap(ratio):
    return Overlap(validation=ratio, shared_validation=ratio / (1 + ratio))


# ---------------------------------------------------------------- against the truth


class Picks:
    """Simulated studies: what was estimated, and by how much the figure flattered in truth."""

    def __init__(self, truths, lucks, overlap=ONE_SPLIT, measure=ACCURACY):
        self.found, self.true = [], []
        for truth, luck in zip(truths, lucks, strict=True):
            table = table_of(truth + luck, measure)
            found = left_out_optimism(table, measure, overlap)
            expected = truth[int(found.recipe[1:])]
            score = found.score if measure.higher_is_better else -found.score
            self.found.append(found)
            self.true.append(score - expected)
        self.true = np.array(self.true)
        self.estimated = np.array([one.optimism for one in self.found])

    @property
    def bias(self):
        return (self.estimated - self.true).mean()

    @property
    def monte_carlo(self):
        """Three standard errors of the bias."""
        return 3 * (self.estimated - self.true).std() / math.sqrt(len(self.true))

    @property
    def coverage(self):
        bounds = np.array([(one.low, one.high) for one in self.found])
        return np.mean((bounds[:, 0] <= self.true) & (self.true <= bounds[:, 1]))


def normal_luck(rng, studies, seeds, recipes):
    return rng.normal(size=(studies, 1, seeds, recipes))


def skewed_luck(rng, studies, seeds, recipes):
    return rng.exponential(size=(studies, 1, seeds, recipes)) - 1


# Seeds, recipes, by how much recipes differ in standard deviations of a run.
CASES = [(2, 10, 0.0), (3, 10, 0.0), (5, 10, 0.0), (5, 10, 0.5), (10, 30, 0.0), (10, 30, 0.3)]


@pytest.mark.parametrize("luck", [normal_luck, skewed_luck])
@pytest.mark.parametrize(("seeds", "recipes", "spread"), CASES)
def test_over_seeds_it_is_unbiased_to_a_tenth_of_a_standard_error(seeds, recipes, spread, luck):
    rng = np.random.default_rng([seeds, recipes])
    truths = spread * rng.normal(size=(400, recipes))
    picks = Picks(truths, luck(rng, 400, seeds, recipes))
    if not spread:
        assert picks.true.mean() > 3 * abs(picks.bias)
    # With two seeds a pick is judged that was made on one, which picks worse.
    slack = (0.2 if seeds == 2 and spread else 0.1) / math.sqrt(seeds)
    assert abs(picks.bias) <= slack + picks.monte_carlo
    assert picks.coverage >= 0.9


def test_for_a_pick_among_few_it_is_no_smaller_than_for_one_among_many():
    rng = np.random.default_rng(0)
    few, many = (
        Picks(np.zeros((150, recipes)), normal_luck(rng, 150, 5, recipes)) for recipes in (2, 40)
    )
    assert few.estimated.mean() < many.estimated.mean()


@pytest.mark.parametrize(("splits", "seeds", "of_seeds"), [(5, 1, 0.0), (10, 1, 0.0), (5, 3, 1.0)])
@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_over_splits_that_share_rows_it_allows_for_the_luck_they_share(
    splits, seeds, of_seeds, spread
):
    """A third of a standard error at most, where leaving out alone would miss most of it."""
    rng, ratio, recipes = np.random.default_rng(splits), 0.25, 10
    truths = spread * rng.normal(size=(300, recipes))
    common = math.sqrt(ratio) * rng.normal(size=(300, 1, 1, recipes))
    own = rng.normal(size=(300, splits, 1, recipes))
    luck = common + own + of_seeds * rng.normal(size=(300, splits, seeds, recipes))
    picks = Picks(truths, luck, random_overlap(ratio))
    error = math.sqrt((1 / splits + ratio) + of_seeds**2 / (splits * seeds))
    assert abs(picks.bias) <= 0.33 * error + picks.monte_carlo
    assert picks.coverage >= 0.9
    alone = np.mean(
        [optimism_of_picking(one.mean(axis=1), 1.0) for one in truths[:, None, None] + luck]
    )
    assert alone < 0.75 * picks.true.mean()


def test_over_folds_that_share_no_rows_leaving_out_is_enough():
    rng = np.random.default_rng(4)
    overlap = Overlap(validation=0.25, shared_validation=0.0)
    picks = Picks(np.zeros((300, 10)), rng.normal(size=(300, 5, 1, 10)), overlap)
    assert abs(picks.bias) <= 0.1 / math.sqrt(5) + picks.monte_carlo
    assert picks.coverage >= 0.93


def test_luck_that_all_recipes_have_in_common_flatters_none():
    rng = np.random.default_rng(1)
    figures = rng.normal(size=(1, 6, 8))
    lucky_seeds = figures + 10 * rng.normal(size=(1, 6, 1))
    one, other = (
        left_out_optimism(table_of(f), ACCURACY, ONE_SPLIT) for f in (figures, lucky_seeds)
    )
    assert one.recipe == other.recipe
    assert other.optimism == pytest.approx(one.optimism)


def test_where_one_is_better_in_every_run_there_is_none():
    figures = np.array([0.9, 0.8, 0.7]) + 0.01 * np.sin(np.arange(5))[:, None]
    found = left_out_optimism(table_of(figures[None]), ACCURACY, ONE_SPLIT)
    assert found.recipe == "r0"
    assert found.optimism == pytest.approx(0)
    assert found.corrected == pytest.approx(found.score)


# ---------------------------------------------------------------- laws


def test_errors_are_the_mirror_image_of_scores():
    figures = np.random.default_rng(2).normal(size=(1, 5, 6))
    score = left_out_optimism(table_of(figures), ACCURACY, ONE_SPLIT)
    error = left_out_optimism(table_of(figures, ERROR), ERROR, ONE_SPLIT)
    assert error.recipe == score.recipe
    assert (error.score, error.corrected) == (-score.score, -score.corrected)
    assert (error.optimism, error.low, error.high) == (score.optimism, score.low, score.high)
    assert error.corrected > error.score


def test_rows_of_the_table_may_stand_in_any_order():
    table = table_of(np.random.default_rng(3).normal(size=(2, 4, 5)))
    shuffled = table.sample(frac=1, random_state=0)
    overlap = random_overlap(0.25)
    here, there = (left_out_optimism(t, ACCURACY, overlap) for t in (table, shuffled))
    assert here.recipe == there.recipe
    assert there.optimism == pytest.approx(here.optimism)


def test_recipes_with_failed_trials_are_no_candidates():
    figures = np.random.default_rng(3).normal(size=(1, 4, 3))
    figures[0, 1, 2], figures[0, 0, 2] = np.nan, 100
    found = left_out_optimism(table_of(figures), ACCURACY, ONE_SPLIT)
    assert found.candidates == 2
    assert found.recipe != "r2"


@pytest.mark.parametrize("shape", [(1, 1, 5), (1, 5, 1)])
def test_what_says_nothing_about_a_pick_is_refused(shape):
    figures = np.random.default_rng(3).normal(size=shape)
    with pytest.raises(DataError, match=r"One seed of one split|picked of several recipes"):
        left_out_optimism(table_of(figures), ACCURACY, ONE_SPLIT)


# ---------------------------------------------------------------- fresh seeds


def test_fresh_seeds_are_unbiased_and_their_interval_is_exact():
    rng = np.random.default_rng(7)
    errors, covered = [], []
    for _ in range(600):
        picks, fresh = rng.normal(size=(1, 5, 8)), rng.normal(size=(1, 5, 8))
        found = fresh_optimism(table_of(picks), table_of(fresh, first_seed=5), ACCURACY, ONE_SPLIT)
        errors.append(found.optimism - found.score)  # In truth all recipes give 0.
        covered.append(found.low <= found.score <= found.high)
    assert abs(np.mean(errors)) <= 3 * np.std(errors) / math.sqrt(600)
    assert np.mean(covered) == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / 600))


def test_fresh_seeds_are_fresh():
    table = table_of(np.random.default_rng(0).normal(size=(1, 3, 3)))
    with pytest.raises(DataError, match=r"Seeds \[0, 1, 2\] .*such as seeds=\[3, 4, 5\]"):
        fresh_optimism(table, table, ACCURACY, ONE_SPLIT)


def test_fresh_runs_are_of_the_picked_recipe():
    table = table_of(np.random.default_rng(0).normal(size=(1, 3, 3)))
    fresh = table_of(np.zeros((1, 3, 3)), first_seed=3).assign(recipe="other")
    with pytest.raises(DataError, match="no run of 'r"):
        fresh_optimism(table, fresh, ACCURACY, ONE_SPLIT)


# ---------------------------------------------------------------- in words


def words(by_split=False, test=math.nan, measure=ACCURACY):
    rng = np.random.default_rng(8)
    shape = (4, 1, 3) if by_split else (1, 4, 3)
    figures = (0.9 if measure is ACCURACY else -0.3) + 0.01 * rng.normal(size=shape)
    overlap = random_overlap(0.25) if by_split else ONE_SPLIT
    return str(left_out_optimism(table_of(figures, measure, test), measure, overlap))


def test_in_words_it_names_the_pick_its_figure_and_what_to_expect():
    text = words()
    assert "is the best of 3 recipes by validation accuracy, 89.8 %." in text
    assert "flatters it by an estimated 0." in text
    assert "picked on some of 4 seeds, judged on the others" in text
    assert "is to be expected" in text
    assert "of other rows it says nothing" in text


def test_in_words_test_rows_stand_beside_it():
    text = words(test=0.89)
    assert "On the test rows, which had no part in it: 89.0 %." in text
    assert "says nothing" not in text


def test_in_words_test_rows_that_other_splits_pick_on_are_not_called_untouched():
    figures = 0.9 + 0.01 * np.random.default_rng(8).normal(size=(4, 1, 3))
    overlap = Overlap.of_random_splits(train=60, validation=20, test=20)
    text = str(left_out_optimism(table_of(figures, ACCURACY, 0.89), ACCURACY, overlap))
    assert "On the test rows, which other splits have picked on: 89.0 %." in text
    assert "no part" not in text


def test_in_words_splits_speak_of_other_rows():
    text = words(by_split=True)
    assert "picked on some of 4 splits" in text
    assert "says nothing" not in text


def test_in_words_errors_are_numbers():
    assert "%" not in words(measure=ERROR).replace("95% interval", "")
