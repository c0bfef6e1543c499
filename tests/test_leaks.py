"""Signs of a leak in the rows: what is shared beyond chance, and an input that tells the target."""

import numpy as np
import pytest

from justright.data.leaks import shared_rows, telling_column


def rows(seed, count, columns=4):
    draws = np.random.default_rng(seed)
    return draws.normal(size=(count, columns)), draws.integers(0, 2, count)


def test_rows_of_both_parts_are_counted():
    (X, y), (new_X, new_y) = rows(0, 50), rows(1, 20)
    assert shared_rows(X, y, new_X, new_y).count == 0
    val_X, val_y = np.concatenate([new_X, X[:7]]), np.concatenate([new_y, y[:7]])
    found = shared_rows(X, y, val_X, val_y)
    assert (found.count, found.expected, found.rows) == (7, 0.0, 27)


def test_a_row_with_another_target_is_another_row():
    X, y = rows(0, 30)
    assert shared_rows(X, y, X, 1 - y).count == 0


@pytest.mark.parametrize("seed", range(3))
def test_rows_that_repeat_by_nature_are_expected_in_both_parts(seed):
    """Drawn independently from few values: what repeats inside training repeats across parts."""
    draws = np.random.default_rng(seed)
    X, y = draws.integers(0, 3, (900, 4)).astype(float), draws.integers(0, 2, 900)
    found = shared_rows(X[:600], y[:600], X[600:], y[600:])
    assert found.count > 200
    assert abs(found.count - found.expected) < 4 * np.sqrt(300 * 0.25)


def test_copies_of_rows_with_a_continuous_column_are_not_by_chance():
    X, y = rows(0, 300)
    X, y = np.concatenate([X, X]), np.concatenate([y, y])
    mixed = np.random.default_rng(1).permutation(600)
    train, val = mixed[:400], mixed[400:]
    found = shared_rows(X[train], y[train], X[val], y[val])
    assert found.count > 100
    assert found.expected == 0


def test_a_copy_of_the_target_is_told_by_its_name():
    X, y = rows(0, 200)
    X[:, 2] = 5 - 3 * y + np.random.default_rng(1).normal(0, 0.1, 200)
    found = telling_column(X, y, ["age", "height", "copy", "weight"])
    assert found.name == "copy"
    assert found.score > 0.98
    assert found.next_score < 0.3


def test_a_curved_copy_of_a_number_is_told():
    X, _ = rows(0, 300)
    y = np.random.default_rng(2).normal(size=300)
    X[:, 1] = np.exp(2 * y)
    found = telling_column(X, y)
    assert (found.name, found.score > 0.98) == ("x1", True)


def test_inputs_without_relation_to_the_target_tell_nothing():
    X, y = rows(3, 400)
    assert telling_column(X, y).score < 0.2
    assert telling_column(X, y.astype(float)).score < 0.2


@pytest.mark.parametrize(("count", "columns"), [(20, 4), (200, 1)], ids=["few rows", "one column"])
def test_where_there_is_nothing_to_compare_nothing_is_said(count, columns):
    assert telling_column(*rows(0, count, columns)) is None
