"""`paired_verdict` says better or worse only where paired runs show it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from justright.errors import DataError
from justright.evidence.estimate import estimate
from justright.evidence.measure import Measure
from justright.evidence.overlap import ONE_SPLIT, Overlap
from justright.evidence.verdict import paired_verdict

ACCURACY = Measure("accuracy", higher_is_better=True)
ERROR = Measure("mean_absolute_error", higher_is_better=False)
MIRROR = {"better": "worse", "worse": "better", "no difference shown": "no difference shown"}


def table_of(splits=1, column="test_metric", **values):
    """A study's table: for each recipe one value a trial, seed by seed, or NaN if it failed."""
    return pd.DataFrame(
        [
            {"recipe": recipe, "seed": i // splits, "split": i % splits, column: value}
            for recipe, list_of in values.items()
            for i, value in enumerate(list_of)
        ]
    )


RANDOM = Overlap.of_random_splits(train=60, validation=20, test=20)


def verdict_on(table, a="a", b="b", measure=ACCURACY, margin=None):
    overlap = RANDOM if table["split"].nunique() > 1 else ONE_SPLIT
    return paired_verdict(table, a, b, "test_metric", measure, overlap, margin)


BASE = np.array([0.90, 0.93, 0.88, 0.95, 0.91])
WOBBLE = np.array([0.001, -0.002, 0.0, 0.003, -0.002])


# Sixty-fourths: subtraction is exact, so what ought to be equal is.
shares = st.integers(0, 64).map(lambda i: i / 64)
maybe_failed = st.one_of(shares, st.just(np.nan))


@st.composite
def tables(draw, splits=1):
    trials = draw(st.integers(1, 6)) * splits
    runs = st.lists(maybe_failed, min_size=trials, max_size=trials)
    return table_of(splits=splits, a=draw(runs), b=draw(runs))


@pytest.mark.parametrize(
    ("advantage", "decision"),
    [(0.02, "better"), (-0.02, "worse"), (0.0, "no difference shown")],
)
def test_the_decision_is_what_the_pairs_show(advantage, decision):
    verdict = verdict_on(table_of(a=BASE + advantage + WOBBLE, b=BASE))
    assert verdict.decision == decision
    assert verdict.difference == pytest.approx(advantage)
    assert verdict.pairs == 5


@pytest.mark.parametrize(
    ("excess", "decision"), [(0.02, "worse"), (-0.02, "better"), (0.0, "no difference shown")]
)
def test_of_errors_the_lower_is_better(excess, decision):
    verdict = verdict_on(table_of(a=BASE + excess + WOBBLE, b=BASE), measure=ERROR)
    assert verdict.decision == decision
    assert verdict.difference == pytest.approx(-excess)


@settings(deadline=None)
@given(tables())
def test_decision_and_interval_agree(table):
    verdict = verdict_on(table)
    shown = {True: "better"}.get(verdict.low > 0, "worse" if verdict.high < 0 else None)
    if "too few" in verdict.interval_text:
        shown = None
    assert verdict.decision == (shown or "no difference shown")
    if verdict.pairs:
        assert verdict.low <= verdict.difference <= verdict.high


@settings(deadline=None)
@given(tables(), st.sampled_from([ACCURACY, ERROR]))
def test_the_other_way_round_is_the_mirror_image(table, measure):
    there = verdict_on(table, "a", "b", measure)
    back = verdict_on(table, "b", "a", measure)
    assert back.decision == MIRROR[there.decision]
    assert back.pairs == there.pairs
    assert (back.difference, back.low, back.high) == pytest.approx(
        (-there.difference, -there.high, -there.low), nan_ok=True
    )


@settings(deadline=None)
@given(tables())
def test_an_error_is_judged_as_the_negated_score(table):
    negated = table.assign(test_metric=-table["test_metric"])
    assert verdict_on(table, measure=ERROR).decision == verdict_on(negated).decision


@settings(deadline=None)
@given(tables(splits=2), st.randoms(use_true_random=False))
def test_rows_pair_by_seed_and_split_and_not_by_position(table, random):
    order = list(range(len(table)))
    random.shuffle(order)
    # repr, because NaN equals itself there.
    assert repr(verdict_on(table.iloc[order])) == repr(verdict_on(table))


def test_pairing_takes_out_what_a_seed_does_to_both():
    lucky = np.array([0.6, 0.9, 0.7, 0.95, 0.8])
    table = table_of(a=lucky + 0.01 + WOBBLE / 2, b=lucky)
    assert stats.ttest_ind(lucky + 0.01, lucky).pvalue > 0.5
    assert verdict_on(table).decision == "better"


def test_each_split_of_a_seed_is_a_pair_of_its_own():
    table = table_of(splits=2, a=[0.8, 0.6, 0.9, 0.7], b=[0.7, 0.5, 0.8, 0.65])
    verdict = verdict_on(table)
    assert verdict.pairs == 4
    assert verdict.difference == pytest.approx((0.1 + 0.1 + 0.1 + 0.05) / 4)


def test_other_recipes_do_not_matter():
    both = table_of(a=BASE + WOBBLE, b=BASE)
    third = table_of(c=[np.nan, 0.1, 0.2])
    assert verdict_on(pd.concat([both, third])) == verdict_on(both)


def test_failed_trials_are_left_out_with_their_partners():
    a, b = BASE + 0.02 + WOBBLE, BASE.copy()
    a[1], b[3] = np.nan, np.nan
    kept = [0, 2, 4]
    verdict, alone = verdict_on(table_of(a=a, b=b)), verdict_on(table_of(a=a[kept], b=b[kept]))
    assert verdict.pairs == 3
    assert (verdict.low, verdict.high) == (alone.low, alone.high)


def test_seeds_that_only_one_recipe_has_are_left_out():
    table = table_of(a=[0.9, 0.8, 0.7, 0.1], b=[0.8, 0.75, 0.6])
    verdict = verdict_on(table)
    assert verdict.pairs == 3
    assert verdict.difference == pytest.approx((0.1 + 0.05 + 0.1) / 3)


@pytest.mark.parametrize(
    ("a", "b", "pairs"),
    [([1.0], [0.0], 1), ([1.0, np.nan], [0.0, 0.0], 1), ([1.0, np.nan], [np.nan, 0.0], 0)],
)
def test_fewer_than_two_pairs_claim_nothing(a, b, pairs):
    verdict = verdict_on(table_of(a=a, b=b))
    assert verdict.pairs == pairs
    assert verdict.decision == "no difference shown"
    assert ("too few" if pairs else "cannot be compared") in str(verdict)
    assert not {"nan", "inf"} & set(str(verdict).replace(",", " ").split())


def test_the_interval_is_that_of_scipys_paired_test():
    rng = np.random.default_rng(3)
    a, b = rng.normal(0.9, 0.02, 12), rng.normal(0.89, 0.02, 12)
    theirs = stats.ttest_rel(a, b).confidence_interval(0.95)
    ours = verdict_on(table_of(a=a, b=b))
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))


