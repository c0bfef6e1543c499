"""Columns with mean 0 and deviation 1, from rows that come piece by piece."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scale:
    """What standardizes columns; mean and deviation are (…) of float64, a row each."""

    mean: np.ndarray
    deviation: np.ndarray

    def applied(self, X: np.ndarray) -> np.ndarray:
        """Standardized rows (rows, …) of float32; a constant column becomes 0."""
        return ((X - self.mean) / self.deviation).astype(np.float32)


class Moments:
    """Mean and deviation of rows, added up in float64 by the formula of Chan et al. (1979)."""

    def __init__(self) -> None:
        self._count = 0
        self._mean: np.ndarray = np.zeros(())
        self._squares: np.ndarray = np.zeros(())

    def add(self, X: np.ndarray) -> None:
        """Take further rows into account; none change nothing."""
        if not len(X):
            return
        count = self._count + len(X)
        mean = X.mean(axis=0, dtype=np.float64)
        away = mean - self._mean
        squares = np.square(X - mean).sum(axis=0)
        self._squares = self._squares + squares + away**2 * (self._count * len(X) / count)
        self._mean = self._mean + away * (len(X) / count)
        self._count = count

    def scale(self) -> Scale:
        """What standardizes the rows so far."""
        deviation = np.sqrt(self._squares / max(self._count, 1))
        # Rounding leaves a trace of deviation in a column that is constant.
        constant = deviation <= 1e-12 * np.abs(self._mean)
        return Scale(self._mean, np.where(constant, 1.0, deviation))
