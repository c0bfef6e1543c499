"""Where the sliders of the playground can stand, and which places are trained first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from justright.regularizers.dropout import Dropout
from justright.regularizers.early_stopping import EarlyStopping
from justright.regularizers.l2 import L2
from justright.regularizers.recipe import Recipe

RATES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
LAMBDAS = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
WIDTHS = (2, 4, 8, 16, 32)
PATIENCE = 20


@dataclass(frozen=True, order=True)
class Place:
    """Where the sliders stand: positions in `RATES` and `LAMBDAS`."""

    rate: int
    strength: int

    @property
    def words(self) -> str:
        """What is trained there: `"dropout 0.3, λ 0.001"`."""
        return f"dropout {RATES[self.rate]:g}, λ {LAMBDAS[self.strength]:g}"

    def recipe(self, stopping: bool) -> Recipe:
        """What is trained there; the program is the same everywhere, stopping or not.

        Args:
            stopping: whether early stopping is part of it.
        """
        both = Dropout(RATES[self.rate]) + L2(LAMBDAS[self.strength])
        return both + EarlyStopping(PATIENCE) if stopping else both


PLACES = tuple(Place(i, j) for i in range(len(RATES)) for j in range(len(LAMBDAS)))


def neighborhood(center: Place, known: Collection[Place], most: int) -> list[Place]:
    """The places nearest to the sliders that are not known yet, nearest first.

    Args:
        center: where the sliders stand.
        known: what has been trained.
        most: at most so many.
    """

    def distance(place: Place) -> tuple[int, Place]:
        aside = place.rate - center.rate, place.strength - center.strength
        return aside[0] ** 2 + aside[1] ** 2, place

    return sorted((one for one in PLACES if one not in known), key=distance)[:most]
