"""Penalties as priors: objective times scale is the negative log posterior, in float64."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import laplace, norm

import justright as jr
from justright.regularizers.prior import likelihood_scale

ROWS, FEATURES, OUTPUTS, NOISE = 40, 3, 2, 0.7


def problem(kind):
    """Rows, targets, and weights (features, outputs) somewhere."""
    rng = np.random.default_rng(3)
    X, w = rng.normal(size=(ROWS, FEATURES)), rng.normal(size=(FEATURES, OUTPUTS))
    if kind == "numbers":
        return X, rng.normal(size=(ROWS, OUTPUTS)), w
    if kind == "labels":
        return X, rng.integers(0, 2, (ROWS, OUTPUTS)), w
    return X, rng.integers(0, OUTPUTS, ROWS), w


def mean_loss(kind, X, y, w):
    """As Keras has it: a mean over rows, and over outputs where each is a target."""
    z = X @ w
    if kind == "numbers":
        return np.square(y - z).mean()
    if kind == "labels":
        return np.logaddexp(0, np.where(y, -z, z)).mean()
    return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(X)), y]).mean()


def log_likelihood(kind, X, y, w):
    z = X @ w
    if kind == "numbers":
        return norm.logpdf(y, z, NOISE).sum()
    if kind == "labels":
        p = 1 / (1 + np.exp(-z))
        return np.log(np.where(y, p, 1 - p)).sum()
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return np.log(p[np.arange(len(X)), y]).sum()


ARGUMENTS = {
    "numbers": {"rows": ROWS, "noise": NOISE, "outputs": OUTPUTS},
    "labels": {"rows": ROWS, "outputs": OUTPUTS},
    "classes": {"rows": ROWS},
}
PENALTIES = {
    jr.L2: (lambda w: np.square(w).sum(), lambda w, s: norm.logpdf(w, 0, s).sum()),
    jr.L1: (lambda w: np.abs(w).sum(), lambda w, b: laplace.logpdf(w, 0, b).sum()),
}


def gradient(function, w, h=1e-6):
    """Central differences in float64."""
    slopes = np.zeros(w.size)
    for i in range(w.size):
        step = np.zeros(w.size)
        step[i] = h
        step = step.reshape(w.shape)
        slopes[i] = (function(w + step) - function(w - step)) / (2 * h)
    return slopes


@pytest.mark.parametrize("kind", ARGUMENTS)
@pytest.mark.parametrize("technique", PENALTIES)
def test_the_objective_is_the_log_posterior_in_another_unit(technique, kind):
    X, y, w = problem(kind)
    penalty, log_prior = PENALTIES[technique]
    scale = 0.3
    strength = technique.from_prior(scale, **ARGUMENTS[kind]).strength
    objective = gradient(lambda v: mean_loss(kind, X, y, v) + strength * penalty(v), w)
    posterior = gradient(lambda v: log_likelihood(kind, X, y, v) + log_prior(v, scale), w)
    unit = likelihood_scale(**ARGUMENTS[kind])
    np.testing.assert_allclose(-posterior, unit * objective, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("technique", PENALTIES)
@given(
    scale=st.floats(1e-3, 1e3),
    rows=st.integers(1, 10**6),
    noise=st.none() | st.floats(1e-3, 1e3),
    outputs=st.integers(1, 20),
)
def test_there_and_back(technique, scale, rows, noise, outputs):
    there = technique.from_prior(scale, rows, noise, outputs)
    assert there.to_prior(rows, noise, outputs) == pytest.approx(scale)


@pytest.mark.parametrize("technique", PENALTIES)
def test_a_mapping_converts_layer_by_layer_and_zero_is_no_prior(technique):
    by_layer = technique.from_prior({"hidden": 0.1, "output": 1.0}, rows=50)
    assert by_layer.to_prior(50).patterns == ("hidden", "output")
    assert by_layer.to_prior(50).values == pytest.approx((0.1, 1.0))
    assert technique(0.0).to_prior(50) == math.inf
    assert technique.from_prior(math.inf, rows=50) == technique(0.0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"rows": 0}, "rows=0"),
        ({"rows": 2.5}, "rows=2.5"),
        ({"rows": 9, "noise": 0.0}, "noise=0.0"),
        ({"rows": 9, "outputs": True}, "outputs=True"),
    ],
)
def test_what_is_no_likelihood_is_refused(arguments, said):
    for technique in PENALTIES:
        with pytest.raises(jr.RecipeError, match=said):
            technique.from_prior(1.0, **arguments)


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, "wide", jr.Linear(1, 0.1, 5)])
def test_what_is_no_prior_is_refused(scale):
    for technique in PENALTIES:
        with pytest.raises(jr.RecipeError):
            technique.from_prior(scale, rows=10)
