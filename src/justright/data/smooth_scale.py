"""Columns of numbers on one scale, whatever their tails."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

# Of a normal distribution: quartiles stand so many deviations apart.
_QUARTILES_APART = 1.3489795


class SmoothScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Center by the median, scale by the quartiles, and bend what is far out towards a limit.

    `z = (x - median) / ((q75 - q25) / 1.349)`, so a normal column has deviation 1, and then
    `z / sqrt(1 + (z / limit)²)`: nearly `z` near 0, never beyond `limit`. Of a column of which
    more than half has one value the quartiles coincide: half its range stands in.

    Args:
        limit: what no value exceeds, in deviations.

    Source: Holzmüller, Grinsztajn, Steinwart, "Better by Default: Strong Pre-Tuned MLPs and
    Boosted Trees on Tabular Data", 2024, section 3 (robust scaling and smooth clipping).
    """

    def __init__(self, limit: float = 3.0) -> None:
        self.limit = limit

    def fit(self, X: np.ndarray, y: object = None) -> SmoothScaler:
        """Read center and scale off rows (rows, columns) without missing values."""
        low, self.center_, high = np.percentile(X, [25, 50, 75], axis=0)
        quartiles = (high - low) / _QUARTILES_APART
        half = (X.max(axis=0) - X.min(axis=0)) / 2
        spread = np.where(quartiles > 0, quartiles, half)
        self.scale_ = np.where(spread > 0, spread, 1.0)
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Rows (rows, columns) of float64, between -limit and limit."""
        check_is_fitted(self)
        z = (X - self.center_) / self.scale_
        return z / np.sqrt(1 + np.square(z / self.limit))
