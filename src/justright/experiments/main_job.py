"""The main job: the lessons' comparison on breast-cancer data."""

from __future__ import annotations

from typing import Any

from justright.data.examples import example
from justright.experiments.compare import compare
from justright.regularizers import L2, Dropout, EarlyStopping, Recipe
from justright.study import Study

SETTINGS = {"epochs": 200, "batch_size": 8, "optimizer": "adam"}


def lesson_recipes() -> dict[str, Recipe]:
    """Plain, the lesson's dropout + L2 on the hidden layers, and that with early stopping."""
    both = Dropout(0.4) + L2({"hidden": 0.001})
    return {
        "plain": Recipe(),
        "dropout + L2": both,
        "dropout + L2 + early stopping": both + EarlyStopping(patience=20),
    }


def main_job(**settings: Any) -> Study:
    """Compare the lesson's recipes on its data with its network, 30 → 128 → 64 → 1.

    Args:
        settings: arguments of `compare`, to change from the lesson's 200 epochs of
            Adam with batches of 8.
    """
    data = example("breast_cancer")
    return compare(
        None,
        data.train,
        lesson_recipes(),
        validation=data.validation,
        test=data.test,
        **{**SETTINGS, **settings},
    )
