"""A regularized network that predicts numbers, as a scikit-learn regressor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from justright.estimators.base import Regularized
from justright.estimators.given import Given
from justright.estimators.problem import with_outputs
from justright.estimators.scoring import GivenNumbers, scored
from justright.estimators.units import Units


class RegularizedRegressor(RegressorMixin, Regularized):
    """A network that is regularized just right, as a scikit-learn regressor.

    `fit(X, y)` finds networks as `RegularizedClassifier` does. Targets are standardized by the rows
    that train, and predictions put back. By default it minimizes the squared error and chooses by
    it; `optimized_` says what a fit has optimized.

    Args:
        recipe, network, hidden, space, budget, epochs, batch_size, optimizer, learning_rate,
            validation, refit, preprocess, random_state, progress: as of
            `RegularizedClassifier`.
        loss: as in `compare`, of standardized targets; mean squared error if None.
        objective: by what recipes are chosen: None, or the name of one of scikit-learn's
            scores, such as `"r2"`, `"neg_median_absolute_error"`.

    Attributes:
        n_features_in_, feature_names_in_, recipe_, study_, optimized_, notes_, preprocess_: as
            of `RegularizedClassifier`.
        model_: plain Keras; it predicts in the targets' units (a `Rescaling` stands at its end),
            from rows as `prepared(X)` gives them.
        gap_: R² on training rows less that on held-out rows, before a refit. Positive:
            overfitting.
        held_out_: (rows,) or (rows, outputs) values for the rows of `fit` by networks that were not
            trained on them; NaN where there are none.
        history_: one row an epoch of that training, as `Study.curves`; of standardized targets.

    Raises:
        DataError: rows, targets, weights or parameters that cannot be used.
        ModelError: a network that does not fit.
        RecipeError: a recipe or a space that is not valid.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Find the recipe and train the network.

        Args:
            X: as of `RegularizedClassifier`.
            y: (rows,) of numbers, or (rows, outputs).
            sample_weight: (rows,) by what each row's loss is multiplied; rows of weight 0 are
                left out.
            groups: as of `RegularizedClassifier`.
        """
        rows, numbers = self._checked(X, y, multi_output=True, y_numeric=True)
        given = Given.of(rows, np.asarray(numbers, np.float64), sample_weight, groups)
        y, own = given.y, given.weights
        self._flat = y.ndim == 1
        seed = self._seed()
        split = self._divided(given, y, seed)
        units = Units.of(y if split is None else y[split.train])

        def score(name: str, at: np.ndarray, outputs: np.ndarray) -> float:
            return self._score(name, units.back(outputs), y[at], None if own is None else own[at])

        found = self._solve(given, units.standard(y), split, own, seed, score)
        self._adopt(replace(found, model=units.appended(found.model)), own is not None)
        held = given.whole(units.back(found.unseen))
        self.held_out_ = held[:, 0] if self._flat else held
        train, unseen = (
            score("r2", at, outputs[at])
            for outputs in (found.seen, found.unseen)
            for at in [with_outputs(outputs)]
        )
        self.gap_ = train - unseen
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Values (rows,), or (rows, outputs) of several targets."""
        check_is_fitted(self)
        values = self._predicted(X)
        return values[:, 0] if self._flat else values

    def _gap_in_words(self) -> str:
        return f"{self.gap_:.2f} of R² between training and validation rows"

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn's checks and its meta-estimators ask of the estimator."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _score(
        self, name: str, values: np.ndarray, y: np.ndarray, weights: np.ndarray | None
    ) -> float:
        return scored(name, GivenNumbers(), values[:, 0] if self._flat else values, y, weights)
