"""`Overlap` reads off the rows what splits have in common."""

import math
from itertools import combinations

import numpy as np
import pytest
from sklearn.model_selection import RepeatedKFold

import justright as jr
from justright.engine.rows import Split
from justright.evidence.overlap import ONE_SPLIT, Overlap

NONE = np.arange(0)


def random_splits(count, train, validation, test, rows=60):
    rng = np.random.default_rng(0)
    cuts = [train, train + validation, train + validation + test]
    return [Split(*np.split(rng.permutation(rows), cuts)[:3]) for _ in range(count)]


def k_fold(folds, repeats=1, rows=60):
    splitter = RepeatedKFold(n_splits=folds, n_repeats=repeats, random_state=0)
    return [Split(train, held, NONE) for train, held in splitter.split(np.zeros(rows))]


def shared(parts):
    """By comparing each pair of splits."""
    return np.mean([len(np.intersect1d(a, b)) / len(a) for a, b in combinations(parts, 2)])


def test_one_split_shares_nothing_with_others():
    assert Overlap.of(random_splits(1, 30, 15, 15)) == ONE_SPLIT


def test_random_splits_are_as_nadeau_and_bengio_have_them():
    found = Overlap.of(random_splits(40, 30, 18, 12))
    expected = Overlap.of_random_splits(30, 18, 12)
    assert (found.validation, found.test) == (18 / 30, 12 / 30)
    assert found.validation == expected.validation
    assert found.test == expected.test
    assert found.shared_validation == pytest.approx(18 / 60, abs=0.02)
    assert found.train == pytest.approx(expected.train, rel=0.05)
    assert not found.same_test


@pytest.mark.parametrize("repeats", [1, 3])
def test_k_fold(repeats):
    splits = k_fold(5, repeats)
    found = Overlap.of(splits)
    assert found.validation == 1 / 4
    assert found.shared_validation == pytest.approx(shared([s.validation for s in splits]))
    trained = shared([s.train for s in splits])
    assert found.train == pytest.approx(trained / (1 - trained))
    if repeats == 1:
        assert found.shared_validation == 0
        assert found.train == pytest.approx(3)


def test_parts_of_different_sizes_count_what_they_have():
    """7 folds of 60 rows hold out 8 or 9."""
    splits = k_fold(7)
    found = Overlap.of(splits)
    assert found.shared_validation == 0
    held = np.mean([len(s.validation) for s in splits])
    assert found.validation == pytest.approx(held / (60 - held))


def test_the_same_test_rows_leave_the_training_rows_to_differ():
    splits = [Split(s.train, s.validation, np.arange(60, 80)) for s in k_fold(5)]
    turned = [Split(s.train, s.test, s.validation) for s in splits]
    assert Overlap.of(turned).validation == pytest.approx(3)
    found = Overlap.of(splits)
    assert found.same_test
    assert found.test == found.train == pytest.approx(3)


@pytest.mark.parametrize(
    ("splits", "apart"),
    [
        ([Split(s.train, s.validation, np.arange(60, 80)) for s in k_fold(5)], True),
        (k_fold(5), True),
        (random_splits(1, 30, 15, 15), True),
        (random_splits(3, 30, 15, 15), False),
        ([Split(s.train[:30], s.train[30:], s.validation) for s in k_fold(5)], False),
    ],
    ids=["test rows of their own", "none", "one split", "drawn anew", "folds that judge"],
)
def test_it_is_known_whether_splits_select_on_each_others_test_rows(splits, apart):
    assert Overlap.of(splits).test_apart is apart


def test_the_same_training_rows_in_all_splits_tell_nothing():
    split = Split(np.arange(30), np.arange(30, 60), NONE)
    assert math.isinf(Overlap.of([split, split]).train)


@pytest.mark.parametrize(
    ("column", "part"),
    [
        ("train_loss", "train"),
        ("val_metric", "validation"),
        ("test_metric", "test"),
        ("gap", "validation"),
        ("loss_gap", "validation"),
    ],
)
def test_each_figure_has_the_correction_of_the_rows_that_it_is_taken_on(column, part):
    overlap = Overlap(train=3.0, validation=0.25, test=0.5)
    assert overlap.ratio(column) == getattr(overlap, part)


@pytest.mark.parametrize("preprocess", [None, "standardize"])
def test_a_study_knows_which_of_its_rows_splits_share(preprocess):
    """With preprocessing each split has copies of the rows, and they are still the same rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)).astype(np.float32)
    y = (X[:, 0] + rng.normal(size=60) > 0).astype(int)
    splits = [(split.train, split.validation) for split in k_fold(3)]
    study = jr.compare(
        None,
        (X, y),
        {"plain": jr.Recipe()},
        splits=splits,
        test=(X[:20], y[:20]),
        preprocess=preprocess,
        seeds=1,
        epochs=1,
    )
    assert study.overlap == Overlap(
        train=pytest.approx(1), validation=0.5, test=pytest.approx(1), same_test=True
    )
