"""Sites and branches: the points in a network at which a recipe may change activations.

At each is a Keras layer that passes its input on, unless a forward pass is run
under `acting`, which says what to do there. The scope is how Keras' own
stateless calls work: a layer inside a compiled model takes no extra arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import keras

from justright.regularizers.branches import Branch
from justright.regularizers.learned import site_name
from justright.regularizers.location import Site

Activate = Callable[[jax.Array, Site], jax.Array]
Weigh = Callable[[jax.Array, Branch], jax.Array]


@dataclass(frozen=True)
class _Acting:
    activate: Activate | None
    weigh: Weigh | None
    row_mask: jax.Array | None


_NOTHING = _Acting(None, None, None)
_acting: ContextVar[_Acting] = ContextVar("acting", default=_NOTHING)


@contextmanager
def acting(
    activate: Activate | None, weigh: Weigh | None, row_mask: jax.Array | None
) -> Iterator[None]:
    """Within the block, apply `activate` at every site and count only rows in `row_mask`.

    Args:
        activate: what to do with the activations (rows, …, units) at a site, or None.
        weigh: what to do with the activations (rows, …, units) of a branch, or None.
        row_mask: which rows are real (rows,) of bool; None if all are.
    """
    token = _acting.set(_Acting(activate, weigh, row_mask))
    try:
        yield
    finally:
        _acting.reset(token)


class SiteLayer(keras.layers.Layer):
    """The identity, or what the surrounding `acting` block says.

    Args:
        site: where it stands.
        numbers: what techniques train here, by name, and where it starts.
    """

    def __init__(self, site: Site, numbers: Mapping[str, float]) -> None:
        super().__init__(name=site_name(site))
        self.site = site
        self._numbers = dict(numbers)
        self.supports_masking = True

    def build(self, _: tuple[int | None, ...]) -> None:
        """Make the trained numbers."""
        for name, start in self._numbers.items():
            self.add_weight(name=name, shape=(), initializer=keras.initializers.Constant(start))

    def call(self, x: jax.Array) -> jax.Array:
        """Pass `x` (rows, …, units) on."""
        activate = _acting.get().activate
        return x if activate is None else activate(x, self.site)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape does not change."""
        return shape


class BranchLayer(keras.layers.Layer):
    """The identity, or what the surrounding `acting` block says of a branch."""

    def __init__(self, branch: Branch) -> None:
        layer = branch.layer.replace("/", "_")
        super().__init__(name=f"branch_{branch.block}_{branch.number}_{layer}")
        self.branch = branch
        self.supports_masking = True

    def call(self, x: jax.Array) -> jax.Array:
        """Pass `x` (rows, …, units) on."""
        weigh = _acting.get().weigh
        return x if weigh is None else weigh(x, self.branch)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape does not change."""
        return shape


class RowwiseBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization whose statistics leave out rows that only fill up a last batch."""

    def call(
        self, inputs: jax.Array, training: bool | None = None, mask: jax.Array | None = None
    ) -> jax.Array:
        """As in Keras; the surrounding `acting` block says which rows are real."""
        rows = _acting.get().row_mask
        if rows is not None and training:
            shape = rows.shape + (1,) * (inputs.ndim - 2)
            real = jnp.broadcast_to(rows.reshape(shape), inputs.shape[:-1])
            mask = real if mask is None else jnp.logical_and(mask, real)
        return super().call(inputs, training=training, mask=mask)
