"""Columns of numbers on one scale, whatever their tails."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

_FAR = 10


class SmoothScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Standardize, and bend what is far out towards a limit.

    `z = (x - mean) / deviation`, then `z / sqrt(1 + (z / limit)²)`: nearly `z` near 0, never beyond
    `limit`. Mean and deviation are those of the values after each that lies further from the
    middle half than ten times its width was moved there, so that one absurd value does not make
    all others alike.

    Args:
        limit: what no value exceeds, in deviations.

    Source: the bend is that of Holzmüller, Grinsztajn, Steinwart, "Better by Default: Strong
    Pre-Tuned MLPs and Boosted Trees on Tabular Data", 2024, section 3.
    """

    def __init__(self, limit: float = 3.0) -> None:
        self.limit = limit

    def fit(self, X: np.ndarray, y: object = None) -> SmoothScaler:
        """Read mean and deviation off rows (rows, columns) without missing values."""
        low, high = np.percentile(X, [25, 75], axis=0)
        # Where more than half is one value, there is no width to measure by.
        reach = np.where(high > low, _FAR * (high - low), np.inf)
        self.scaler_ = StandardScaler().fit(np.clip(X, low - reach, high + reach))
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Rows (rows, columns) of float64, between -limit and limit."""
        check_is_fitted(self)
        z = self.scaler_.transform(X)
        return z / np.sqrt(1 + np.square(z / self.limit))
