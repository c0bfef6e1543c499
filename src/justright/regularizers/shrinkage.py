"""Techniques that pull weights to zero: they have a path from all weights to none."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np

from justright.regularizers.location import Kernels

Gradient = Mapping[str, np.ndarray]


class Shrinks(ABC):
    """Pulls kernels to zero, the more the stronger it is."""

    @abstractmethod
    def shrunk(self, kernels: Kernels) -> tuple[str, ...]:
        """The paths of the kernels that it acts on."""

    def zero_from(self, field: str, gradient: Gradient, kernels: Kernels) -> float | None:
        """The least strength at which its kernels stay zero, once they are.

        Args:
            field: the strength in question.
            gradient: of the data loss where these kernels are zero, by path.
            kernels: of the network.

        Returns:
            That strength; None for a penalty that pulls small weights too little to hold any
            at zero.
        """
        return None
