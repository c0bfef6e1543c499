"""A regularized network that tells classes apart, as a scikit-learn classifier."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, column_or_1d

from justright.errors import DataError
from justright.estimators.base import Regularized
from justright.estimators.calibration import calibration_of, calibration_of_labels
from justright.estimators.class_weights import by_class
from justright.estimators.given import Given
from justright.estimators.problem import Solution, with_outputs
from justright.estimators.scoring import GivenClasses, checked_name, scored
from justright.estimators.table import AUTO
from justright.estimators.thresholds import balanced, decided, tuned
from justright.estimators.words import decided_by

TUNED = "tuned"
TUNED_BY = "balanced_accuracy"


class RegularizedClassifier(ClassifierMixin, Regularized):
    """A network that is regularized just right, as a scikit-learn classifier.

    `fit(X, y)` compares recipes and networks of several sizes by cross-validation and predicts
    with those that do best together (docs/tables.md). With a network, a space, a learning rate
    or an optimizer it holds rows out, searches for the recipe that does best on these, and trains
    the choice again on all rows. It takes one label a row (two classes or many) or several (y of
    0 and 1, one column a label). By default it optimizes log-loss and predicts the most probable
    class; `optimized_` says what a fit has optimized.

    Args:
        recipe: the only one to train: a recipe, a regularizer, or text such as
            `"dropout=0.4,l2=1e-3,early_stopping=20"` (`"plain"` for none). None to choose.
            Strengths of it are parameters: `recipe__dropout`, `recipe__l2`,
            `recipe__elastic_net.l1`, for `set_params` and `GridSearchCV`, and one that is set
            puts its technique into the recipe.
        network: a Keras model, or None for dense layers.
        hidden: their units, such as `(128, 64)`; None to choose, or (128, 64) for a recipe.
        space: what to search, as in `search`; None for what is tried by default, or for a
            cocktail of ten techniques where one network is searched for.
        budget: a number of trainings, or a time such as `"60s"`, which gives the same network
            again only if the machine is as fast. None for a plan by the number of rows, and for
            60 trainings of a search.
        epochs: at most so many for each training; None for a plan by the number of rows, and for
            100 of a recipe or a search.
        batch_size: rows a step; None for a plan by the number of rows, and for 32 of a recipe or a
            search. Never more than train.
        optimizer: as in `compare`; Adam if None.
        learning_rate: None to choose, or the optimizer's own for a recipe.
        loss: as in `compare`; cross-entropy if None.
        objective: by what recipes are chosen: None for the loss, or the name of one of
            scikit-learn's scores, such as `"balanced_accuracy"`, `"roc_auc"`, `"f1_macro"`.
            A search goes by accuracy and log-loss if None, itself by one of these, and judges
            its best by another score.
        validation: the share of rows that are held out to choose on, by class, where one network
            is trained; classes with a single row stay in training.
        refit: whether one network is trained again on all rows, validation rows included.
        preprocess: `"auto"` fills missing numbers in by the median, standardizes, bends what is
            far out, and makes columns of text into numbers; `"standardize"`; a scikit-learn
            transformer, fitted on the rows that train alone; or None for rows as they are.
        class_weight: `"balanced"` counts rows in inverse proportion to their class, a mapping
            from labels gives the weights, None counts all alike. They multiply the sample
            weights in training and in the figures that the search goes by, where balanced ones
            make accuracy balanced accuracy.
        threshold: None predicts the most probable class. A number is the probability from
            which the second of two classes, or a label, is predicted. `"tuned"` chooses what
            gives the best balanced accuracy (of several labels the best mean F1) on the
            validation rows, by the network that was not trained on them; the name of another
            score tunes for that.
        random_state: a seed; the same one gives the same network. A RandomState is drawn from,
            None draws from NumPy's global one.
        progress: whether to show a progress bar; None for where someone watches. Off unless it is
            asked for, because scikit-learn's tools fit many estimators, side by side.

    Attributes:
        classes_: (classes,) labels in the order of the probabilities; of several labels a
            row, their positions.
        n_features_in_, feature_names_in_: of the rows; the names where columns have some.
        recipe_: the recipe that was trained; of several, the one with the largest share.
        study_: the search (`Search`), or the study of the one recipe (`Study`); of networks that
            predict together, of those with the largest share. It is not kept in copies and files.
        held_out_: (rows, classes) probabilities for the rows of `fit` by networks that were not
            trained on them, as `CalibratedClassifierCV` or a choice of thresholds wants them;
            NaN where there are none.
        model_: plain Keras; it predicts, from rows as `prepared(X)` gives them.
        gap_: accuracy on training rows less that on held-out rows, of the most probable class,
            before a refit. Positive: overfitting.
        history_: one row an epoch of that training, as `Study.curves`.
        calibration_: log-loss, Brier score and calibration error on the validation rows, of
            that training. They are not adjusted by it: probabilities are the network's.
        thresholds_: (classes,) the class whose probability is the largest multiple of its own
            is predicted; of several labels those above are.
        optimized_: what was optimized, in words; `summary()` says more.
        notes_: what was decided on the way, in sentences.
        preprocess_: the fitted transformer, or None.

    Raises:
        DataError: rows, targets, weights or parameters that cannot be used.
        ModelError: a network that does not fit.
        RecipeError: a recipe or a space that is not valid.
    """

    def __init__(
        self,
        recipe: Any = None,
        *,
        network: Any = None,
        hidden: Any = None,
        space: Any = None,
        budget: Any = None,
        epochs: int | None = None,
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

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Find the recipe and train the network.

        Args:
            X: (rows, features) of numbers, or a DataFrame of pandas or polars; more dimensions
                for a network that takes them.
            y: (rows,) of labels, or (rows, labels) of 0 and 1.
            sample_weight: (rows,) by what each row's loss is multiplied; rows of weight 0 are
                left out. A weight of 2 is near to, but not the same as, two copies of a row:
                those come into different batches.
            groups: (rows,) whose rows these are, such as a patient's: those of one never train
                and validate at once. None where rows are independent.
        """
        rows, labels = self._checked(X, y, multi_output=True)
        given = Given.of(rows, self._labels(labels), sample_weight, groups)
        y, own = given.y, given.weights
        self.classes_, codes = self._encoded(y)
        weights = self._weighted(codes, own)
        seed = self._seed()
        split = self._divided(given, codes, seed)
        usual = self._usual()

        def score(name: str, at: np.ndarray, outputs: np.ndarray) -> float:
            p = self._probabilities(outputs)
            return self._score(name, p, y[at], None if own is None else own[at], usual)

        found = self._solve(given, codes, split, weights, seed, score)
        self._adopt(found, own is not None)
        self.held_out_ = given.whole(self._probabilities(found.unseen))
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
        if self.class_weight is None:
            return own
        if self._several:
            raise DataError("class_weight wants one class a row, and y has several labels a row.")
        return by_class(self.class_weight, self.classes_, codes.astype(int), own)

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
        held, p, y_held, own_held = self._of(found.unseen, y, own)
        if self._several:
            self.calibration_ = calibration_of_labels(p, y_held)
        else:
            self.calibration_ = calibration_of(p, np.searchsorted(self.classes_, y_held))
        self.thresholds_, by = self._thresholds(p, y_held, own_held)
        words = decided_by(self.threshold, by, len(held), self._several)
        self.optimized_ = f"{self.optimized_} {words}"
        # Not with thresholds that were tuned on the validation rows: these flatter there.
        train, validation = (
            self._score("accuracy", *self._of(outputs, y, own)[1:], self._usual())
            for outputs in (found.seen, found.unseen)
        )
        self.gap_ = train - validation

    def _of(
        self, outputs: np.ndarray, y: np.ndarray, own: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
        """The rows that have outputs: positions, probabilities, targets, weights."""
        rows = with_outputs(outputs)
        weights = None if own is None else own[rows]
        return rows, self._probabilities(outputs[rows]), y[rows], weights

    def _gap_in_words(self) -> str:
        return f"{100 * self.gap_:.1f} points of accuracy between training and validation rows"

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
        if name == TUNED_BY and not self._several:
            return balanced(p, np.searchsorted(self.classes_, y), own), name
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
