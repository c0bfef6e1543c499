"""Networks that predict together: shares chosen on held-out rows, and the class they stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import recall_score

from justright.evidence.blend import (
    EXPONENTS,
    balanced_accuracy,
    blend,
    class_shares,
    decided,
    prior_exponent,
)


def squared(y):
    return lambda told: float(np.square(told - y).mean())


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_shares_add_up_and_the_mean_is_as_good_as_the_best_candidate(seed, candidates):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=30)
    held = [y + rng.normal(0, rng.uniform(0.1, 2), 30) for _ in range(candidates)]
    shares = blend(held, squared(y))
    assert shares.min() >= 0
    assert shares.sum() == pytest.approx(1)
    joint = sum(share * one for share, one in zip(shares, held, strict=True))
    assert squared(y)(joint) <= min(map(squared(y), held)) + 1e-12


def test_candidates_that_err_in_opposite_ways_share_equally():
    y = np.arange(10.0)
    shares = blend([y + 1, y - 1, y + 5], squared(y))
    np.testing.assert_allclose(shares, [0.5, 0.5, 0])


def test_a_candidate_whose_loss_is_not_finite_has_no_share():
    y = np.arange(4.0)
    assert blend([np.full(4, np.nan), y + 1], squared(y)).tolist() == [0, 1]


def test_the_balanced_decision_is_that_of_equal_classes():
    """With true posteriors, dividing by the shares gives the posteriors of equal priors."""
    likelihood = np.array([[0.2, 0.5], [0.7, 0.1]])
    shares = np.array([0.9, 0.1])
    posteriors = likelihood * shares / (likelihood * shares).sum(axis=1, keepdims=True)
    assert decided(posteriors, shares, 0).tolist() == [0, 0]
    assert decided(posteriors, shares, 1).tolist() == likelihood.argmax(axis=1).tolist()


def test_the_exponent_is_one_where_probabilities_are_right():
    rng = np.random.default_rng(0)
    y = (rng.random(4000) < 0.15).astype(int)
    x = rng.normal(size=4000) + 1.5 * y
    odds = np.exp(1.5 * x - 1.125) * 0.15 / 0.85
    p = odds / (1 + odds)
    assert prior_exponent(np.stack([1 - p, p], 1), y) == 1
    shares = class_shares(y, 2)
    scores = [
        balanced_accuracy(y, decided(np.stack([1 - p, p], 1), shares, one)) for one in EXPONENTS
    ]
    assert scores[-1] - scores[0] > 0.1


def test_the_exponent_is_zero_where_a_correction_shows_to_hurt():
    """All rows of the frequent class lean to it by less than the correction takes away."""
    y = np.repeat([0, 1], [900, 100])
    p = np.where(y == 0, 0.45, 0.9)
    assert prior_exponent(np.stack([1 - p, p], 1), y) == 0


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(0, 1000))
def test_balanced_accuracy_is_that_of_scikit_learn(labels, seed):
    y = np.array(labels)
    chosen = np.random.default_rng(seed).integers(0, 4, len(y))
    wanted = recall_score(y, chosen, labels=np.unique(y), average="macro", zero_division=0)
    assert balanced_accuracy(y, chosen) == pytest.approx(wanted)


def test_weights_count_as_repeated_rows():
    y, chosen = np.array([0, 0, 1]), np.array([0, 1, 1])
    weighted = balanced_accuracy(y, chosen, np.array([3.0, 1.0, 2.0]))
    assert weighted == pytest.approx(
        balanced_accuracy(y[[0, 0, 0, 1, 2, 2]], chosen[[0, 0, 0, 1, 2, 2]])
    )
    assert class_shares(y, 3, np.array([3.0, 1.0, 2.0])).min() > 0
