"""Derivatives of a network's outputs by one kernel, and the products that a curvature is made of.

Of a dense layer each is an outer product: of what the layer reads, and of the derivative by
what it gives. Kept so, all products but one cost the sum of its sides instead of their product.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np


class Derivatives(ABC):
    """Of some outputs by one kernel: matrices M (inputs, units), one for each output."""

    @abstractmethod
    def rows(self) -> np.ndarray:
        """The matrices made flat, (outputs, inputs · units)."""

    @abstractmethod
    def over_inputs(self) -> np.ndarray:
        """ΣMMᵀ, (inputs, inputs)."""

    @abstractmethod
    def over_units(self) -> np.ndarray:
        """ΣMᵀM, (units, units)."""

    @abstractmethod
    def squares(self) -> np.ndarray:
        """The sum of the squares of each element, (inputs, units)."""

    @abstractmethod
    def products(self) -> np.ndarray:
        """The inner products of all pairs of matrices, (outputs, outputs)."""

    @abstractmethod
    def along(self, direction: np.ndarray) -> np.ndarray:
        """The inner products with a matrix (inputs, units), (outputs,)."""

    @classmethod
    @abstractmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Those of several parts."""


@dataclass(frozen=True)
class Whole(Derivatives):
    """Of any kernel.

    Attributes:
        matrices: (outputs, inputs, units).
    """

    matrices: np.ndarray

    def rows(self) -> np.ndarray:
        """As they are."""
        return self.matrices.reshape(len(self.matrices), -1)

    def over_inputs(self) -> np.ndarray:
        """A product of matrices with all outputs side by side."""
        flat = self.matrices.transpose(1, 0, 2).reshape(self.matrices.shape[1], -1)
        return flat @ flat.T

    def over_units(self) -> np.ndarray:
        """The same, on the other side."""
        flat = self.matrices.reshape(-1, self.matrices.shape[2])
        return flat.T @ flat

    def squares(self) -> np.ndarray:
        """Element by element."""
        total: np.ndarray = np.square(self.matrices).sum(axis=0)
        return total

    def products(self) -> np.ndarray:
        """Of the rows."""
        flat = self.rows()
        return flat @ flat.T

    def along(self, direction: np.ndarray) -> np.ndarray:
        """Of the rows."""
        return self.rows() @ direction.ravel()

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """One behind the other."""
        return cls(np.concatenate([part.matrices for part in parts]))


@dataclass(frozen=True)
class Outer(Derivatives):
    """Of the kernel of a dense layer that is used once: M = a·gᵀ.

    Attributes:
        read: a, (outputs, inputs).
        given: g, (outputs, units).
    """

    read: np.ndarray
    given: np.ndarray

    def rows(self) -> np.ndarray:
        """The products, element by element."""
        return (self.read[:, :, None] * self.given[:, None, :]).reshape(len(self.read), -1)

    def over_inputs(self) -> np.ndarray:
        """Σ|g|²·aaᵀ."""
        weighed = self.read * np.square(self.given).sum(axis=1)[:, None]
        return self.read.T @ weighed

    def over_units(self) -> np.ndarray:
        """Σ|a|²·ggᵀ."""
        weighed = self.given * np.square(self.read).sum(axis=1)[:, None]
        return self.given.T @ weighed

    def squares(self) -> np.ndarray:
        """The product of the squares."""
        return np.square(self.read).T @ np.square(self.given)

    def products(self) -> np.ndarray:
        """(aᵀa′)·(gᵀg′)."""
        return (self.read @ self.read.T) * (self.given @ self.given.T)

    def along(self, direction: np.ndarray) -> np.ndarray:
        """aᵀDg."""
        total: np.ndarray = ((self.read @ direction) * self.given).sum(axis=1)
        return total

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """One behind the other."""
        return cls(
            np.concatenate([part.read for part in parts]),
            np.concatenate([part.given for part in parts]),
        )
