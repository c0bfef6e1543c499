"""L2: a penalty on the squares of the weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp

from justright.regularizers.exports import ExportsPenalty
from justright.regularizers.location import Kernels, kernels_with
from justright.regularizers.places import ActsOnLoss, Forward, Weights
from justright.regularizers.prior import (
    gaussian_deviation,
    gaussian_strength,
    likelihood_scale,
    of_prior,
)
from justright.regularizers.schedule import Schedule
from justright.regularizers.shrinkage import Shrinks
from justright.regularizers.strength import (
    Number,
    PerLayer,
    Position,
    Strength,
    strength,
    strength_at,
)
from justright.regularizers.technique import Technique, technique

EVERYWHERE: tuple[Position, ...] = ("hidden", "output")


@technique
class L2(Technique, ActsOnLoss, ExportsPenalty, Shrinks):
    """Add λ·Σw² over all kernels to the loss, where λ is `strength`: Keras' convention.

    Four conventions are in use. Each has a constructor and a way back:

    | convention   | penalty       | gradient  | from                     | to                  |
    |--------------|---------------|-----------|--------------------------|---------------------|
    | Keras        | λ·Σw²         | 2λw       | `L2(λ)`                  | `.strength`         |
    | gradient λw  | λ/2·Σw²       | λw        | `L2.from_gradient(λ)`    | `.to_gradient()`    |
    | PyTorch      | λ/2·Σw²       | λw        | `L2.from_pytorch(λ)`     | `.to_pytorch()`     |
    | scikit-learn | α/(2n)·Σw²    | αw/n      | `L2.from_sklearn(α, n)`  | `.to_sklearn(n)`    |

    A fifth is that of the prior: the Gaussian of which the penalty is the negative logarithm,
    for n training rows. `L2.from_prior(deviation, n)` and `.to_prior(n)` convert.

    PyTorch's `weight_decay` is this penalty in `SGD` and `Adam`; its `AdamW` is
    `WeightDecay`. scikit-learn's is `alpha` of `MLPClassifier` and `MLPRegressor`,
    which divide by the number n of rows in the batch.

    Args:
        strength: λ ≥ 0, or a mapping for strengths that differ by layer. 0 changes
            nothing; 0.001 is light, 0.1 strong. Biases are left alone.

    Raises:
        RecipeError: a negative strength.

    >>> L2.from_pytorch(0.01)
    L2(strength=0.005)
    >>> L2(0.001).to_sklearn(rows=80)
    0.16

    When: weights grow large; a light one goes with nearly everything.
    Cost: no extra pass.
    Try: `l2=1e-3`

    Source: Krogh & Hertz, "A simple weight decay can improve generalization",
    NIPS 1991, equation 2.
    """

    strength: Strength = strength(smooth=True, meaning="the strength of a penalty")

    weights_only = True

    def penalty(self, forward: Forward) -> jax.Array:
        """λ·Σw², a scalar."""
        return sum_of_squares(self.strength, forward.weights, forward.kernels)

    def l1_l2(self, layer: str, position: Position) -> tuple[float, float]:
        """Keras' `L2(strength)`."""
        return 0.0, strength_at(self.strength, layer, position, EVERYWHERE) or 0.0

    def shrunk(self, kernels: Kernels) -> tuple[str, ...]:
        """All kernels on which the strength acts."""
        return tuple(path for path, _ in kernels_with(kernels, self.strength))

    @classmethod
    def from_gradient(cls, strength: Strength) -> L2:
        """From the convention whose gradient is λw."""
        return cls(converted(strength, lambda s: s / 2))

    @classmethod
    def from_pytorch(cls, weight_decay: Strength) -> L2:
        """From `weight_decay` of PyTorch's SGD and Adam, whose gradient is λw."""
        return cls.from_gradient(weight_decay)

    @classmethod
    def from_sklearn(cls, alpha: Strength, rows: int) -> L2:
        """From `alpha` of scikit-learn's MLP, whose penalty is α/(2n)·Σw² for n rows a batch."""
        return cls(converted(alpha, lambda a: a / (2 * rows)))

    def to_gradient(self) -> Strength:
        """λ of the convention whose gradient is λw."""
        return converted(self.strength, lambda s: 2 * s)

    def to_pytorch(self) -> Strength:
        """`weight_decay` for PyTorch's SGD and Adam."""
        return self.to_gradient()

    def to_sklearn(self, rows: int) -> Strength:
        """`alpha` for scikit-learn's MLP with batches of `rows` rows."""
        return converted(self.strength, lambda s: 2 * rows * s)

    @classmethod
    def from_prior(
        cls, deviation: Strength, rows: int, noise: float | None = None, outputs: int = 1
    ) -> L2:
        """From a Gaussian prior around 0 for each weight: the minimum is the posterior's mode.

        λ = 1/(2cs²), where c is what `likelihood_scale` makes of the last three arguments.

        Args:
            deviation: s > 0, the prior's standard deviation, or a mapping by layer.
            rows: training rows: all of them, not those of a batch.
            noise: the standard deviation of the targets' noise, for the mean squared error;
                None for cross-entropy.
            outputs: targets of a row that the loss is a mean over; 1 for one of many classes.

        Raises:
            RecipeError: an argument outside its range, or a schedule.

        >>> L2.from_prior(1.0, rows=100)
        L2(strength=0.005)
        """
        scale = likelihood_scale(rows, noise, outputs)
        return cls(converted(of_prior(deviation), lambda s: gaussian_strength(s, scale)))

    def to_prior(self, rows: int, noise: float | None = None, outputs: int = 1) -> Strength:
        """The standard deviation of the Gaussian prior that this penalty is; as `from_prior`."""
        scale = likelihood_scale(rows, noise, outputs)
        return converted(of_prior(self.strength), lambda s: gaussian_deviation(s, scale))


def sum_of_squares(strength: Strength, weights: Weights, kernels: Kernels) -> jax.Array:
    """λ·Σw² over the kernels on which `strength` acts."""
    total = jnp.zeros(())
    for path, value in kernels_with(kernels, strength):
        total = total + value * jnp.sum(jnp.square(weights[path]))
    return total


def converted(value: Strength, convert: Callable[[float], float]) -> Strength:
    """Apply a unit conversion to a strength, layer by layer where it differs by layer."""

    def one(number: Number) -> Number:
        return number.with_values(convert) if isinstance(number, Schedule) else convert(number)

    if isinstance(value, PerLayer):
        return PerLayer(value.patterns, tuple(map(one, value.values)))
    if isinstance(value, Mapping):
        return {where: one(v) for where, v in value.items()}
    return one(value)
