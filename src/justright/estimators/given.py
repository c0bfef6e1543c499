"""The rows that a fit is given, without those that count nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from justright.data.preparation import taken
from justright.data.splits import checked_groups
from justright.data.weights import checked_weights


@dataclass(frozen=True)
class Given:
    """What counts of the rows that are given.

    Attributes:
        X: (rows, …) an array or a frame.
        y: (rows, …) targets.
        weights: (rows,) what each row counts, above 0; None if all count alike.
        groups: (rows,) of whole numbers, what is never on two sides; or None.
        count: how many rows were given.
        positions: (rows,) of these among them.
    """

    X: Any
    y: np.ndarray
    weights: np.ndarray | None
    groups: np.ndarray | None
    count: int
    positions: np.ndarray

    @classmethod
    def of(cls, X: Any, y: np.ndarray, sample_weight: Any, groups: Any) -> Given:
        """Leave out the rows of weight 0.

        Raises:
            DataError: weights or groups that are not one a row, or no weight above 0.
        """
        count = len(y)
        weights, named = checked_weights(sample_weight, count), checked_groups(groups, count)
        positions = np.arange(count)
        if weights is not None and not weights.all():
            positions = np.flatnonzero(weights)
            X, y, weights = taken(X, positions), y[positions], weights[positions]
            named = None if named is None else named[positions]
        return cls(X, y, weights, named, count, positions)

    def whole(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs for these rows as outputs for all that were given; NaN for the others."""
        full = np.full((self.count, *outputs.shape[1:]), np.nan)
        full[self.positions] = outputs
        return full
