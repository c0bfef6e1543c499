"""Group lasso on the inputs: switch whole input features off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from justright.errors import RecipeError
from justright.regularizers.l2 import EVERYWHERE
from justright.regularizers.location import Kernels, kernels_with
from justright.regularizers.places import ActsOnUpdate, Update, Weights
from justright.regularizers.shrinkage import Gradient, Shrinks
from justright.regularizers.strength import Strength, strength
from justright.regularizers.technique import Technique, technique

_ITERATIONS = 12  # Of Newton's method, from below; with equal steps one is exact.
_TINY = 1e-20


@technique
class GroupLasso(Technique, ActsOnUpdate, Shrinks):
    """Minimize the loss plus λ·Σⱼ‖wⱼ‖₂, where wⱼ is all that leaves input feature j.

    All weights from a feature into the first layer are one group, and become zero
    together: a network of any depth that ignores features. As with `L1`, the
    penalty acts by proximal steps scaled by the optimizer's own step for each
    weight, so zeros are exact and the resting point is the penalized minimum.
    Groups have one size, so λ is not multiplied by its root. In a convolution a
    group is an input channel. `L1` before it in a recipe makes the sparse group lasso's
    step. An average of weights (`EMA`, `SWA`, `Lookahead`) is zero where all that it
    averages are.

    Args:
        strength: λ ≥ 0, or a mapping by layer for networks with several first layers.
            0 changes nothing. Features should be of one scale.

    Raises:
        RecipeError: a negative λ, or a network whose input reaches no dense,
            convolutional or recurrent layer.
        ModelError: an optimizer whose step is not known (SGD, Adam, AdamW and
            RMSprop are).

    When: there are many inputs, and the network should do without most of them.
    Cost: no extra pass.
    Try: `group_lasso=1e-2`

    Source: Yuan & Lin, "Model selection and estimation in regression with grouped
    variables", JRSS B 68, 2006, equation 2.1; on a network's inputs: Scardapane,
    Comminiello, Hussain, Uncini, "Group sparse regularization for deep neural
    networks", Neurocomputing 241, 2017, section 3.1; the step: as `L1`'s.
    """

    strength: Strength = strength(smooth=True, meaning="the strength of a penalty")

    makes_zeros = True

    def after_update(self, weights: Weights, update: Update) -> Weights:
        """The proximal step of each group."""
        shrunk = dict(weights)
        for path, value in self._first(update.kernels):
            w = weights[path]
            step = jnp.broadcast_to(value * update.step_size(path), w.shape)
            shrunk[path] = shrink_groups(w, step, _outgoing(w))
        return shrunk

    def penalty_value(self, weights: Weights, kernels: Kernels) -> jax.Array:
        """λ·Σⱼ‖wⱼ‖, a scalar."""
        total = jnp.zeros(())
        for path, value in self._first(kernels):
            w = weights[path]
            norms = jnp.sqrt(jnp.sum(jnp.square(w), axis=_outgoing(w)))
            total = total + value * jnp.sum(norms)
        return total

    def shrunk(self, kernels: Kernels) -> tuple[str, ...]:
        """The kernels that read the network's input."""
        return tuple(path for path, _ in self._first(kernels))

    def zero_from(self, field: str, gradient: Gradient, kernels: Kernels) -> float:
        """maxⱼ‖∂loss/∂wⱼ‖₂ over the groups: Yuan & Lin 2006, proposition 1."""
        norms = []
        for path in self.shrunk(kernels):
            squares = np.square(gradient[path], dtype=float)
            norms.append(np.sqrt(squares.sum(axis=_outgoing(squares))).max())
        return float(max(norms))

    def _first(self, kernels: Kernels) -> Iterator[tuple[str, Any]]:
        reading = tuple(k for k in kernels if k.reads_input)
        found = tuple(kernels_with(reading, self.strength, EVERYWHERE))
        if not found:
            raise RecipeError(
                "GroupLasso finds no dense, convolutional or recurrent layer that reads the "
                "network's input. Name such a layer, or take it out of the recipe."
            )
        return iter(found)


def shrink_groups(w: jax.Array, step: jax.Array, axes: tuple[int, ...]) -> jax.Array:
    """The minimizer z of ½·Σ(z − w)²/step + ‖z‖₂ for each group, which lies along `axes`.

    z = w·r/(r + step), where its norm r solves Σw²/(r + step)² = 1; zero if Σ(w/step)² ≤ 1. At
    step 0 it is `w` to the bit.
    """

    def total(x: jax.Array) -> jax.Array:
        return jnp.sum(x, axis=axes, keepdims=True)

    alive = total(jnp.square(w / jnp.maximum(step, _TINY))) > 1
    squares = jnp.square(w)
    r = jnp.maximum(jnp.sqrt(total(squares)) - jnp.max(step, axis=axes, keepdims=True), 0)
    # 1/√Σ is concave in r and linear for equal steps: Newton's steps from below never overshoot.
    for _ in range(_ITERATIONS):
        inverse = 1 / jnp.maximum(r + step, _TINY)
        s = total(squares * jnp.square(inverse))
        slope = jnp.maximum(total(squares * inverse**3), _TINY)
        r = r + jnp.where(alive, (jnp.sqrt(s) - 1) * s / slope, 0)
    # Not w·r/(r + step): a compiler that multiplies by reciprocals would miss 1 at step 0.
    return jnp.where(alive, w - w * (step / jnp.maximum(r + step, _TINY)), 0)


def _outgoing(kernel: jax.Array | np.ndarray) -> tuple[int, ...]:
    """All axes but that of the inputs, the last but one."""
    return tuple(axis for axis in range(kernel.ndim) if axis != kernel.ndim - 2)
