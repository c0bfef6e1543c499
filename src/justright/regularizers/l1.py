"""L1: a penalty on the absolute weights that makes many of them exactly zero."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from justright.regularizers.exports import ExportsPenalty
from justright.regularizers.l2 import EVERYWHERE, converted
from justright.regularizers.location import Kernels, kernels_with
from justright.regularizers.places import ActsOnUpdate, Update, Weights
from justright.regularizers.prior import (
    laplace_spread,
    laplace_strength,
    likelihood_scale,
    of_prior,
)
from justright.regularizers.shrinkage import Gradient, Shrinks
from justright.regularizers.strength import Position, Strength, strength, strength_at
from justright.regularizers.technique import Technique, technique


@technique
class L1(Technique, ActsOnUpdate, ExportsPenalty, Shrinks):
    """Minimize the loss plus λ·Σ|w| over all kernels, where λ is `strength`, by proximal steps.

    After each update every weight moves towards zero by step × λ and stops
    there: w ← sign(w)·max(|w| − ηλ, 0). Weights become exactly zero, which the
    subgradient that Keras and PyTorch use never achieves. The step η is the
    optimizer's own for that weight (for Adam the learning rate over √v̂ + ε), so
    that the weights at rest are those that minimize the penalized loss: the mode of the
    posterior under a Laplace prior, to whose scale `from_prior` and `to_prior` convert.
    An average of weights (`EMA`, `SWA`, `Lookahead`) is zero where all that it averages are.

    Args:
        strength: λ ≥ 0, or a mapping for strengths that differ by layer. 0 changes
            nothing. Biases are left alone.

    Raises:
        RecipeError: a negative strength.
        ModelError: an optimizer whose step is not known (SGD, Adam, AdamW and
            RMSprop are).

    When: many weights or inputs are of no use, and the network should say which.
    Cost: no extra pass.
    Try: `l1=1e-3`

    Source: Tibshirani, "Regression shrinkage and selection via the lasso", 1996;
    the step: Parikh & Boyd, "Proximal algorithms", 2014, section 6.5.2; scaled for
    adaptive optimizers: Yun, Lozano, Yang, "Adaptive proximal gradient methods for
    structured neural networks", NeurIPS 2021, equation 4.
    """

    strength: Strength = strength(smooth=True, meaning="the strength of a penalty")

    makes_zeros = True

    def after_update(self, weights: Weights, update: Update) -> Weights:
        """The proximal step."""
        return shrink(self.strength, weights, update)

    def penalty_value(self, weights: Weights, kernels: Kernels) -> jax.Array:
        """λ·Σ|w|, a scalar."""
        return sum_of_absolutes(self.strength, weights, kernels)

    def l1_l2(self, layer: str, position: Position) -> tuple[float, float]:
        """Keras' `L1(strength)`, whose subgradient keeps small weights instead of zeros."""
        return strength_at(self.strength, layer, position, EVERYWHERE) or 0.0, 0.0

    def shrunk(self, kernels: Kernels) -> tuple[str, ...]:
        """All kernels on which the strength acts."""
        return tuple(path for path, _ in kernels_with(kernels, self.strength))

    def zero_from(self, field: str, gradient: Gradient, kernels: Kernels) -> float:
        """max|∂loss/∂w|: from there on zero is where the penalized loss rests."""
        return largest_entry(gradient, self.shrunk(kernels))

    @classmethod
    def from_prior(
        cls, spread: Strength, rows: int, noise: float | None = None, outputs: int = 1
    ) -> L1:
        """From a Laplace prior exp(−|w|/b)/(2b) for each weight: the minimum is its mode.

        λ = 1/(cb), where c is what `likelihood_scale` makes of the last three arguments.

        Args:
            spread: b > 0, or a mapping by layer; the prior's standard deviation is b·√2.
            rows: training rows: all of them, not those of a batch.
            noise: the standard deviation of the targets' noise, for the mean squared error;
                None for cross-entropy.
            outputs: targets of a row that the loss is a mean over; 1 for one of many classes.

        Raises:
            RecipeError: an argument outside its range, or a schedule.

        >>> L1.from_prior(1.0, rows=100)
        L1(strength=0.01)
        """
        scale = likelihood_scale(rows, noise, outputs)
        return cls(converted(of_prior(spread), lambda b: laplace_strength(b, scale)))

    def to_prior(self, rows: int, noise: float | None = None, outputs: int = 1) -> Strength:
        """The scale b of the Laplace prior that this penalty is; as `from_prior`."""
        scale = likelihood_scale(rows, noise, outputs)
        return converted(of_prior(self.strength), lambda s: laplace_spread(s, scale))


def largest_entry(gradient: Gradient, paths: tuple[str, ...]) -> float:
    """The largest absolute entry of some gradients."""
    return max(float(np.abs(gradient[path]).max()) for path in paths)


def shrink(strength: Strength, weights: Weights, update: Update) -> Weights:
    """Soft-threshold the kernels on which `strength` acts, by its product with their step size."""
    shrunk = dict(weights)
    for path, value in kernels_with(update.kernels, strength):
        shrunk[path] = soft_threshold(weights[path], value * update.step_size(path))
    return shrunk


def soft_threshold(w: jax.Array, threshold: jax.Array | float) -> jax.Array:
    """sign(w)·max(|w| − threshold, 0); at threshold 0 it returns `w` to the bit."""
    return w - jnp.clip(w, -threshold, threshold)


def sum_of_absolutes(strength: Strength, weights: Weights, kernels: Kernels) -> jax.Array:
    """λ·Σ|w| over the kernels on which `strength` acts."""
    total = jnp.zeros(())
    for path, value in kernels_with(kernels, strength):
        total = total + value * jnp.sum(jnp.abs(weights[path]))
    return total