@pytest.mark.parametrize(
    ("shift", "decision"),
    [(0.0, "no difference shown"), (0.125, "better"), (-0.125, "worse")],
)
def test_equal_differences_are_judged_by_their_sign(shift, decision):
    b = np.array([0.5, 0.25, 0.75, 0.5, 0.375, 0.5])
    verdict = verdict_on(table_of(a=b + shift, b=b))
    assert (verdict.low, verdict.difference, verdict.high) == (shift, shift, shift)
    assert verdict.decision == decision


@pytest.mark.parametrize("pairs", [2, 3, 5])
def test_a_few_equal_differences_claim_nothing(pairs):
    """Accuracy moves in steps: two equal steps are no sign that the third would be equal."""
    b = np.array([0.5, 0.25, 0.75, 0.5, 0.375])[:pairs]
    verdict = verdict_on(table_of(a=b + 0.125, b=b))
    assert verdict.decision == "no difference shown"
    assert "too few for an interval" in verdict.interval_text


def test_a_few_differences_that_rounding_alone_tells_apart_claim_nothing():
    """Accuracies of 245 rows in 32 bits, always one row better: equal up to their last digit."""
    b = np.array([229, 230, 228], np.float32) / np.float32(245)
    a = np.array([230, 231, 229], np.float32) / np.float32(245)
    assert np.ptp(a.astype(float) - b.astype(float)) > 0
    verdict = verdict_on(table_of(a=a.astype(float), b=b.astype(float)))
    assert verdict.decision == "no difference shown"
    assert "too few for an interval" in verdict.interval_text


