"""A regularized network that predicts numbers, as a scikit-learn regressor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from justright.data.preparation import taken
from justright.data.weights import checked_weights
from justright.estimators.base import Regularized
from justright.estimators.scoring import GivenNumbers, scored
from justright.estimators.units import Units


class RegularizedRegressor(RegressorMixin, Regularized):
    """A network that is regularized just right, as a scikit-learn regressor."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Find the recipe and train the network."""
        rows, y = self._checked(X, y, multi_output=True, y_numeric=True)
        y = np.asarray(y, np.float64)
        own = checked_weights(sample_weight, len(y))
        if own is not None and not own.all():
            counting = np.flatnonzero(own)
            rows, y, own = taken(rows, counting), y[counting], own[counting]
        self._flat = y.ndim == 1
        seed = self._seed()
        split = self._divided(y, seed)
        units = Units.of(y[split.train])

        def score(name: str, at: np.ndarray, outputs: np.ndarray) -> float:
            return self._score(name, units.back(outputs), y[at], None if own is None else own[at])

        found = self._solve(rows, units.standard(y), split, own, seed, score)
        judged = units.back(found.judged)
        self._adopt(replace(found, model=units.appended(found.model)))
        train, held = (
            self._score("r2", judged[at], y[at], None if own is None else own[at])
            for at in (split.train, split.validation)
        )
        self.gap_ = train - held
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Values (rows,), or (rows, outputs) of several targets."""
        check_is_fitted(self)
        values = self._predicted(X)
        return values[:, 0] if self._flat else values

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn's checks and its meta-estimators ask of the estimator."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _score(
        self, name: str, values: np.ndarray, y: np.ndarray, weights: np.ndarray | None
    ) -> float:
        return scored(name, GivenNumbers(), values[:, 0] if self._flat else values, y, weights)
