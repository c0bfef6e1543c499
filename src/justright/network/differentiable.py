"""A function whose derivative is 0 where the chain rule leaves no number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def with_finite_changes(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function; in forward mode, changes that are no finite numbers are none.

    The root of an optimizer's second moment has an infinite derivative at 0, as at the bias of
    a unit that no row wakes, and infinity times no change is not a number. Where the function
    itself is no finite number its changes stay as they are, so that diverging is not hidden.

    Args:
        function: of trees of arrays, to a tree of arrays.
    """
    wrapped = jax.custom_jvp(function)

    @wrapped.defjvp
    def rule(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
        values, changes = jax.jvp(function, primals, tangents)
        return values, jax.tree.map(_finite, values, changes)

    return wrapped


def _finite(value: jax.Array, change: jax.Array) -> jax.Array:
    if not jnp.issubdtype(value.dtype, jnp.inexact):
        return change
    return jnp.where(jnp.isfinite(change) | ~jnp.isfinite(value), change, 0)
