"""Penalties as priors: what a strength says of the weights before data are seen.

A network is trained on the mean loss of n rows plus a penalty. The loss of a row is
−log p(y|x, w) in some unit: for cross-entropy it is that number itself; the mean squared
error of K numbers is 2σ²/K times it, up to a constant, if the targets have Gaussian noise
of deviation σ. So the objective times `likelihood_scale` is the negative logarithm of the
posterior (up to a constant), and

| penalty  | times the scale c | prior of each weight        | so                 |
|----------|-------------------|-----------------------------|--------------------|
| λ·Σw²    | c·λ·Σw²           | Gaussian, −log p = w²/(2s²) | λ = 1/(2·c·s²)     |
| λ·Σ|w|   | c·λ·Σ|w|          | Laplace, −log p = |w|/b     | λ = 1/(c·b)        |

Source: MacKay, "A practical Bayesian framework for backpropagation networks", Neural
Computation 4, 1992, equations 1 to 8; Tibshirani, "Regression shrinkage and selection via
the lasso", 1996, section 5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from justright.errors import RecipeError
from justright.regularizers.schedule import Schedule
from justright.regularizers.strength import PerLayer, Strength


def likelihood_scale(rows: int, noise: float | None = None, outputs: int = 1) -> float:
    """What the mean loss is to be multiplied by to be −log p(targets|weights), up to a constant.

    Args:
        rows: training rows, at least 1: all of them, not those of a batch.
        noise: None for a cross-entropy; for the mean squared error the standard deviation of
            the targets' noise, more than 0, in the targets' unit.
        outputs: over how many numbers the loss of a row is a mean: the targets of a row for
            the mean squared error and for several labels a row, 1 for one of many classes.

    Raises:
        RecipeError: rows or outputs that are no whole number of at least 1, or noise that is
            not more than 0.

    >>> likelihood_scale(100)
    100.0
    >>> likelihood_scale(100, noise=0.5)
    200.0
    """
    for name, value in (("rows", rows), ("outputs", outputs)):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or value < 1:
            raise RecipeError(f"{name}={value!r}: a whole number of at least 1 is wanted.")
    if noise is None:
        return float(rows * outputs)
    return rows * outputs / (2 * _positive("noise", noise, "a standard deviation") ** 2)


def gaussian_strength(deviation: float, scale: float) -> float:
    """λ of λ·Σw² for weights that are Gaussian around 0 with a standard deviation."""
    return 1 / (2 * scale * _positive("deviation", deviation, "a standard deviation") ** 2)


def gaussian_deviation(strength: float, scale: float) -> float:
    """The standard deviation of the prior that λ·Σw² is; infinite for λ = 0."""
    return math.sqrt(1 / (2 * scale * strength)) if strength else math.inf


def laplace_strength(spread: float, scale: float) -> float:
    """λ of λ·Σ|w| for weights of density exp(−|w|/b)/(2b), b being `spread`."""
    return 1 / (scale * _positive("spread", spread, "the scale b of a Laplace distribution"))


def laplace_spread(strength: float, scale: float) -> float:
    """The scale b of the prior that λ·Σ|w| is; infinite for λ = 0."""
    return 1 / (scale * strength) if strength else math.inf


def of_prior(value: Strength) -> Strength:
    """A strength that a prior can have.

    Raises:
        RecipeError: a schedule.
    """
    one = value.values if isinstance(value, PerLayer) else (value,)
    parts = tuple(value.values()) if isinstance(value, Mapping) else one
    for part in parts:
        if isinstance(part, Schedule):
            raise RecipeError(
                f"{part!r} changes from epoch to epoch, and a prior is one for the whole training. "
                "Give a number, or the number of one epoch."
            )
    return value


def _positive(name: str, value: Any, meaning: str) -> float:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not (number and value > 0):
        raise RecipeError(f"{name}={value!r}: {meaning} is a number of more than 0.")
    return float(value)
