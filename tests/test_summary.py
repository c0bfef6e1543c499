"""The paragraph of a study says what its numbers say, no more and no less."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from justright.evidence.measure import Measure
from justright.evidence.overlap import ONE_SPLIT, Overlap
from justright.evidence.paired import differences
from justright.evidence.summary import rows_of, summarize
from justright.evidence.verdict import paired_verdicts

ACCURACY = Measure("accuracy", higher_is_better=True)
ERROR = Measure("mean_absolute_error", higher_is_better=False)
NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?"
WAYS = "(?:higher|lower|larger|smaller)"
INTERVAL = re.compile(rf"95% interval ({NUMBER})( {WAYS})? to ({NUMBER})")
WOBBLE = np.array([0.001, -0.002, 0.0, 0.003, -0.002])
NAN = np.full(5, np.nan)


def trials(recipe, train, validation, test=np.nan, *, epochs=100, measure=ACCURACY, seeds=None):
    """One recipe's rows of a study's table; NaN in `train` is a trial that failed."""
    train, validation, test = np.broadcast_arrays(*map(np.atleast_1d, (train, validation, test)))
    failed = np.isnan(train)
    train, validation, test = (np.where(failed, np.nan, x) for x in (train, validation, test))
    gap = train - validation if measure.higher_is_better else validation - train
    return pd.DataFrame(
        {
            "recipe": recipe,
            "seed": np.arange(len(train)) if seeds is None else seeds,
            "split": 0,
            "epochs_run": epochs,
            "best_epoch": 10,
            "outcome": np.where(failed, "failed", "finished"),
            "train_metric": train,
            "val_metric": validation,
            "test_metric": test,
            "loss_gap": gap,
            "gap": gap,
        }
    )


def summary_of(*recipes, measure=ACCURACY, has_test=True):
    return summarize(pd.concat(recipes, ignore_index=True), measure, has_test, ONE_SPLIT)


def sentences_of(text):
    return re.split(r"(?<=\.) (?=[A-Z])", text)


def sentence_on(text, recipe):
    """The sentence that compares a recipe with the first one."""
    start = recipe[:1].upper() + recipe[1:]
    return next(s for s in sentences_of(text) if s.startswith(f"{start} "))


def intervals_in(sentence):
    """The ends as numbers; what is said to be the other way lies below 0."""
    found = []
    for low, against, high in INTERVAL.findall(sentence):
        ends = [float(end.replace(",", "")) for end in (low, high)]
        found.append((-ends[0] if against else ends[0], ends[1]))
    return found


def plain(train=0.99, validation=0.90, test=0.89, wobble=WOBBLE, **more):
    return trials("plain", train + 0 * wobble, validation + wobble, test - wobble, **more)


def plain_error(train=0.2, validation=0.5, test=0.6):
    return trials("plain", train + WOBBLE, validation + WOBBLE, test + WOBBLE, measure=ERROR)


# ---------------------------------------------------------------- the first recipe


def test_it_opens_with_what_the_first_recipe_reaches():
    opening = sentences_of(summary_of(plain()))[0]
    assert opening.startswith("Plain reaches accuracy 99.0 % on training rows")
    assert "90.0 % on validation rows" in opening
    assert "89.0 % on test rows" in opening
    assert "gap of 9.0 points" in opening


def test_errors_are_written_as_numbers_and_not_in_percent():
    opening = sentences_of(summary_of(plain_error(), measure=ERROR))[0]
    assert opening.startswith("Plain reaches mean absolute error 0.2 on training rows")
    assert "0.5 on validation rows" in opening
    assert "0.6 on test rows" in opening
    assert "gap of 0.3" in opening
    assert "%" not in re.sub("95 ?% interval", "", opening)
    assert "points" not in opening


def test_without_test_rows_validation_judges_and_no_test_is_spoken_of():
    table = trials("dropout", 0.97, 0.92 + 1.2 * WOBBLE)
    text = summary_of(plain(test=np.nan), table, has_test=False)
    assert "test" not in text
    assert re.search(r"validation accuracy .*better than plain", sentence_on(text, "dropout"))


def test_a_sure_gap_means_better_on_the_rows_it_was_trained_on():
    assert "better on the rows that it was trained on" in summary_of(plain())


def test_a_gap_whose_interval_holds_zero_is_not_told_from_none():
    text = summary_of(plain(train=0.9005))
    assert "not distinguishable from none" in text
    assert "better" not in text


def test_validation_surely_better_than_training_is_told_from_none():
    text = summary_of(plain(train=0.85))
    assert "not distinguishable" not in text
    assert "better on the rows that it was trained on" not in text


def test_one_run_says_nothing_of_whether_there_is_a_gap():
    text = summary_of(trials("plain", 0.99, 0.60, 0.61))
    assert "not distinguishable" not in text
    assert "better" not in text
    assert "no interval" in text or "too few" in text


# ---------------------------------------------------------------- what the others change


@pytest.mark.parametrize(
    ("validation", "words"),
    [
        (0.936, r"narrows the gap by 3\.6 points.* to 5\.4 points"),
        (0.864, r"widens the gap by 3\.6 points.* to 12\.6 points"),
    ],
)
def test_a_sure_change_of_the_gap_is_said_with_its_size(validation, words):
    table = trials("dropout", 0.99, validation + 2 * WOBBLE, 0.89)
    assert re.search(words, sentence_on(summary_of(plain(), table), "dropout"))


def test_a_change_of_the_gap_whose_interval_holds_zero_is_not_claimed():
    table = trials("dropout", 0.99, 0.9005 - WOBBLE, 0.89)
    sentence = sentence_on(summary_of(plain(), table), "dropout")
    assert re.search(r"a gap of 9\.\d points.*no difference shown", sentence)
    assert "narrows" not in sentence
    assert "widens" not in sentence


@pytest.mark.parametrize(("before", "after"), [(0.95, 0.92), (0.88, 0.93)])
def test_a_gap_below_zero_is_called_neither_narrower_nor_wider(before, after):
    """From -5 to -2 points is no wider, and from 2 to -3 no narrower."""
    table = trials("dropout", 0.90, after + 2 * WOBBLE, 0.89)
    sentence = sentence_on(summary_of(plain(0.90, before), table), "dropout")
    assert "narrows" not in sentence
    assert "widens" not in sentence
    assert "no difference shown from" not in sentence
    assert re.search(r"−[23]\.0 points", sentence)


@pytest.mark.parametrize("shift", [0.036, -0.036, 0.0005, -0.0005])
def test_the_change_that_is_said_lies_in_the_interval_that_is_said(shift):
    table = trials("dropout", 0.99, 0.9 + shift + 2 * WOBBLE, 0.89)
    sentence = sentence_on(summary_of(plain(), table), "dropout")
    low, high = intervals_in(sentence)[0]
    said = re.search(rf"(?:by|change of) ({NUMBER})", sentence.split(";")[0])
    assert said is None or low <= float(said[1]) <= high
    if abs(shift) > 0.01:
        assert said, "A change that is claimed has a size."


@pytest.mark.parametrize(
    ("measure", "shift", "decision"),
    [
        (ACCURACY, 0.02, "better"),
        (ACCURACY, -0.02, "worse"),
        (ERROR, -0.02, "better"),
        (ERROR, 0.02, "worse"),
    ],
)
def test_a_sure_difference_on_test_rows_is_said(measure, shift, decision):
    base = plain_error() if measure is ERROR else plain()
    test = base["test_metric"].to_numpy() + shift + WOBBLE / 2
    other = trials("dropout", 0.99, 0.9, test, measure=measure)
    sentence = sentence_on(summary_of(base, other, measure=measure), "dropout")
    assert re.search(rf"in test {measure.words} it is {decision} than plain", sentence)
    assert {"better", "worse"} - {decision} == {"better", "worse"} - set(
        re.findall("better|worse", sentence)
    )


@pytest.mark.parametrize("measure", [ACCURACY, ERROR])
def test_a_difference_on_test_rows_whose_interval_holds_zero_is_not_claimed(measure):
    base = plain_error() if measure is ERROR else plain()
    other = trials("dropout", 0.99, 0.95, base["test_metric"] + WOBBLE, measure=measure)
    sentence = sentence_on(summary_of(base, other, measure=measure), "dropout")
    assert re.search(rf"in test {measure.words} .*no difference", sentence)
    assert "better" not in sentence
    assert "worse" not in sentence


@pytest.mark.parametrize(("shift", "wrong"), [(0.02, r"[( ]-0\.02"), (-0.02, r"[( ]\+0\.02")])
def test_the_sign_of_a_difference_goes_the_way_of_the_error(shift, wrong):
    base = plain_error()
    other = trials("dropout", 0.2, 0.5, base["test_metric"] + shift + WOBBLE / 2, measure=ERROR)
    sentence = sentence_on(summary_of(base, other, measure=ERROR), "dropout")
    assert "0.02" in sentence
    assert not re.search(wrong, sentence)


def test_the_shown_interval_of_a_claim_leaves_out_zero():
    """Differences below what one decimal shows are still differences."""
    base = plain()
    tiny = 0.0004 + WOBBLE / 100
    other = trials("dropout", 0.99, base["val_metric"] + tiny, base["test_metric"] + tiny)
    sentence = sentence_on(summary_of(base, other), "dropout")
    assert "narrows" in sentence
    assert "better" in sentence
    for low, high in intervals_in(sentence):
        assert low > 0 or high < 0


def test_large_figures_are_written_out():
    train, validation = 65_020 + 1e4 * WOBBLE, 116_300 + 1e4 * WOBBLE
    base = trials("plain", train, validation, 113_900 + 1e4 * WOBBLE, measure=ERROR)
    text = summary_of(base, measure=ERROR)
    assert not re.search(r"\de[+-]?\d", text)
    assert "65020" in text.replace(",", "")


# ---------------------------------------------------------------- the price


@pytest.mark.parametrize("measure", [ACCURACY, ERROR])
def test_a_looser_fit_of_the_training_rows_is_said_with_its_size(measure):
    base = plain_error() if measure is ERROR else plain()
    shift, shown = {ACCURACY: (-0.021, "2.1 points"), ERROR: (0.021, "0.021")}[measure]
    train = base["train_metric"] + shift + WOBBLE / 10
    other = trials("dropout", train, base["val_metric"], 0.89, measure=measure)
    text = summary_of(base, other, measure=measure)
    assert any("training" in s and shown in s for s in sentences_of(text)[1:])


def test_a_closer_fit_of_the_training_rows_is_no_price():
    other = trials("dropout", 1.0, 0.93, 0.92)
    text = summary_of(plain(), other)
    assert "less closely" not in text
    assert "In exchange" not in text


def test_a_price_is_paid_only_for_what_was_bought():
    base = plain()
    worse = trials("dropout", 0.90 + WOBBLE, 0.75 - WOBBLE, 0.70 + WOBBLE)
    text = summary_of(base, worse)
    assert "widens" in text
    assert "In exchange" not in text


@pytest.mark.parametrize(("before", "after"), [(200, 30), (200, 150)])
def test_shorter_training_is_said_in_epochs(before, after):
    text = summary_of(plain(epochs=before), trials("early", 0.99, 0.9, 0.89, epochs=after))
    assert re.search(rf"\b{after} epochs\b.*\b{before}\b", text)


@pytest.mark.parametrize(("before", "after"), [(10.4, 9.6), (2.4, 1.6), (200, 199), (30, 200)])
def test_training_that_reads_as_long_is_not_called_shorter(before, after):
    other = trials("early", 0.99, 0.9, 0.89, epochs=after)
    assert "epochs" not in summary_of(plain(epochs=before), other)


def test_one_epoch_is_written_in_the_singular():
    text = summary_of(plain(epochs=20), trials("early", 0.99, 0.9, 0.89, epochs=1))
    assert "1 epochs" not in text


# ---------------------------------------------------------------- failed trials


def test_failed_trials_are_counted_and_left_out():
    train = np.array([0.99, np.nan, 0.99, np.nan, 0.99])
    text = summary_of(plain(), trials("dropout", train, 0.95 + WOBBLE, 0.93 + WOBBLE))
    sentence = sentence_on(text, "dropout")
    assert "3 pairs" in sentence
    assert "better than plain" in sentence
    assert re.search(r"2 of (the )?5 .*dropout", text)
    assert not re.search(r"of plain failed|\d of (the )?\d (trials )?of plain", text)


def test_without_failures_none_are_spoken_of():
    assert "fail" not in summary_of(plain(), trials("dropout", 0.99, 0.9 + WOBBLE, 0.9))


def test_a_recipe_that_always_failed_is_said_to_have_failed():
    text = summary_of(plain(), trials("dropout", NAN, NAN))
    assert re.search(r"dropout.*failed|failed.*dropout", text, re.I | re.S)
    assert "than plain" not in text


def test_if_the_first_recipe_always_failed_the_others_still_stand_for_themselves():
    text = summary_of(trials("plain", NAN, NAN), trials("dropout", 0.99, 0.9 + WOBBLE, 0.9))
    assert "All trials of plain failed" in text
    assert re.search(r"dropout.*99\.0 %.*90\.0 %", text, re.I)
    assert "than plain" not in text


def test_if_everything_failed_nothing_else_is_said_of_the_recipes():
    text = summary_of(trials("plain", NAN, NAN), trials("dropout", NAN, NAN))
    assert "plain" in text
    assert "dropout" in text
    assert not re.search(r"reaches|gap|better|worse|interval \d", text)


def test_finished_trials_without_a_pair_are_not_called_one_run_each():
    left = trials("plain", [0.99, 0.98, np.nan, np.nan], 0.9, 0.9)
    right = trials("dropout", [np.nan, np.nan, 0.97, 0.96], 0.9, 0.9)
    sentence = sentence_on(summary_of(left, right), "dropout")
    assert "one run each" not in sentence
    assert re.search("no pairs|0 pairs", sentence)


# ---------------------------------------------------------------- how far it goes


def test_one_seed_claims_nothing_and_says_that_it_is_one():
    text = summary_of(trials("plain", 0.99, 0.8, 0.8), trials("dropout", 0.95, 0.94, 0.94))
    assert "1 pair" in text
    assert re.search(r"(1|one) seed\b", text, re.I)
    assert not re.search("narrows|widens|better than|worse than|In exchange", text)


def test_it_ends_with_the_number_of_seeds():
    assert re.search(r"\b5 seeds\b", sentences_of(summary_of(plain()))[-1])


def test_one_row_a_recipe_in_the_order_of_the_study():
    rows = rows_of(pd.concat([plain(), trials("a", [0.9, np.nan], 0.8, 0.7)]), ONE_SPLIT)
    assert [r.recipe for r in rows] == ["plain", "a"]
    assert [(r.trials, r.failed, r.gap.count) for r in rows] == [(5, 0, 5), (2, 1, 1)]
    assert (rows[1].train, rows[1].validation, rows[1].test) == (0.9, 0.8, 0.7)


# ---------------------------------------------------------------- laws of all studies

# Sixty-fourths: subtraction is exact, so an interval that ought to touch 0 does.
shares = st.integers(0, 64).map(lambda i: i / 64)
NAMES = ("plain", "dropout", "L2 + early stopping")


@st.composite
def studies(draw):
    """(table, measure, has_test) of one to three recipes with one to four seeds."""
    measure, has_test = draw(st.sampled_from([ACCURACY, ERROR])), draw(st.booleans())
    seeds = draw(st.integers(1, 4))
    runs = st.lists(shares, min_size=seeds, max_size=seeds).map(np.array)
    recipes = []
    for name in NAMES[: draw(st.integers(1, 3))]:
        failed = draw(
            st.lists(st.sampled_from([False, False, True]), min_size=seeds, max_size=seeds)
        )
        train = np.where(failed, np.nan, draw(runs))
        test = draw(runs) if has_test else np.nan
        epochs = draw(st.integers(1, 200))
        recipes.append(trials(name, train, draw(runs), test, epochs=epochs, measure=measure))
    return pd.concat(recipes, ignore_index=True), measure, has_test


@settings(deadline=None)
@given(studies())
def test_it_never_speaks_of_what_is_not_a_number(study):
    text = summarize(*study, ONE_SPLIT)
    assert not re.search(r"\b(nan|inf)\b", text, re.I)
    assert text.endswith(".")


@settings(deadline=None)
@given(studies())
def test_it_mentions_every_recipe(study):
    text = summarize(*study, ONE_SPLIT).lower()
    assert all(name.lower() in text for name in study[0]["recipe"])


@settings(deadline=None)
@given(studies())
def test_words_and_intervals_agree(study):
    table, measure, has_test = study
    base, *others = rows_of(table, ONE_SPLIT)
    text = summarize(*study, ONE_SPLIT)
    better = "better on the rows that it was trained on" in sentences_of(text)[0]
    assert better == (base.gap.enough and base.gap.low > 0)
    compared = [row for row in others if base.gap.count and row.gap.count]
    there = [("plain", row.recipe) for row in compared]
    changes = differences(table, there, "gap", ONE_SPLIT)
    back = [pair[::-1] for pair in there]
    column = "test_metric" if has_test else "val_metric"
    verdicts = paired_verdicts(table, back, column, measure, ONE_SPLIT)
    for row, found, verdict in zip(compared, changes, verdicts, strict=True):
        sentence, change = sentence_on(text, row.recipe), found.interval
        assert (found.shown and change.low > 0) or "narrows the gap" not in sentence
        assert (found.shown and change.high < 0) or "widens the gap" not in sentence
        assert ("better than plain" in sentence) == (verdict.decision == "better")
        assert ("worse than plain" in sentence) == (verdict.decision == "worse")
        unsure = [change.enough and not found.shown, verdict.decision == "no difference shown"]
        assert len(re.findall("no difference", sentence)) == sum(unsure)
        known = change.enough + ("too few" not in verdict.interval_text)
        assert len(intervals_in(sentence)) == known


@settings(deadline=None)
@given(studies())
def test_what_is_claimed_is_claimed_by_the_corrected_verdicts(study):
    """With two recipes beside the first, a claim wants a smaller p-value than with one."""
    text = summarize(*study, ONE_SPLIT)
    several = len(rows_of(study[0], ONE_SPLIT)) > 2
    assert several or "Holm" not in text
    if "Holm" in text:
        assert "corrected for 2 comparisons" in text


# ---------------------------------------------------------------- several splits


def on_splits(table, splits=3):
    """The same runs as if each seed had been one of some splits' seeds."""
    return table.assign(split=table["seed"] % splits, seed=table["seed"] // splits)


THREE = Overlap.of_random_splits(train=60, validation=20, test=20)


def test_splits_are_told_and_their_shared_rows_allowed_for():
    rng = np.random.default_rng(0)
    base = on_splits(plain(wobble=rng.normal(0, 0.01, 15)))
    other = trials("dropout", 0.99, *rng.normal([[0.93], [0.92]], 0.01, (2, 15)))
    table = pd.concat([base, on_splits(other)], ignore_index=True)
    text = summarize(table, ACCURACY, True, THREE)
    assert sentences_of(text)[-1] == (
        "These figures are over 5 seeds and 3 splits of the rows: the intervals allow for the "
        "rows that splits share."
    )
    assert "15 pairs over 3 splits" in sentence_on(text, "dropout")


def test_the_same_test_rows_in_all_splits_are_told():
    table = on_splits(plain(wobble=np.tile(WOBBLE, 3)))
    overlap = Overlap(train=3.0, validation=0.25, test=3.0, same_test=True)
    assert "of other test rows they say nothing" in summarize(table, ACCURACY, True, overlap)


def test_two_splits_are_too_few_however_many_seeds_they_have():
    table = pd.concat([on_splits(plain(), 2), on_splits(trials("dropout", 0.99, 0.5, 0.5), 2)])
    text = summarize(table, ACCURACY, True, THREE)
    assert "2 splits, too few for an interval" in text
    assert "2 splits of the rows, too few for intervals" in text
    assert not re.search("better than|worse than|narrows|widens", text)


def test_within_a_margin_it_is_equivalent():
    base = plain()
    other = trials("dropout", 0.99, 0.9, base["test_metric"] + 0.001 + WOBBLE / 10)
    table = pd.concat([base, other], ignore_index=True)
    assert "it is better than plain" in summarize(table, ACCURACY, True, ONE_SPLIT)
    text = summarize(table, ACCURACY, True, ONE_SPLIT, margin=0.01)
    assert "in test accuracy it is equivalent to plain within 1.0 points (0.1 points higher" in text
