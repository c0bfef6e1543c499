"""The curvature of a network's likelihood: Gauss-Newton's, from derivatives of its outputs.

It is the sum over rows of JᵀΛJ, where J holds the derivatives of the outputs by the weights
and Λ is the Fisher information of the outputs. The square root of Λ is put into what is
differentiated: of a probability p the number 2√p, of a yes-or-no probability the number
2·arctan√(p/(1 − p)), of a number the number itself. So the curvature is a sum of squares.

Source: Schraudolph, "Fast curvature matrix-vector products for second-order gradient
descent", Neural Computation 14, 2002; for the square roots: Amari & Nagaoka, "Methods of
information geometry", 2000, section 2.5.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from justright.engine.forward import weigh_in_prediction
from justright.errors import ModelError
from justright.evidence.derivatives import Derivatives, Outer, Whole
from justright.evidence.laplace import Mode, Spectrum
from justright.evidence.spectra import Chunk, Gradient, Structure, spectrum_of
from justright.network.network import Buffers, Network
from justright.network.objective import Objective
from justright.network.probabilities import log_probabilities
from justright.network.surgery import calls_of
from justright.network.weights import Arrays
from justright.regularizers.places import Weights
from justright.regularizers.recipe import Recipe

# Derivatives that are held at a time, unless all of them are.
_CHUNK_BYTES = 2**26
# How many derivatives are computed at most: of more rows, some stand for all.
_MOST_DERIVATIVES = 2e9

_LIKELIHOODS = (
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "mean_squared_error",
)


@dataclass(frozen=True)
class Curvature:
    """Reads Laplace's approximation off trained variables; compiles once.

    Attributes:
        network: with the recipe's structure.
        recipe: says what prediction does with branches.
        objective: whose loss is a likelihood.
        structure: what of the curvature is kept.
        inputs: (rows, …), the training rows.
        targets: (rows, …), as the objective encodes them.
    """

    network: Network
    recipe: Recipe
    objective: Objective
    structure: Structure
    inputs: np.ndarray
    targets: np.ndarray

    @property
    def kernels(self) -> tuple[str, ...]:
        """Paths of the kernels whose curvature is read."""
        last = self.structure == "last_layer"
        return tuple(k.path for k in self.network.kernels if k.position == "output" or not last)

    @property
    def weights(self) -> np.ndarray:
        """How many weights each of them has, (kernels,)."""
        variables = self.network.model.trainable_variables
        sizes = {
            p: math.prod(v.shape) for p, v in zip(self.network.trainable, variables, strict=True)
        }
        return np.array([sizes[path] for path in self.kernels])

    @property
    def count(self) -> int:
        """How many terms −log p(D|w) sums up."""
        return len(self.inputs) * terms_of(self.objective)

    @property
    def read_rows(self) -> int:
        """How many rows are differentiated; they stand for all."""
        each = _numbers(self.objective) * int(self.weights.sum())
        return int(min(len(self.inputs), max(1, _MOST_DERIVATIVES // each)))

    def mode(self, values: Arrays, strength: float) -> Mode:
        """A trained network as Laplace's approximation sees it.

        Args:
            values: all variables by path.
            strength: λ of the L2 that it was trained with.
        """
        weights, buffers = jax.tree.map(jnp.asarray, self.network.complete(values))
        count = self.count
        loss, gradient = self._loss(weights, buffers)
        kernels = {path: _matrix(np.asarray(weights[path], np.float64)) for path in self.kernels}
        squares = np.array([np.square(w).sum() for w in kernels.values()])
        gaussian = self.objective.kind == "regression"
        bare = Mode(count * loss, squares, _NO_DIRECTIONS, count, gaussian)
        # The sum of squared errors has twice the gradient of −log p.
        scale, ratio = count / (2 if gaussian else 1), bare.ratio(strength)
        slopes = {path: scale * gradient[path] + ratio * w for path, w in kernels.items()}
        spectrum = spectrum_of(
            self.structure,
            self._derivatives(weights, buffers),
            self.read_rows * _numbers(self.objective),
            slopes,
        )
        share = self.read_rows / len(self.inputs)
        return replace(bare, spectrum=replace(spectrum, eigenvalues=spectrum.eigenvalues / share))

    def _loss(self, weights: Weights, buffers: Buffers) -> tuple[float, Gradient]:
        """The mean loss of the training rows, and its gradient by the kernels."""
        loss, count = 0.0, len(self.inputs)
        gradient: dict[str, Any] = dict.fromkeys(self.kernels, 0.0)
        for start in range(0, count, self._at_once):
            part = slice(start, start + self._at_once)
            value, slope = self._loss_of(weights, buffers, self.inputs[part], self.targets[part])
            loss += float(value) / count
            for path in self.kernels:
                own = _matrix(np.asarray(slope[path], np.float64))
                gradient[path] = gradient[path] + own / count
        return loss, gradient

    def _derivatives(self, weights: Weights, buffers: Buffers) -> Iterator[Chunk]:
        rows = np.linspace(0, len(self.inputs) - 1, self.read_rows).astype(int)
        for start in range(0, len(rows), self._at_once):
            found = self._numbers_by(weights, buffers, self.inputs[rows[start:][: self._at_once]])
            yield {path: _on_host(one) for path, one in found.items()}

    @cached_property
    def _loss_of(self) -> Any:
        def total(weights: Weights, buffers: Buffers, x: jax.Array, y: jax.Array) -> jax.Array:
            return self.objective.loss_rows(y, self._outputs(weights, buffers, x)).sum()

        return jax.jit(jax.value_and_grad(total))

    @cached_property
    def _numbers_by(self) -> Any:
        """By each kernel, (rows · numbers, inputs, units), or the factors of such products."""
        outer = _used_once(self.network)

        def of_row(kernels: Weights, weights: Weights, buffers: Buffers, x: jax.Array) -> jax.Array:
            outputs = self._outputs(weights | kernels, buffers, x[None])
            return informed(self.objective, outputs).ravel()

        def of_rows(weights: Weights, buffers: Buffers, x: jax.Array) -> dict[str, Any]:
            kernels = {path: weights[path] for path in self.kernels}
            each = jax.vmap(jax.jacrev(of_row), in_axes=(None, None, None, 0))
            found = each(kernels, weights, buffers, x)
            matrices = {
                path: one.reshape(-1, *_matrix(weights[path]).shape) for path, one in found.items()
            }
            return {path: _factors(m) if path in outer else m for path, m in matrices.items()}

        return jax.jit(of_rows)

    @property
    def _at_once(self) -> int:
        each = _numbers(self.objective) * int(self.weights.sum())
        return max(1, min(len(self.inputs), _CHUNK_BYTES // (4 * each)))

    def _outputs(self, weights: Weights, buffers: Buffers, x: jax.Array) -> jax.Array:
        weigh = weigh_in_prediction(self.recipe)
        return self.network.forward(weights, buffers, x, training=False, weigh=weigh).outputs


_NO_DIRECTIONS = Spectrum(np.zeros(0), np.zeros((0, 0)), np.zeros(0), 0.0, np.zeros(0))


def informed(objective: Objective, outputs: jax.Array) -> jax.Array:
    """Numbers (rows, …) whose Fisher information is 1 each, made of outputs (rows, …).

    The squares of their derivatives sum up to the Gauss-Newton curvature of −log p(y|x, w); for
    numbers, with noise of deviation 1.
    """
    logs = log_probabilities(objective, outputs)
    if logs is None:
        return outputs
    if objective.kind == "categorical":
        return 2 * jnp.exp(logs / 2)
    return 2 * jnp.arctan(jnp.exp((logs[..., 0] - logs[..., 1]) / 2))


def terms_of(objective: Objective) -> int:
    """Over how many terms of −log p(y|x, w) the loss of a row is the mean."""
    shape = objective.output_shape
    return math.prod(shape[:-1] if objective.kind == "categorical" else shape)


def check_likelihood(objective: Objective) -> None:
    """Refuse a loss that is not −log p(y|x, w) in some unit.

    Raises:
        ModelError: such a loss.
    """
    given: Any = objective.given_loss
    config = given.get_config() if hasattr(given, "get_config") else {}
    odd = config.get("label_smoothing") or config.get("ignore_class") is not None
    if objective.loss_name not in _LIKELIHOODS or odd:
        raise ModelError(
            f"The loss {objective.loss_name}{' with options' if odd else ''} is not a likelihood "
            "that the evidence is known of. Use cross-entropy for classes (without label "
            "smoothing) or the mean squared error for numbers."
        )


def _used_once(network: Network) -> frozenset[str]:
    """Paths of the kernels by which derivatives are outer products: dense, and called once."""
    calls, _ = calls_of(network.blueprint.model)
    count = Counter(call.layer.name for call in calls)
    flat = {
        call.layer.name
        for call in calls
        if isinstance(call.layer, keras.layers.Dense)
        and count[call.layer.name] == 1
        and call.rank == 2
    }
    return frozenset(kernel.path for kernel in network.kernels if kernel.layer in flat)


def _factors(matrices: jax.Array) -> tuple[jax.Array, jax.Array]:
    """A and g of matrices (n, inputs, units) that are a·gᵀ each: g is the longest row."""
    longest = jnp.argmax(jnp.square(matrices).sum(axis=2), axis=1)
    given = jnp.take_along_axis(matrices, longest[:, None, None], axis=1)[:, 0]
    length = jnp.square(given).sum(axis=1, keepdims=True)
    read = jnp.einsum("nio,no->ni", matrices, given) / jnp.where(length > 0, length, 1)
    return read, given


def _on_host(found: Any) -> Derivatives:
    """In 64 bits, for sums over many."""
    if isinstance(found, tuple):
        return Outer(*(np.asarray(factor, np.float64) for factor in found))
    return Whole(np.asarray(found, np.float64))


def _numbers(objective: Objective) -> int:
    """How many numbers a row is differentiated by."""
    return math.prod(objective.output_shape)


def _matrix(kernel: Any) -> Any:
    """A kernel as a matrix, (inputs, units)."""
    return kernel.reshape(-1, kernel.shape[-1]) if kernel.ndim > 1 else kernel.reshape(-1, 1)
