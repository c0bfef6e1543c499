"""A prediction's intervals and likelihoods, against SciPy and by simulation."""

import numpy as np
import pytest
from scipy.stats import norm

import justright as jr
from justright.engine import sampling
from justright.evidence.prediction import Prediction


def made(draws):
    draws = np.asarray(draws, float)
    return Prediction(draws.mean(axis=0), draws.std(axis=0, ddof=1), draws)


def normal_draws(samples=4000, rows=3, seed=0):
    return np.random.default_rng(seed).normal(size=(samples, rows, 1))


def test_an_interval_holds_its_share_of_the_draws():
    draws = normal_draws()
    low, high = made(draws).interval(0.8)
    inside = ((draws >= low) & (draws <= high)).mean(axis=0)
    np.testing.assert_allclose(inside, 0.8, atol=0.002)
    np.testing.assert_allclose(high, norm.ppf(0.9), atol=0.1)


def test_with_a_precision_the_interval_is_one_for_targets():
    """Normal draws of deviation 3 and noise of deviation 4 make a deviation of 5."""
    low, high = made(3 * normal_draws(20_000)).interval(0.9, precision=1 / 16)
    np.testing.assert_allclose(low, 5 * norm.ppf(0.05), rtol=0.04)
    np.testing.assert_allclose(high, 5 * norm.ppf(0.95), rtol=0.04)


def test_the_likelihood_is_the_mean_of_normal_densities():
    draws, y = normal_draws(50, 4), np.array([0.3, -1.0, 2.0, 0.0])
    tau = 2.5
    density = norm.pdf(y[None], draws[..., 0], 1 / np.sqrt(tau)).mean(axis=0)
    assert made(draws).log_likelihood(y, tau) == pytest.approx(np.log(density).mean())
    two = np.concatenate([draws, draws + 1], axis=2)
    targets = np.stack([y, y - 1], axis=1)
    both = norm.pdf(targets[None], two, 1 / np.sqrt(tau)).prod(axis=2).mean(axis=0)
    assert made(two).log_likelihood(targets, tau) == pytest.approx(np.log(both).mean())


@pytest.mark.parametrize(("spread", "noise"), [(0.3, 0.5), (0.0, 0.5), (1e-3, 200.0), (50.0, 50.0)])
def test_the_fitted_precision_is_that_of_the_noise(spread, noise):
    rng = np.random.default_rng(1)
    rows = 4000
    draws = spread * rng.normal(size=(400, rows, 1))
    y = spread * rng.normal(size=rows) + noise * rng.normal(size=rows)
    one = made(draws)
    found = one.fitted_precision(y)
    assert found == pytest.approx(1 / noise**2, rel=0.12)
    best = one.log_likelihood(y, found)
    assert all(one.log_likelihood(y, found * factor) < best for factor in (0.7, 1.4))


def test_what_cannot_be_said_is_refused():
    plain = Prediction(np.zeros((3, 1)), None)
    with pytest.raises(jr.DataError, match=r"no samples.*samples=100"):
        plain.interval()
    with pytest.raises(jr.DataError, match="more than 1 GB"):
        Prediction(np.zeros((3, 1)), np.ones((3, 1))).interval()
    one = made(normal_draws(5))
    for wrong in (0, 1, 95):
        with pytest.raises(jr.DataError, match=f"confidence={wrong}"):
            one.interval(wrong)
    for wrong in (0.0, -1.0, float("nan")):
        with pytest.raises(jr.DataError, match="one over a variance"):
            one.log_likelihood(np.zeros(3), wrong)
    with pytest.raises(jr.DataError, match="4"):
        one.log_likelihood(np.zeros(4), 1.0)
    with pytest.raises(jr.DataError, match="numbers of shape"):
        one.log_likelihood(np.array(["a", "b", "c"]), 1.0)


def test_draws_beyond_the_limit_are_summed_up_alone(monkeypatch):
    monkeypatch.setattr(sampling, "_KEPT_BYTES", 100)
    draws = list(normal_draws(10, 5).astype(np.float32))
    found = sampling._summed_up(iter(draws), len(draws))
    assert found.draws is None
    np.testing.assert_allclose(found.mean, np.mean(draws, axis=0), rtol=1e-5)
