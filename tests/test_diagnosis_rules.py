"""Each rule finds its condition on curves that have it, and leaves alone those that do not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from justright.data.epochs import Epochs
from justright.data.leaks import Shared, Telling
from justright.evidence.diagnosis import WEIGHTS, judged
from justright.evidence.diagnosis_means import Means
from justright.evidence.diagnosis_reading import Reading
from justright.evidence.facts import Facts, Reference
from justright.evidence.interval import wilson_interval

COUNT = 60
EPOCH = np.arange(COUNT)
DOWN = 0.05 + 0.64 * np.exp(-EPOCH / 8)
KNOWN = Facts(
    training_rows=500,
    validation_rows=250,
    classes=2,
    guess_loss=0.69,
    guess=0.5,
    references=(Reference("a random forest", 0.93),),
    shared=Shared(0, 0.0, 250),
    telling=Telling("age", 0.6, 0.5),
    out_of_bag=0.8,
)


def training(train=DOWN, val=DOWN + 0.08, train_accuracy=0.97, val_accuracy=0.94, kept=None):
    """Curves (COUNT,); accuracies may be one number for all epochs."""
    size = len(train)
    accuracies = [
        None if one is None else np.broadcast_to(np.asarray(one, float), size)
        for one in (train_accuracy, val_accuracy)
    ]
    return Epochs(
        np.asarray(train, float),
        np.asarray(val, float),
        *accuracies,
        numbers=np.arange(1, size + 1),
        kept=kept or size,
    )


def found(epochs, facts=KNOWN):
    return judged([Reading(epochs, facts)], Means())


def conditions(epochs, facts=KNOWN):
    return [finding.condition for finding in found(epochs, facts)]


RISING = np.where(EPOCH < 20, DOWN + 0.08, DOWN[20] + 0.08 + 0.03 * (EPOCH - 20))
AT_GUESS = np.full(COUNT, 0.69)
SHAKING = DOWN + 0.4 * (EPOCH % 2)
SHUFFLED = replace(KNOWN, permuted_pace=1.02, out_of_bag=0.0)


def test_well_posed_curves_are_fine_whether_or_not_the_rows_are_known():
    for facts in (KNOWN, Facts(), Facts(validation_rows=250, classes=2)):
        assert conditions(training(), facts) == ["fine"]


@pytest.mark.parametrize("facts", [KNOWN, Facts()], ids=["rows", "curves"])
def test_overfitting_begins_where_the_validation_loss_turns(facts):
    (first, *_) = found(training(val=RISING), facts)
    assert first.condition == "overfitting"
    assert abs(first.epoch - 21) <= 2
    assert "rises" in first.signs[0]


def test_a_rise_after_the_kept_epoch_is_not_held_against_it():
    assert conditions(training(val=RISING, kept=20)) == ["fine"]


def test_a_rising_validation_loss_is_no_overfitting_where_training_rises_too():
    both = np.where(EPOCH < 20, DOWN, DOWN[20] + 0.03 * (EPOCH - 20))
    assert "overfitting" not in conditions(training(both, both + 0.05))


def test_a_gap_beyond_its_error_is_overfitting_without_a_rise():
    assert conditions(training(train_accuracy=1.0, val_accuracy=0.75)) == ["overfitting"]
    few = replace(KNOWN, validation_rows=8)
    assert "overfitting" not in conditions(training(train_accuracy=1, val_accuracy=0.75), few)


def test_a_simple_model_that_does_better_on_new_rows_is_underfitting():
    (first,) = found(training(train_accuracy=0.8, val_accuracy=0.79))
    assert (first.condition, first.epoch) == ("underfitting", None)
    assert "93.0 %" in first.signs[0]
    assert "80.0 %" in first.signs[0]
    beaten = replace(KNOWN, references=(Reference("a linear model", 0.81),))
    assert conditions(training(train_accuracy=0.8, val_accuracy=0.79), beaten) == ["fine"]


def test_losses_that_still_fall_are_underfitting_unless_training_went_on():
    slow = 0.69 - 0.004 * EPOCH
    told = found(training(slow, slow + 0.01, 0.9, 0.9), replace(KNOWN, references=()))
    assert [one.condition for one in told] == ["underfitting"]
    assert "still falling" in told[0].signs[0]
    stopped = training(slow, slow + 0.01, 0.9, 0.9, kept=COUNT - 5)
    assert conditions(stopped, replace(KNOWN, references=())) == ["fine"]


def test_losses_that_never_come_down_are_underfitting_of_curves_alone():
    flat = 0.69 - 0.1 * (1 - np.exp(-EPOCH / 5))
    assert conditions(training(flat, flat + 0.01, None, None), Facts()) == ["underfitting"]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_no_number_is_unstable_from_its_epoch(bad):
    broken = np.where(EPOCH < 7, DOWN, bad)
    for facts in (KNOWN, Facts()):
        (first,) = found(training(broken, broken), facts)
        assert (first.condition, first.epoch) == ("unstable", 8)


@pytest.mark.parametrize("facts", [KNOWN, Facts()], ids=["rows", "curves"])
def test_a_training_loss_above_that_of_a_constant_is_unstable(facts):
    stuck = np.full(COUNT, 7.7)
    assert conditions(training(stuck, stuck, 0.51, 0.5), facts)[0] == "unstable"


@pytest.mark.parametrize("facts", [KNOWN, Facts()], ids=["rows", "curves"])
def test_a_training_loss_that_shakes_is_unstable(facts):
    assert conditions(training(SHAKING, DOWN + 0.2), facts)[0] == "unstable"


def test_a_peak_far_above_a_guess_is_unstable():
    peak = DOWN + np.where(EPOCH == 3, 30.0, 0)
    (first, *_) = found(training(peak))
    assert (first.condition, first.epoch) == ("unstable", 4)


def test_a_target_far_from_zero_begins_high_and_is_not_unstable():
    begin = 30 * np.exp(-EPOCH / 3) + DOWN
    facts = replace(KNOWN, classes=None, zero_loss=40.0, references=())
    assert conditions(training(begin, begin + 0.01, None, None), facts) == ["fine"]


def test_a_smaller_rate_that_fits_far_better_is_unstable():
    high = DOWN + 0.2
    assert conditions(training(high), replace(KNOWN, slower_loss=0.01)) == ["unstable"]
    assert conditions(training(high), replace(KNOWN, slower_loss=0.2)) == ["fine"]


def test_labels_as_easy_as_permuted_ones_with_validation_at_chance_are_shuffled():
    chance = training(val=RISING, train_accuracy=1.0, val_accuracy=0.51)
    assert conditions(chance, SHUFFLED)[0] == "shuffled_labels"
    assert conditions(chance, replace(KNOWN, permuted_pace=0.5))[0] == "overfitting"
    assert conditions(chance, replace(KNOWN, out_of_bag=0.02))[0] == "shuffled_labels"
    assert conditions(chance, replace(KNOWN, out_of_bag=0.4))[0] == "overfitting"


def told_of(val, test=None, facts=SHUFFLED):
    """Conditions of a training that knows its rows and has these accuracies on others."""
    epochs = training(val=RISING, train_accuracy=1.0, val_accuracy=val)
    return [one.condition for one in judged([Reading(epochs, facts, test)], Means())]


def test_few_rows_at_chance_are_too_few_to_call_labels_shuffled():
    few = replace(SHUFFLED, validation_rows=24)
    for val in (0.5, 0.6, 0.75):  # All of these may be a guess; none of them excludes more.
        assert told_of(val, facts=few) == ["overfitting", "too_little_validation"]
    both = replace(few, test_rows=200, test_guess=0.5)
    assert told_of(0.5, 0.5, both)[0] == "shuffled_labels"


def test_test_rows_that_are_told_refute_that_labels_are_shuffled():
    both = replace(SHUFFLED, validation_rows=100, test_rows=100, test_guess=0.5)
    assert told_of(0.52, 0.51, both)[0] == "shuffled_labels"
    assert told_of(0.52, 0.8, both)[0] == "overfitting"
    assert told_of(0.52, np.nan, both)[0] == "shuffled_labels"  # Rows without a figure say nothing.


def test_a_forest_that_learns_refutes_that_labels_are_shuffled():
    assert told_of(0.51, facts=replace(SHUFFLED, out_of_bag=0.3))[0] == "overfitting"


@given(st.integers(4, 2000), st.floats(0, 1), st.sampled_from([0.35, 0.5, 0.7]))
def test_what_is_called_chance_excludes_a_third_of_what_there_is_to_learn(rows, val, guess):
    facts = replace(SHUFFLED, validation_rows=rows, guess=guess)
    if "shuffled_labels" in told_of(val, facts=facts):
        right = round(val * rows)
        low, high = wilson_interval(right / rows, rows)
        assert low <= guess + 0.05
        assert (high - guess) / (1 - guess) < 0.4


def test_validation_that_never_improves_is_shuffled_labels_of_curves_alone():
    rising = 0.69 + 0.02 * EPOCH
    told = conditions(training(val=rising, train_accuracy=1.0, val_accuracy=0.5), Facts())
    assert told == ["shuffled_labels", "overfitting"]


def test_shared_rows_are_a_leak_beyond_chance():
    leak = replace(KNOWN, shared=Shared(100, 3.0, 250))
    (first,) = found(training(), leak)
    assert first.condition == "leak"
    assert "100 of the 250 validation rows" in first.signs[0]
    chance = replace(KNOWN, shared=Shared(100, 95.0, 250))
    assert conditions(training(), chance) == ["fine"]


def test_an_input_that_tells_the_target_is_a_leak_if_it_stands_alone():
    (first,) = found(training(), replace(KNOWN, telling=Telling("copy", 1.0, 0.5)))
    assert first.condition == "leak"
    assert "'copy'" in first.signs[0]
    assert "--without copy" in first.command
    several = replace(KNOWN, telling=Telling("copy", 1.0, 0.97))
    assert conditions(training(), several) == ["fine"]


def test_validation_that_is_training_to_the_end_is_a_leak_of_curves_alone():
    low = 0.7 * np.exp(-EPOCH / 8)
    assert conditions(training(low, 1.01 * low, 1.0, 1.0), Facts())[0] == "leak"
    assert conditions(training(low, 1.01 * low, 1.0, 1.0)) == ["fine"]


def test_few_validation_rows_are_too_few_to_tell():
    (first,) = found(training(), replace(KNOWN, validation_rows=20))
    assert first.condition == "too_little_validation"
    assert first.numbers["low"] < 0.94 < first.numbers["high"]
    numbers = training(train_accuracy=None, val_accuracy=None)
    facts = replace(KNOWN, classes=None, references=(), validation_rows=20)
    assert "too_little_validation" in conditions(numbers, facts)
    assert "too_little_validation" not in conditions(numbers, replace(facts, validation_rows=200))


def test_several_findings_stand_in_the_order_of_their_weight():
    leak = replace(KNOWN, shared=Shared(10, 0.0, 20), validation_rows=20)
    told = found(training(SHAKING, RISING + 2, 1.0, 0.4), leak)
    weights = [one.weight for one in told]
    assert weights == sorted(weights, reverse=True)
    assert [one.condition for one in told][:2] == ["leak", "unstable"]
    assert list(WEIGHTS.values()) == sorted(WEIGHTS.values(), reverse=True)


def test_a_condition_holds_where_most_trainings_show_it_and_divergence_where_one_does():
    good, bad = Reading(training(), KNOWN), Reading(training(val=RISING), KNOWN)
    nan = Reading(training(np.where(EPOCH < 7, DOWN, np.nan)), KNOWN)
    assert judged([good, good, bad], Means())[0].condition == "fine"
    (most,) = judged([good, bad, bad], Means())
    assert (most.condition, most.shown, most.trainings) == ("overfitting", 2, 3)
    (one,) = judged([good, good, nan], Means())
    assert (one.condition, one.shown) == ("unstable", 1)
    assert "in 1 of 3 trainings" in one.title


@given(
    st.floats(1e-3, 1e3),
    st.sampled_from([DOWN, SHAKING, AT_GUESS, 0.69 - 0.0037 * EPOCH]),
    st.sampled_from([DOWN + 0.08, RISING, AT_GUESS]),
)
def test_other_units_of_the_loss_change_nothing(scale, train, val):
    """Numbers may be fitted in any unit: losses and those of a guess are scaled alike."""
    facts = Facts(500, 250, None, 0.69, 0.5, 0.69, (Reference("a linear model", 0.2),))
    facts = replace(facts, slower_loss=0.1)
    units = replace(
        facts,
        guess_loss=0.69 * scale,
        zero_loss=0.5 * scale,
        guess=0.69 * scale,
        references=(Reference("a linear model", 0.2 * scale),),
        slower_loss=0.1 * scale,
    )
    plain = training(train, val, None, None)
    scaled = training(scale * train, scale * val, None, None)
    assert conditions(plain, facts) == conditions(scaled, units)
    assert conditions(plain, Facts()) == conditions(scaled, Facts())


@given(st.integers(1, 400), st.floats(0, 1))
def test_the_interval_of_a_share_is_wilsons(rows, share):
    right = round(share * rows)
    ends = binomtest(right, rows).proportion_ci(method="wilson")
    assert wilson_interval(right / rows, rows) == pytest.approx((ends.low, ends.high), abs=1e-4)


losses = st.lists(st.floats(0, 1e4) | st.just(np.nan), min_size=2, max_size=30)


@given(losses, losses)
def test_whatever_was_logged_something_is_said(train, val):
    size = min(len(train), len(val))
    told = found(training(train[:size], val[:size], None, None), Facts())
    assert told
    assert all(one.signs and one.advice and one.command for one in told)
    if not np.isfinite([train[:size], val[:size]]).all():
        assert told[0].condition == "unstable"


def test_what_is_said_of_all_trainings_is_their_mean_at_the_kept_epoch():
    reached = (0.97, 0.95, 0.99)
    ended = [np.r_[np.full(COUNT - 1, 0.9), one] for one in reached]
    (fine,) = judged([Reading(training(train_accuracy=one), KNOWN) for one in ended], Means())
    assert fine.condition == "fine"
    assert fine.numbers["train"] == pytest.approx(np.mean(reached))
    assert "97.0 % on training rows" in fine.signs[0]
    assert "means of 3 trainings" in fine.signs[0]
    rising = [Reading(training(val=RISING), KNOWN)] * 3
    assert next(one.label for one in judged(rising, Means())) == "Sign in one of them"
    assert found(training(val=RISING))[0].label == "Sign"
