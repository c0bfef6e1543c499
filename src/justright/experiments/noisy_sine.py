"""Noisy regression in one dimension, where dropout hurts: measure before you believe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from justright.experiments.compare import compare
from justright.network.randomness import random_numbers_kept
from justright.regularizers import L2, Dropout, Recipe
from justright.study import Study

Pair = tuple[np.ndarray, np.ndarray]

ROWS, TEST_ROWS, NOISE = 100, 500, 0.5
UNITS = 64
NOTES = (
    "The lesson has no validation rows: the training rows stand in, and nothing is chosen on them.",
    "It reads its test loss before each of 500 updates, so the last reading is that of 499 epochs.",
)
SETTINGS = {"epochs": 499, "batch_size": ROWS, "seeds": 20}


def noisy_sine(rates: Sequence[float] = (0.0, 0.3), **settings: Any) -> Study:
    """Fit sin(x) to 100 noisy rows, without dropout and with it, and judge on 500 clean ones.

    The network is 1 → 64 → 64 → 1 (ReLU), from weights drawn once; full batches, gradient
    descent at 0.01, L2 with gradient 0.001·w. Seeds differ in what dropout drops. Validation
    rows are the training rows: nothing is chosen on them.

    Args:
        rates: of dropout after both hidden layers; a recipe each.
        settings: arguments of `compare`, to change from the lesson's.
    """
    train, test = rows()
    l2 = L2.from_gradient(0.001)
    recipes = {_name(rate): Recipe(Dropout(rate), l2) if rate else Recipe(l2) for rate in rates}
    study = compare(
        network(),
        train,
        recipes,
        validation=train,
        test=test,
        **{
            **SETTINGS,
            "optimizer": keras.optimizers.SGD(0.01),
            "initial_weights": "model",
            "metric": "mean_squared_error",
            **settings,
        },
    )
    return replace(study, notes=(*study.notes, *NOTES))


def rows() -> tuple[Pair, Pair]:
    """100 rows (1,) with noise of deviation 0.5 to train on, 500 without noise to test."""
    rng = np.random.default_rng(1)

    def draw(count: int, noise: float) -> Pair:
        x = rng.uniform(-np.pi, np.pi, count)
        return x.reshape(-1, 1), np.sin(x) + rng.normal(0, noise, count)

    return draw(ROWS, NOISE), draw(TEST_ROWS, 0.0)


@random_numbers_kept()
def network() -> keras.Model:
    """1 → 64 → 64 → 1 with He's initial weights from a fixed seed, biases 0."""
    rng = np.random.default_rng(42)
    shapes = [((UNITS, 1), 2 / 1), ((UNITS, UNITS), 2 / UNITS), ((1, UNITS), 2 / UNITS)]
    kernels = [rng.normal(0, np.sqrt(variance), shape).T for shape, variance in shapes]
    dense = keras.layers.Dense
    hidden = [dense(UNITS, activation="relu", name=f"hidden_{i}") for i in (1, 2)]
    model = keras.Sequential([keras.Input((1,)), *hidden, dense(1, name="output")])
    for layer, kernel in zip(model.layers, kernels, strict=True):
        layer.set_weights([kernel, np.zeros(kernel.shape[1])])
    return model


def _name(rate: float) -> str:
    return f"dropout {rate:g}" if rate else "no dropout"
