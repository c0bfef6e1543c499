"""Adam's update as Keras has it, with one division a weight and no square root.

On a CPU the square root and the division are most of what Adam costs beyond
reading and writing its state. √v is v·(1/√v), and processors estimate 1/√v
quickly; what comes out differs from Keras by rounding.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import keras

# Where v leaves these bounds, the root of the bound stands in for it: below, ε outweighs it.
_SMALLEST, _LARGEST = 1e-37, 3e38
_LEAST_EPSILON = 1e-12


def is_plain_adam(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether an optimizer is Adam and nothing besides: no decay, clipping, averages, constraints.

    Args:
        optimizer: built.
    """
    return (
        type(optimizer) is keras.optimizers.Adam
        and not optimizer.amsgrad
        and optimizer.epsilon >= _LEAST_EPSILON
        and not optimizer.use_ema
        and not optimizer.gradient_accumulation_steps
        and optimizer.weight_decay is None
        and optimizer.clipnorm is None
        and optimizer.clipvalue is None
        and optimizer.global_clipnorm is None
        and optimizer.loss_scale_factor is None
        and all(v.constraint is None for v in optimizer._trainable_variables)
    )


def step_length(
    optimizer: keras.optimizers.Adam, iterations: jax.Array, rate: jax.Array
) -> jax.Array:
    """η√(1 − β₂ᵗ)/(1 − β₁ᵗ), t counted from 1."""
    t = (iterations + 1).astype(jnp.float32)
    return rate * jnp.sqrt(1 - jnp.power(optimizer.beta_2, t)) / (1 - optimizer.beta_1**t)


def adam_step(
    optimizer: keras.optimizers.Adam,
    length: jax.Array,
    gradient: jax.Array,
    weight: jax.Array,
    moments: tuple[jax.Array, jax.Array],
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """One weight array after a step, and its new moments.

    Args:
        optimizer: gives β₁, β₂ and ε.
        length: of `step_length`.
        gradient, weight: of one shape.
        moments: m and v, of that shape.

    Source: Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015,
    the order of computation at the end of section 2.
    """
    m, v = moments
    m = m + (gradient - m) * (1 - optimizer.beta_1)
    v = v + (jnp.square(gradient) - v) * (1 - optimizer.beta_2)
    return weight - m * length / (_root(v) + optimizer.epsilon), (m, v)


@jax.custom_jvp
def _root(v: jax.Array) -> jax.Array:
    return v * jax.lax.rsqrt(jnp.clip(v, _SMALLEST, _LARGEST))


@_root.defjvp
def _root_and_change(
    primals: tuple[jax.Array], tangents: tuple[jax.Array]
) -> tuple[jax.Array, jax.Array]:
    """√v and what v's change makes of it: none where v is 0.

    By the chain rule (1/√v)' is infinite there, as at the bias of a unit that no row wakes, and
    infinity times no change is not a number.
    """
    (v,), (change,) = primals, tangents
    return _root(v), 0.5 * change * jax.lax.rsqrt(jnp.clip(v, _SMALLEST, _LARGEST))
