"""Techniques that standard Keras has too: how they stand in an exported model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from justright.regularizers.location import Site
from justright.regularizers.strength import Position

if TYPE_CHECKING:
    import keras


class ExportsLayer(ABC):
    """Has a standard Keras layer that does the same at a site."""

    @abstractmethod
    def keras_layer(self, site: Site) -> keras.layers.Layer | None:
        """The layer to stand at `site` in an exported model; None where it does not act."""


class ExportsPenalty(ABC):
    """Has a standard Keras regularizer with the same penalty."""

    @abstractmethod
    def l1_l2(self, layer: str, position: Position) -> tuple[float, float]:
        """Keras' `l1` and `l2` for the kernels of one layer."""


class ExportsConstraint(ABC):
    """Has a standard Keras constraint that does the same after each update."""

    @abstractmethod
    def keras_constraint(
        self, layer: str, position: Position, axes: tuple[int, ...]
    ) -> keras.constraints.Constraint | None:
        """The constraint for a kernel of one layer; None where it does not act.

        Args:
            layer: its name.
            position: where it stands in the network.
            axes: the kernel's axes over which a unit's norm is taken.
        """


class PredictsByMoments(ABC):
    """Predicts with weights that have a variance; standard Keras has no layer for that."""

    @abstractmethod
    def weight_variance(self, layer: str, position: Position) -> float | None:
        """The variance of a weight by its square; None where weights are taken as they are."""
