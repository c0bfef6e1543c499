"""The evidence for a strength of L2: Laplace's approximation of the marginal likelihood.

L2 of strength λ is a Gaussian prior of precision τ on every kernel weight (`prior.py` has the
translation), and a trained network is near the mode of the posterior. With the curvature H
of −log p(D|w) there (Gauss-Newton's, whose eigenvalues s are not negative), the integral of
likelihood times prior over the weights is, in Laplace's approximation,

    log p(D|λ) = log p(D|w) − τ/2·Σw² − ½·Σⱼ log(1 + sⱼ/τ).

The last term is what the data pin down (Occam's factor): strong priors fit badly, weak ones
pay for every direction that the data decide. γ = Σⱼ sⱼ/(sⱼ + τ) counts these directions.

For numbers with Gaussian noise of deviation σ, H is 1/σ² times the curvature for σ = 1, and
λ fixes κ = τσ². The evidence then has its maximum over σ in closed form: σ² = (RSS + κ·Σw²)/N
for N numbers with the sum RSS of squared errors.

Weights without a penalty (biases, scales of normalizations) stay at their trained values, as
the intercept does in scikit-learn's `BayesianRidge`, with which all of this agrees on a
linear network.

Source: MacKay, "A practical Bayesian framework for backpropagation networks", Neural
Computation 4, 1992, equations 9 to 22; Immer, Bauer, Fortuin, Rätsch, Khan, "Scalable
marginal likelihood estimation for model selection in deep learning", ICML 2021, equations 4
to 9; Daxberger et al., "Laplace redux: effortless Bayesian deep learning", NeurIPS 2021.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spectrum:
    """The curvature of −log p(D|w), for noise of deviation 1, in its own directions.

    Attributes:
        eigenvalues: (directions,), at least 0; further directions have none.
        shares: (directions, kernels): how much of each direction lies in each kernel; rows
            sum to 1.
        slopes: (directions,): the gradient of −log p(D|w) − log p(w) along each, squared.
        flat_slope: the squared length of the gradient in all further directions.
        weights: (kernels,): how many weights each has.
    """

    eigenvalues: np.ndarray
    shares: np.ndarray
    slopes: np.ndarray
    flat_slope: float
    weights: np.ndarray


@dataclass(frozen=True)
class Mode:
    """A trained network, as Laplace's approximation sees it.

    Attributes:
        misfit: the sum of −log p(y|x, w) over the rows (classes); the sum of squared errors
            (numbers).
        squares: (kernels,): Σw² of each.
        spectrum: the curvature there.
        count: N, how many terms `misfit` sums up: what the mean loss is to be multiplied by.
        gaussian: whether targets are numbers with Gaussian noise.
    """

    misfit: float
    squares: np.ndarray
    spectrum: Spectrum
    count: int
    gaussian: bool

    def ratio(self, strength: float) -> float:
        """τσ² (numbers), or τ (classes), of λ: the objective times N is misfit + N·λ·Σw²."""
        return strength * self.count * (1 if self.gaussian else 2)

    def strength_of(self, ratio: float) -> float:
        """λ of τσ² or τ: the inverse of `ratio`."""
        return ratio / (self.count * (1 if self.gaussian else 2))


@dataclass(frozen=True)
class Evidence:
    """What Laplace's approximation says of one trained network and its λ.

    Attributes:
        strength: λ, in Keras' convention.
        log_evidence: log p(D|λ), in nats.
        log_likelihood: log p(D|w) of the trained weights.
        effective: γ, of each kernel: how many of its weights the data decide.
        precision: τ of the prior.
        noise: σ, fitted; None for classes.
        unsettled: ½·gᵀA⁻¹g, in nats: by how much a Newton step would still raise the
            posterior. Near 0 where training has come to rest.
        update: λ after one of MacKay's updates, τ ← γ/Σw²; more than `strength` where the
            evidence asks for more.
        updates: the same for each kernel by itself, (kernels,).
    """

    strength: float
    log_evidence: float
    log_likelihood: float
    effective: np.ndarray
    precision: float
    noise: float | None
    unsettled: float
    update: float
    updates: np.ndarray


def evidence_at(mode: Mode, strength: float) -> Evidence:
    """The evidence for λ at a network that was trained with it.

    Args:
        mode: the network.
        strength: λ, more than 0.

    >>> flat = Spectrum(np.zeros(0), np.zeros((0, 1)), np.zeros(0), 0.0, np.array([1]))
    >>> evidence_at(Mode(3.0, np.array([2.0]), flat, 10, False), 0.1).log_evidence
    -5.0
    """
    spectrum, ratio = mode.spectrum, mode.ratio(strength)
    squares = float(mode.squares.sum())
    variance = (mode.misfit + ratio * squares) / mode.count if mode.gaussian else 1.0
    likelihood = _log_likelihood(mode, variance)
    decided = spectrum.eigenvalues / (spectrum.eigenvalues + ratio)
    effective = decided @ spectrum.shares
    occam = 0.5 * float(np.log1p(spectrum.eigenvalues / ratio).sum())
    within = float((spectrum.slopes / (spectrum.eigenvalues + ratio)).sum())
    return Evidence(
        strength=strength,
        log_evidence=likelihood - ratio * squares / (2 * variance) - occam,
        log_likelihood=likelihood,
        effective=effective,
        precision=ratio / variance,
        noise=math.sqrt(variance) if mode.gaussian else None,
        unsettled=(within + spectrum.flat_slope / ratio) / (2 * variance),
        update=float(_updates(mode, np.array([effective.sum()]), np.array([squares]))[0]),
        updates=_updates(mode, effective, mode.squares),
    )


def _updates(mode: Mode, effective: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """λ of τ = γ/Σw², with σ² = RSS/(N − γ), part by part; infinite where all weights are 0."""
    variance = 1.0
    if mode.gaussian:
        # Where all numbers are spent on weights none is left to tell the noise.
        variance = mode.misfit / max(mode.count - float(effective.sum()), 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        precisions = np.where(squares > 0, effective / squares, np.inf)
    return np.array([mode.strength_of(float(one) * variance) for one in precisions])


def _log_likelihood(mode: Mode, variance: float) -> float:
    if not mode.gaussian:
        return -mode.misfit
    if variance <= 0:
        return math.inf
    return -0.5 * (mode.count * math.log(2 * math.pi * variance) + mode.misfit / variance)
