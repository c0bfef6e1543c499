"""From the derivatives of a network's outputs to the directions of its curvature.

| structure  | what is kept of the sum of JᵀJ over the rows                                |
|------------|------------------------------------------------------------------------------|
| full       | all of it, over all kernels                                                  |
| kron       | for each kernel a Kronecker product A⊗B/tr A of a matrix over its inputs     |
|            | and one over its units, where A is the sum of MMᵀ and B that of MᵀM over the |
|            | derivatives M: exact for linear layers, and its trace always is              |
| diag       | the diagonal                                                                 |
| last_layer | all of it, over the output layer's kernels; the others as they are           |

Source: Martens & Grosse, "Optimizing neural networks with Kronecker-factored approximate
curvature", ICML 2015; that A and B are one step of the power iteration to the nearest
product: Morwani et al., "A new perspective on Shampoo's preconditioner", 2024.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

import numpy as np
from threadpoolctl import threadpool_limits

from justright.evidence.derivatives import Derivatives
from justright.evidence.laplace import Spectrum

Structure = Literal["full", "kron", "diag", "last_layer"]
STRUCTURES: tuple[Structure, ...] = get_args(Structure)

Chunk = Mapping[str, Derivatives]
"""Derivatives of some outputs, by each kernel."""
Gradient = dict[str, np.ndarray]
"""Of −log p(D|w) − log p(w) by each kernel: (inputs, units)."""


def spectrum_of(
    structure: Structure, chunks: Iterable[Chunk], outputs: int, gradient: Gradient
) -> Spectrum:
    """The directions of the curvature.

    Args:
        structure: what is kept.
        chunks: derivatives of all outputs of all rows, some at a time.
        outputs: how many there are in all.
        gradient: at the same weights; names the kernels.
    """
    weights = sum(g.size for g in gradient.values())
    whole = _by_outputs if outputs < weights else _by_weights
    read = {"kron": _kronecker, "diag": _diagonal}.get(structure, whole)
    # Matrices are small, and threads that wait for busy cores make them hundreds of times slower.
    with threadpool_limits(1, "blas"):
        return read(chunks, gradient)


def _by_weights(chunks: Iterable[Chunk], gradient: Gradient) -> Spectrum:
    """Eigenvectors of ΣJᵀJ, (weights, weights)."""
    flat = np.concatenate([g.ravel() for g in gradient.values()])
    curvature = np.zeros((len(flat), len(flat)))
    for chunk in chunks:
        joined = np.concatenate([chunk[path].rows() for path in gradient], axis=1)
        curvature += joined.T @ joined
    values, vectors = np.linalg.eigh(curvature)
    sizes = _sizes(gradient)
    shares = np.add.reduceat(np.square(vectors), np.r_[0, np.cumsum(sizes)[:-1]], axis=0)
    return Spectrum(values.clip(0), shares.T, np.square(flat @ vectors), 0.0, sizes)


def _by_outputs(chunks: Iterable[Chunk], gradient: Gradient) -> Spectrum:
    """The same from JJᵀ, (outputs, outputs): where these are fewer than weights.

    With JJᵀ = USUᵀ the directions are V = JᵀU/√S.
    """
    held = list(chunks)
    whole = {path: type(held[0][path]).joined([one[path] for one in held]) for path in gradient}
    products = [part.products() for part in whole.values()]
    values, vectors = np.linalg.eigh(sum(products))
    # What rounding leaves of a direction without curvature has no direction of its own.
    real = values > len(values) * np.finfo(float).eps * max(values[-1], 0)
    values, vectors = values[real], vectors[:, real]
    shares = [np.einsum("ij,ij->j", vectors, part @ vectors) / values for part in products]
    along = np.sum([part.along(gradient[path]) for path, part in whole.items()], axis=0)
    slopes = np.square(along @ vectors) / values
    length = sum(float(np.square(g).sum()) for g in gradient.values())
    rest = max(length - float(slopes.sum()), 0.0)
    return Spectrum(values, np.stack(shares, axis=1), slopes, rest, _sizes(gradient))


def _kronecker(chunks: Iterable[Chunk], gradient: Gradient) -> Spectrum:
    over_inputs = {path: np.zeros((len(g), len(g))) for path, g in gradient.items()}
    over_units = {path: np.zeros((g.shape[1],) * 2) for path, g in gradient.items()}
    for chunk in chunks:
        for path in gradient:
            over_inputs[path] += chunk[path].over_inputs()
            over_units[path] += chunk[path].over_units()
    values, slopes = {}, {}
    for path, g in gradient.items():
        a, left = np.linalg.eigh(over_inputs[path])
        b, right = np.linalg.eigh(over_units[path])
        trace = float(a.sum()) or 1.0
        values[path] = np.outer(a.clip(0), b.clip(0)).ravel() / trace
        slopes[path] = np.square(left.T @ g @ right).ravel()
    return _blocks(values, slopes)


def _diagonal(chunks: Iterable[Chunk], gradient: Gradient) -> Spectrum:
    values = {path: np.zeros(g.size) for path, g in gradient.items()}
    for chunk in chunks:
        for path in gradient:
            values[path] += chunk[path].squares().ravel()
    return _blocks(values, {path: np.square(g).ravel() for path, g in gradient.items()})


def _blocks(values: dict[str, np.ndarray], slopes: dict[str, np.ndarray]) -> Spectrum:
    """Of kernels without a curvature between them: each direction lies in one."""
    sizes = np.array([len(one) for one in values.values()])
    shares = np.repeat(np.eye(len(sizes)), sizes, axis=0)
    joined, along = (np.concatenate(list(parts.values())) for parts in (values, slopes))
    return Spectrum(joined, shares, along, 0.0, sizes)


def _sizes(gradient: Gradient) -> np.ndarray:
    return np.array([g.size for g in gradient.values()])
