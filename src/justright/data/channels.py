"""Pictures and signals on a scale that a network learns well from."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from justright.data.arrays import checked_inputs
from justright.errors import DataError

# Dimensions of pictures without one for channels.
_GRAY = 3


class PixelScaler(TransformerMixin, BaseEstimator):
    """Pixels of 0 to 255 as numbers from 0 to 1, gray ones with a channel; nothing is fitted."""

    def fit(self, X: Any, y: object = None) -> PixelScaler:
        """There is nothing to read off rows."""
        return self

    def transform(self, X: Any) -> np.ndarray:
        """A 255th of X (rows, height, width[, channels]), (rows, height, width, channels)."""
        rows = np.asarray(X, np.float32) / np.float32(255)
        return rows[..., None] if rows.ndim == _GRAY else rows

    def __sklearn_is_fitted__(self) -> bool:
        return True


class ChannelScaler(TransformerMixin, BaseEstimator):
    """Each channel, the last dimension, with mean 0 and deviation 1 over all rows and places.

    Of a table, (rows, columns), this is what scikit-learn's StandardScaler does.
    """

    def fit(self, X: Any, y: object = None) -> ChannelScaler:
        """Read mean and deviation of each channel off rows (rows, …, channels)."""
        rows = self._rows(X)
        self.scaler_ = StandardScaler().fit(rows.reshape(-1, rows.shape[-1]))
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Rows (rows, …, channels) of float64."""
        check_is_fitted(self)
        rows = self._rows(X)
        if rows.shape[-1] != self.scaler_.n_features_in_:
            raise DataError(
                f"X has {rows.shape[-1]} channels, and {self.scaler_.n_features_in_} were given to "
                "train."
            )
        return self.scaler_.transform(rows.reshape(-1, rows.shape[-1])).reshape(rows.shape)

    @staticmethod
    def _rows(X: Any) -> np.ndarray:
        return checked_inputs(X).astype(np.float64)
