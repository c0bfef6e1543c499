"""What a sweep says is true of its numbers: made-up numbers, and the sentences that they allow."""

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

import justright as jr
from justright.evidence.evidence import Evidence
from justright.evidence.measure import Measure
from justright.evidence.overlap import ONE_SPLIT, Overlap
from justright.experiments.swept import Sweep
from justright.regularizers.grid import Grid

ACCURACY, ERROR = Measure("accuracy", True), Measure("mean_absolute_error", False)


@dataclass
class Made(Evidence):
    """What a study says of made-up trials."""

    table: pd.DataFrame = None
    metric: Measure = ACCURACY
    has_test: bool = False
    overlap = ONE_SPLIT


def swept(over, validation, train=None, *, spread=0.002, seeds=5, measure=ACCURACY, zero=True):
    """A sweep whose points have these mean figures."""
    grid = Grid.of(over, jr.Recipe(), zero)
    rng = np.random.default_rng(0)
    train = [1.0] * len(grid.points) if train is None else train
    rows = []
    for point, mean, fit in zip(grid.points, validation, train, strict=True):
        noise = spread * rng.normal(size=(seeds, 2))
        noise -= noise.mean(axis=0)
        for seed in range(seeds):
            val, trained = mean + noise[seed, 0], fit + 0.1 * noise[seed, 1]
            gap = measure.advantage(trained, val)
            rows.append(
                {"recipe": point.name, "seed": seed, "split": 0, "outcome": "finished"}
                | {"train_metric": trained, "val_metric": val, "gap": gap, "loss_gap": gap}
                | {"train_loss": -trained, "val_loss": -val}
                | {"test_loss": np.nan, "test_metric": np.nan}
            )
    return Sweep(Made(pd.DataFrame(rows), measure), grid, "val_metric")


DROPOUT = {"dropout": [0, 0.2, 0.5]}


def test_the_best_and_what_there_is_without_it():
    found = swept(DROPOUT, [0.90, 0.95, 0.92])
    assert found.best.values == (0.2,)
    assert found.needed
    said = found.summary()
    assert said.startswith("Validation accuracy is best at dropout rate 0.2: 95.0 %")
    assert "; at 0 it is 90.0 %." in said
    corrected = "Corrected for the number of points (Holm), in validation accuracy it is better"
    assert f"{corrected} than at 0" in said
    assert "best in 100% of resamples" in said


def test_points_that_are_as_good_as_the_best_are_named():
    over = {"Dropout": [0, 0.1, 0.2, 0.3, 0.4, 0.5]}
    text = swept(over, [0.8, 0.9, 0.85, 0.7, 0.7, 0.7], spread=0).summary()
    assert "the same at" not in text
    text = swept(over, [0.8, 0.9, 0.9, 0.7, 0.7, 0.7], spread=0).summary()
    assert "best at dropout rate 0.2" in text or "best at dropout rate 0.1" in text
    assert re.search(r"and the same at dropout rate 0\.[12][;.]", text)
    text = swept(over, [0.8, *[0.9] * 5], spread=0).summary()
    assert " and 1 more" in text


def test_you_do_not_need_it_is_an_answer():
    found = swept(DROPOUT, [0.95, 0.93, 0.90])
    assert found.recipe == jr.Recipe()
    assert not found.needed
    assert "No other point does better: you do not need it here." in found.summary()


def test_a_best_that_may_be_luck_is_said_to_be_such():
    found = swept(DROPOUT, [0.95, 0.9502, 0.95], spread=0.01)
    assert not found.needed
    assert "you may not need it" in found.summary() or "do not need it here" in found.summary()


def test_a_sweep_of_nothing_hardly_ever_claims_a_need():
    """Of 200 sweeps of 8 points without a difference at most 5 % (and 3 standard errors) do."""
    grid = {"dropout": [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]}
    claims, studies, rng = 0, 200, np.random.default_rng(1)
    for _ in range(studies):
        found = swept(grid, [0.9] * 8)
        noise = 0.01 * rng.normal(size=len(found.study.table))
        found.study.table["val_metric"] = 0.9 + noise
        claims += found.needed
    assert claims / studies < 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


def test_test_rows_judge_alone_only_where_no_split_has_chosen_on_them():
    """A need of p = 0.03 on test rows stands alone, and not among three comparisons."""
    found = swept({"dropout": [0, 0.2, 0.3, 0.5]}, [0.9, 0.95, 0.9, 0.9], seeds=4)
    found.study.has_test = True
    nothing = [0.05, -0.05, 0.04, -0.04]
    better = np.array([[0] * 4, [0.02, 0.03, 0.05, 0.07], nothing, nothing])
    found.study.table["test_metric"] = 0.9 + better.ravel()
    assert found.needed
    assert "In test accuracy, which had no part in the choice, it is better" in found.summary()
    seen = replace(found)  # Without what it has worked out.
    seen.study.overlap = Overlap(test_apart=False)
    assert not seen.needed
    said = seen.summary()
    assert "Corrected for the number of points (Holm), in test accuracy no difference" in said
    assert "no part" not in said