@pytest.mark.parametrize(("a", "b"), [("drpout", "plain"), ("plain", "drpout")])
def test_an_unknown_recipe_is_named_with_the_nearest(a, b):
    table = table_of(plain=[0.5], dropout=[0.5])
    with pytest.raises(DataError, match=r"'drpout'.*Did you mean dropout\?.*plain, dropout"):
        verdict_on(table, a, b)


def test_a_recipe_is_not_compared_with_itself():
    with pytest.raises(DataError, match="'a'"):
        verdict_on(table_of(a=[0.5], b=[0.5]), "a", "a")


@pytest.mark.parametrize(
    ("advantage", "opening"),
    [
        (0.02, "a is better than b in test accuracy"),
        (-0.02, "a is worse than b in test accuracy"),
        (0.0, "No difference shown between a and b in test accuracy"),
    ],
)
def test_in_words_it_names_both_recipes_and_the_figure(advantage, opening):
    text = str(verdict_on(table_of(a=BASE + advantage + WOBBLE, b=BASE)))
    assert text.startswith(opening)
    assert "5 pairs" in text
    assert text.endswith(").")


@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_every_figure_of_a_study_can_be_put_in_words(part):
    """`Study.verdict(on=...)` takes the figures of the training rows, too."""
    column = f"{part}_loss"
    table = table_of(column=column, a=BASE + 0.02 + WOBBLE, b=BASE)
    text = str(paired_verdict(table, "a", "b", column, Measure("loss", False), ONE_SPLIT))
    word = {"train": "training", "val": "validation", "test": "test"}[part]
    assert f"in {word} loss" in text


@pytest.mark.parametrize(("excess", "wrong_sign"), [(0.02, "-0.0"), (-0.02, "+0.0")])
def test_signs_in_words_go_the_way_of_the_figure(excess, wrong_sign):
    """Who reads "+0.02" of an error takes it for a larger error."""
    text = str(verdict_on(table_of(a=BASE + excess + WOBBLE, b=BASE), measure=ERROR))
    assert "0.02" in text
    assert wrong_sign not in text


# ---------------------------------------------------------------- several splits


def test_splits_that_share_rows_are_counted_as_splits():
    rng = np.random.default_rng(0)
    luck, better = rng.normal(0.9, 0.05, 12), rng.normal(0.02, 0.01, 12)
    table = table_of(splits=4, a=luck + better, b=luck)
    verdict = verdict_on(table)
    assert (verdict.pairs, verdict.splits) == (12, 4)
    assert "12 pairs over 4 splits" in str(verdict)
    seeds_alone = verdict_on(table.assign(seed=[*range(12), *range(12)], split=0))
    assert verdict.high - verdict.low > seeds_alone.high - seeds_alone.low


def test_one_seed_a_split_is_the_corrected_resampled_t():
    rng = np.random.default_rng(3)
    a, b = rng.normal(0.9, 0.02, 10), rng.normal(0.88, 0.02, 10)
    difference = a - b
    error = difference.std(ddof=1) * np.sqrt(1 / 10 + 20 / 60)
    low, high = stats.t(9, difference.mean(), error).interval(0.95)
    verdict = verdict_on(table_of(splits=10, a=a, b=b))
    assert (verdict.low, verdict.high) == pytest.approx((low, high))


