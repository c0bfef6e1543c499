"""Several verdicts of one study are corrected for their number, and read line by line."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justright.cli.ending import plain
from justright.errors import DataError
from justright.evidence.evidence import Evidence
from justright.evidence.holm import holm
from justright.evidence.measure import Measure
from justright.evidence.overlap import ONE_SPLIT

ACCURACY = Measure("accuracy", higher_is_better=True)
p_values = st.lists(st.integers(0, 100).map(lambda i: i / 100), min_size=1, max_size=6)


class Trials(Evidence):
    """A study without networks: a value a seed, recipe by recipe."""

    metric, has_test, overlap = ACCURACY, True, ONE_SPLIT

    def __init__(self, **values):
        self._rows = [
            {
                "recipe": name,
                "seed": seed,
                "split": 0,
                "val_metric": value,
                "test_metric": value,
                "val_loss": 1 - value,
            }
            for name, runs in values.items()
            for seed, value in enumerate(runs)
        ]

    @property
    def table(self):
        return pd.DataFrame(self._rows)


def some_trials():
    rng = np.random.default_rng(0)
    luck = rng.normal(0.9, 0.05, 8)
    wobble = rng.normal(0, 0.01, (3, 8))
    wobble -= wobble.mean(axis=1, keepdims=True)
    wobble *= 0.01 / wobble.std(axis=1, ddof=1, keepdims=True)
    by = np.array([[0.05], [0.0092], [0.001]])
    names = ("much", "some", "none")
    return Trials(plain=luck, **dict(zip(names, luck + by + wobble, strict=True)))


# ---------------------------------------------------------------- Holm


def by_closed_testing(p):
    """A hypothesis falls if all sets with it do, each by Bonferroni: Holm's, from first principles.

    The corrected p-value is the largest of those of the sets.
    """
    every = range(len(p))
    sets = [s for size in range(1, len(p) + 1) for s in combinations(every, size)]
    return [max(min(1, len(s) * min(p[j] for j in s)) for s in sets if i in s) for i in every]


@given(p_values)
def test_holm_is_closed_testing_by_bonferroni(p):
    np.testing.assert_allclose(holm(np.array(p)), by_closed_testing(p))


@given(p_values)
def test_what_was_not_tested_does_not_count(p):
    with_holes = holm(np.array([np.nan, *p, np.nan]))
    assert np.isnan(with_holes[[0, -1]]).all()
    np.testing.assert_array_equal(with_holes[1:-1], holm(np.array(p)))


# ---------------------------------------------------------------- of a study


def test_against_a_baseline_each_other_recipe_has_a_verdict():
    found = some_trials().verdicts("plain")
    assert [(v.a, v.b) for v in found] == [("much", "plain"), ("some", "plain"), ("none", "plain")]
    assert len(found) == 3
    assert found[0] is next(iter(found))


def test_without_one_all_pairs_have():
    found = some_trials().verdicts()
    assert len(found) == 6
    assert len({frozenset((v.a, v.b)) for v in found}) == 6


def test_a_claim_that_stands_alone_may_fall_among_several():
    trials = some_trials()
    alone, among = trials.verdict("some", "plain"), trials.verdicts("plain")[1]
    assert alone.decision == "better"
    assert among.decision == "no difference shown"
    assert (among.low, among.high, among.p) == (alone.low, alone.high, alone.p)
    assert among.corrected_p == pytest.approx(2 * alone.p)
    assert "corrected p = 0.0" in str(among)
    assert "corrected" not in str(alone)


def test_what_would_show_it_among_several_takes_more_than_alone():
    trials = some_trials()
    assert trials.verdicts("plain")[2].needed > trials.verdict("none", "plain").needed


def test_printed_it_is_a_line_each_and_what_was_corrected():
    lines = str(some_trials().verdicts("plain")).splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("much is better than plain in test accuracy (5.0 points higher")
    assert lines[-1] == "What is claimed is corrected for 3 comparisons (Holm)."
    assert len(str(some_trials().verdicts("plain")[:1]).splitlines()) == 1


def test_as_a_table_it_has_a_row_each():
    table = some_trials().verdicts("plain").table
    assert list(table["a"]) == ["much", "some", "none"]
    assert list(table["decision"]) == ["better", "no difference shown", "no difference shown"]
    assert {"difference", "low", "high", "p", "corrected_p", "needed"} <= set(table.columns)


@pytest.mark.parametrize("seeds", [2, 3, 8])
def test_a_table_claims_no_interval_that_the_words_refuse(seeds):
    rng = np.random.default_rng(0)
    luck = rng.normal(0.8, 0.05, seeds)
    verdicts = Trials(plain=luck, some=luck + rng.normal(0.02, 0.01, seeds)).verdicts("plain")
    (row,) = plain(verdicts.table)
    enough = "too few" not in str(verdicts)
    assert enough == (seeds > 2)
    assert [row[name] is not None for name in ("low", "high")] == [enough, enough]
    assert row["evidence"] in str(verdicts)
    assert ("too few" in row["evidence"]) != enough


def test_a_recipe_without_pairs_is_not_counted_among_the_comparisons():
    luck = np.linspace(0.8, 0.9, 6)
    failed = np.full(6, np.nan)
    good = luck + 0.01 * np.sin(np.arange(6)) + 0.02
    found = Trials(plain=luck, good=good, failed=failed).verdicts("plain")
    assert [v.comparisons for v in found] == [1, 1]
    assert "cannot be compared" in str(found)


def test_with_a_margin_equivalence_is_corrected_too():
    trials = some_trials()
    alone = trials.verdict("none", "plain", margin=0.008)
    among = trials.verdicts("plain", margin=0.008)[2]
    assert alone.decision == "equivalent"
    assert among.decision == "no difference shown"
    assert trials.verdicts("plain", margin=0.02)[2].decision == "equivalent"


def test_on_another_figure():
    found = some_trials().verdicts("plain", on="val_loss")
    assert found[0].decision == "better"
    assert "in validation loss" in str(found)


def test_one_recipe_alone_has_no_verdicts():
    assert str(Trials(plain=[0.5, 0.6]).verdicts()) == ""


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"baseline": "plian"}, "baseline='plian'.*Did you mean plain"),
        ({"on": "accuracy"}, "on='accuracy'"),
        ({"margin": -1.0}, "margin=-1.0"),
    ],
)
def test_what_is_not_known_is_said(arguments, match):
    with pytest.raises(DataError, match=match):
        some_trials().verdicts(**arguments)