def test_an_interval_of_a_share_ends_at_all_and_at_nothing():
    said = swept(DROPOUT, [0.90, 0.98, 0.92], spread=0.5, seeds=3).summary()
    assert "to 100.0 %)" in said
    assert "interval 0.0 %" in said


def test_what_a_pick_owes_to_luck_stands_beside_the_best_figure():
    """Eight points without a difference: the best of them is ahead by luck alone."""
    grid = {"dropout": [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]}
    found = swept(grid, [0.9] * 8)
    rng = np.random.default_rng(1)
    found.study.table["val_metric"] = 0.9 + 0.02 * rng.normal(size=len(found.study.table))
    ahead = found.table["val_metric"].max() - 0.9
    assert 0.4 * ahead < found.optimism.optimism < 1.6 * ahead
    assert "Having been picked flatters that figure by an estimated" in found.summary()
    sure = swept(DROPOUT, [0.90, 0.95, 0.92], spread=1e-4)
    assert "Having been picked" not in sure.summary()
    assert swept(DROPOUT, [0.9, 0.95, 0.92], seeds=1).optimism is None


def test_the_strongest_within_one_standard_error_stands_beside_the_best():
    found = swept(DROPOUT, [0.90, 0.95, 0.9499], spread=0.003)
    assert found.one_standard_error.values == (0.5,)
    assert "The strongest within one standard error of it is dropout rate 0.5" in found.summary()
    sharp = swept(DROPOUT, [0.90, 0.95, 0.92])
    assert sharp.one_standard_error == sharp.best
    assert "Nothing stronger is within one standard error of it." in sharp.summary()


@pytest.mark.parametrize(
    ("validation", "train", "said"),
    [
        ([0.9, 0.95, 0.7], [1.0, 0.99, 0.8], "At dropout rate 0.5 it underfits"),
        ([0.9, 0.8, 0.7], [1.0, 0.9, 0.8], "From dropout rate 0.2 on it underfits"),
        ([0.9, 0.95, 0.7], [1.0, 1.0, 1.0], None),
        ([0.9, 0.95, 0.95], [1.0, 0.9, 0.8], None),
    ],
    ids=["one", "from one on", "validation alone falls", "training alone falls"],
)
def test_underfitting_is_said_where_both_fall(validation, train, said):
    found = swept(DROPOUT, validation, train)
    if said is None:
        assert "underfits" not in found.summary()
        assert found.underfits.empty
    else:
        assert f"{said}: training and validation accuracy are both worse" in found.summary()


def test_smaller_is_stronger_where_infinity_is_off():
    over = {"early_stopping": [2, 5, 10]}
    found = swept(over, [0.7, 0.9, 0.95, 0.95], [0.7, 1, 1, 1])
    assert found.grid.points[found.grid.reference].name == "early_stopping=inf"
    assert "At early stopping patience 2 it underfits" in found.summary()
    both = swept(over, [0.7, 0.8, 0.95, 0.96], [0.7, 0.8, 1, 1])
    assert "From early stopping patience 5 down it underfits" in both.summary()


def test_the_edge_is_said_where_more_lies_beyond():
    found = swept({"dropout": [0, 0.2, 0.5]}, [0.9, 0.92, 0.95])
    assert found.at_edge
    assert (
        "a larger dropout rate may be better still (expand=True, or --expand, widens the grid)"
        in found.summary()
    )
    end = swept({"label_smoothing": [0, 0.5, 1]}, [0.9, 0.92, 0.95])
    assert not end.at_edge
    low = swept({"dropout": [0.2, 0.5]}, [0.95, 0.9], zero=False)
    assert "a smaller dropout rate may be better" in low.summary()


def test_two_strengths_are_told_apart():
    over = {"dropout": [0, 0.5], "l2": [0, 0.1, 1]}
    found = swept(over, [0.9, 0.91, 0.5, 0.92, 0.95, 0.5], [1, 1, 0.6, 1, 1, 0.6])
    said = found.summary()
    assert "best at dropout rate 0.5 and L2 strength 0.1" in said
    assert "with both off it is 90.0 %." in said
    assert "At 2 of the 6 points (at L2 strength 1) it underfits" in said
    assert "than with both off" in said


def test_an_error_is_better_when_it_is_lower():
    found = swept(DROPOUT, [0.9, 0.5, 0.7], [0.4, 0.4, 0.4], measure=ERROR)
    assert found.best.values == (0.2,)
    row = found.table.iloc[1]
    assert row["val_low"] < row["val_metric"] < row["val_high"]
    assert "Validation mean absolute error is best at dropout rate 0.2: 0.5 " in found.summary()
    worse = swept(DROPOUT, [0.5, 0.5, 0.9], [0.4, 0.4, 0.8], measure=ERROR)
    assert "At dropout rate 0.5 it underfits" in worse.summary()