def test_two_splits_are_too_few_however_many_pairs():
    better = np.linspace(0.01, 0.03, 8)
    verdict = verdict_on(table_of(splits=2, a=0.9 + better, b=np.full(8, 0.9)))
    assert verdict.decision == "no difference shown"
    assert verdict.interval_text == "2 splits, too few for an interval"


def test_where_one_split_is_left_its_seeds_claim_nothing():
    table = table_of(splits=2, a=[0.9, np.nan] * 5, b=[0.8, 0.8] * 5)
    verdict = verdict_on(table)
    assert verdict.decision == "no difference shown"
    assert "too few for an interval" in str(verdict)
    assert "inf" not in str(verdict)


def test_a_recipe_that_never_finished_is_not_called_no_different():
    said = str(verdict_on(table_of(a=[np.nan] * 4, b=[0.8, 0.9, 0.8, 0.9])))
    assert said.startswith("a and b cannot be compared in test accuracy")


# ---------------------------------------------------------------- equivalence


@pytest.mark.parametrize(
    ("advantage", "margin", "decision"),
    [
        (0.001, 0.01, "equivalent"),
        (0.004, 0.01, "equivalent"),  # Surely better, by less than what matters.
        (0.02, 0.01, "better"),
        (-0.02, 0.01, "worse"),
        (0.009, 0.01, "better"),  # Perhaps more than the margin.
        (0.0, 0.001, "no difference shown"),
        (0.001, None, "no difference shown"),
    ],
)
def test_within_the_margin_it_is_equivalent(advantage, margin, decision):
    verdict = verdict_on(table_of(a=BASE + advantage + WOBBLE, b=BASE), margin=margin)
    assert verdict.decision == decision


@settings(deadline=None)
@given(tables(), st.sampled_from([0.05, 0.2, 0.6]))
def test_equivalence_is_that_the_90_percent_interval_lies_within(table, margin):
    verdict = verdict_on(table, margin=margin)
    pairs = table.pivot(index="seed", columns="recipe", values="test_metric").dropna()
    interval = estimate((pairs["a"] - pairs["b"]).to_numpy()).interval(0.9)
    within = interval.enough and -margin < interval.low and interval.high < margin
    assert (verdict.decision == "equivalent") == within


def test_in_words_the_margin_is_named():
    text = str(verdict_on(table_of(a=BASE + WOBBLE / 2, b=BASE), margin=0.01))
    assert text.startswith("a and b are equivalent within 1.0 points in test accuracy (")


@pytest.mark.parametrize("margin", [0.0, "1", True, -0.01, np.nan, np.inf])
def test_a_margin_is_a_positive_number(margin):
    with pytest.raises(DataError, match="margin"):
        verdict_on(table_of(a=BASE, b=BASE), margin=margin)


# ---------------------------------------------------------------- how many runs it would take


def test_what_is_not_shown_says_how_many_seeds_would_show_it():
    verdict = verdict_on(table_of(a=BASE + 0.0005 + WOBBLE, b=BASE))
    assert verdict.decision == "no difference shown"
    assert verdict.needed > 100
    assert "seeds would show a difference of this size" in str(verdict)


def test_what_is_shown_needs_no_more():
    verdict = verdict_on(table_of(a=BASE + 0.02 + WOBBLE, b=BASE))
    assert np.isnan(verdict.needed)
    assert "would show" not in str(verdict)


@settings(deadline=None)
@given(tables())
def test_what_was_not_shown_takes_more_than_there_are(table):
    verdict = verdict_on(table)
    assert np.isnan(verdict.needed) or verdict.needed > verdict.pairs
    assert not {"nan", "inf"} & set(str(verdict).replace(",", " ").split())


def test_splits_of_few_rows_cannot_show_a_small_difference_however_many():
    rng = np.random.default_rng(0)
    luck = rng.normal(0.9, 0.02, 10)
    a = luck + 0.003 + rng.normal(0, 0.02, 10)
    verdict = verdict_on(table_of(splits=10, a=a, b=luck))
    assert verdict.needed == np.inf
    assert "no number of splits of these rows would show" in str(verdict)
