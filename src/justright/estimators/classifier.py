"""A regularized network that tells classes apart, as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, column_or_1d

from justright.data.preparation import taken
from justright.data.weights import checked_weights
from justright.errors import DataError
from justright.estimators.base import Regularized
from justright.estimators.calibration import calibration_of, calibration_of_labels
from justright.estimators.scoring import GivenClasses, checked_name, scored
from justright.estimators.strategy import Solution
from justright.estimators.table import AUTO
from justright.estimators.thresholds import decided, tuned

TUNED = "tuned"
TUNED_BY = "balanced_accuracy"


class RegularizedClassifier(ClassifierMixin, Regularized):
    """A network that is regularized just right, as a scikit-learn classifier."""

    def __init__(
        self,
        recipe: Any = None,
        *,
        network: Any = None,
        hidden: Any = None,
        space: Any = None,
        budget: Any = 60,
        epochs: int = 100,
        batch_size: int | None = None,
        optimizer: Any = None,
        learning_rate: float | None = None,
        loss: Any = None,
        objective: str | None = None,
        validation: float = 0.2,
        refit: bool = True,
        preprocess: Any = AUTO,
        class_weight: Any = None,
        threshold: Any = None,
        random_state: Any = 0,
        progress: bool | None = False,
    ) -> None:
        super().__init__(
            recipe,
            network=network,
            hidden=hidden,
            space=space,
            budget=budget,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            learning_rate=learning_rate,
            loss=loss,
            objective=objective,
            validation=validation,
            refit=refit,
            preprocess=preprocess,
            random_state=random_state,
            progress=progress,
        )
        self.class_weight = class_weight
        self.threshold = threshold

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Find the recipe and train the network."""
        rows, y = self._checked(X, y, multi_output=True)
        y = self._labels(y)
        own = checked_weights(sample_weight, len(y))
        if own is not None and not own.all():
            counting = np.flatnonzero(own)
            rows, y, own = taken(rows, counting), y[counting], own[counting]
        self.classes_, codes = self._encoded(y)
        weights = self._weighted(codes, own)
        seed = self._seed()
        split = self._divided(codes, seed)
        usual = self._usual()

        def score(name: str, at: np.ndarray, outputs: np.ndarray) -> float:
            p = self._probabilities(outputs)
            return self._score(name, p, y[at], None if own is None else own[at], usual)

        found = self._solve(rows, codes, split, weights, seed, score)
        self._adopt(found)
        self._judge(found, y, own)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (rows, classes) in the order of `classes_`; (rows, labels) of several."""
        check_is_fitted(self)
        return self._probabilities(self._predicted(X))

    def predict(self, X: Any) -> np.ndarray:
        """Classes (rows,); of several labels a row, (rows, labels) of 0 and 1."""
        probabilities = self.predict_proba(X)
        return self._decide(probabilities, self.thresholds_)

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn's checks and its meta-estimators ask of the estimator."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _labels(self, y: np.ndarray) -> np.ndarray:
        """Targets as (rows,) of labels, or (rows, labels) of 0 and 1."""
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        kind = type_of_target(y)
        if kind == "multiclass-multioutput":
            raise DataError(
                "y has several columns of classes. Give one column, or one column of 0 and 1 for "
                "each label; for several targets use sklearn.multioutput.MultiOutputClassifier."
            )
        self._several = kind == "multilabel-indicator"
        return y.astype(int) if self._several else np.ravel(y)

    def _encoded(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Classes, and targets as a strategy takes them."""
        if self._several:
            return np.arange(y.shape[1]), y
        classes, codes = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise DataError(
                f"y holds one class only ({classes[0]}); there is nothing to tell apart. Check y, "
                "or the rows' weights: rows of weight 0 do not count."
            )
        # Text, so that they are classes however many there are; in the order of the numbers.
        return classes, np.char.zfill(codes.astype(str), len(str(len(classes))))

    def _weighted(self, codes: np.ndarray, own: np.ndarray | None) -> np.ndarray | None:
        """What each row counts: its own weight by its class's; None if all count alike."""
        given = self.class_weight
        if given is None:
            return own
        if self._several:
            raise DataError("class_weight wants one class a row, and y has several labels a row.")
        if isinstance(given, str) and given != "balanced":
            raise DataError(f"class_weight={given!r}: give 'balanced', a mapping, or None.")
        if isinstance(given, Mapping) and (odd := set(given) - set(self.classes_.tolist())):
            raise DataError(f"class_weight names classes that y does not hold: {sorted(odd)}.")
        labels = self.classes_[codes.astype(int)]
        by_class = compute_class_weight(given, classes=self.classes_, y=labels)
        weights = by_class[codes.astype(int)] * (1 if own is None else own)
        return checked_weights(weights, len(codes), "class_weight")

    def _probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Probabilities that add up to 1, one column a class."""
        if self._several:
            return outputs
        if outputs.shape[1] == 1:
            return np.column_stack([1 - outputs, outputs])
        summed: np.ndarray = outputs / outputs.sum(axis=1, keepdims=True)
        return summed

    def _decide(self, probabilities: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
        found = decided(probabilities, thresholds, self._several)
        return found if self._several else self.classes_[found]

    def _usual(self) -> np.ndarray:
        count = len(self.classes_)
        return np.full(count, 0.5 if self._several else 1 / count)

    def _score(
        self,
        name: str,
        probabilities: np.ndarray,
        y: np.ndarray,
        weights: np.ndarray | None,
        thresholds: np.ndarray,
    ) -> float:
        given = GivenClasses(self.classes_, lambda p: self._decide(p, thresholds))
        return scored(name, given, probabilities, y, weights)

    def _judge(self, found: Solution, y: np.ndarray, own: np.ndarray | None) -> None:
        """What validation rows say of the network that has not seen them."""
        held, p = found.split.validation, self._probabilities(found.judged)
        own_held = None if own is None else own[held]
        if self._several:
            self.calibration_ = calibration_of_labels(p[held], y[held])
        else:
            self.calibration_ = calibration_of(p[held], np.searchsorted(self.classes_, y[held]))
        self.thresholds_, by = self._thresholds(p[held], y[held], own_held)
        self.gap_ = self._accuracy(p, y, own, found.split.train) - self._accuracy(p, y, own, held)
        self.optimized_ = by

    def _accuracy(
        self, p: np.ndarray, y: np.ndarray, own: np.ndarray | None, rows: np.ndarray
    ) -> float:
        weights = None if own is None else own[rows]
        return self._score("accuracy", p[rows], y[rows], weights, self.thresholds_)

    def _thresholds(
        self, p: np.ndarray, y: np.ndarray, own: np.ndarray | None
    ) -> tuple[np.ndarray, str]:
        given = self.threshold
        if given is None:
            return self._usual(), ""
        if isinstance(given, int | float | np.number) and not isinstance(given, bool):
            return self._fixed(float(given)), ""
        name = TUNED_BY if given == TUNED else checked_name("threshold", given)
        if given == TUNED and self._several:
            name = "f1_macro"
        best = tuned(p, lambda t: self._score(name, p, y, own, t), self._several)
        return best, name

    def _fixed(self, threshold: float) -> np.ndarray:
        if not 0 < threshold < 1 or (len(self.classes_) > 2 and not self._several):
            raise DataError(
                f"threshold={threshold}: a number between 0 and 1 for two classes or several "
                "labels a row; or 'tuned', the name of a score, or None."
            )
        if self._several:
            return np.full(len(self.classes_), threshold)
        return np.array([1 - threshold, threshold])
