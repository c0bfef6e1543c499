"""What both estimators share: parameters, the way from rows to a fitted network, and back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from justright.data.frames import as_frame, is_frame
from justright.data.identifiers import doubts_of
from justright.data.preparation import taken, told_of
from justright.engine.rows import Split
from justright.errors import DataError, RecipeError
from justright.estimators.division import divided
from justright.estimators.given import Given
from justright.estimators.keeping import kept, restored
from justright.estimators.outputs import Outputs
from justright.estimators.problem import Problem, Solution
from justright.estimators.scoring import goal_of
from justright.estimators.strategy import divides, solve
from justright.estimators.strengths import changed, recipe_of, strengths_of
from justright.estimators.table import (
    AUTO,
    has_text,
    preparation_of,
    transformed,
)
from justright.estimators.words import chosen_by, weighted_by
from justright.experiments.found import Search
from justright.network.randomness import random_numbers_kept

if TYPE_CHECKING:
    import keras

    from justright.study import Study

_RECIPE = "recipe__"


class Regularized(BaseEstimator):
    """A network that is regularized just right, as a scikit-learn estimator."""

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
        random_state: Any = 0,
        progress: bool | None = False,
    ) -> None:
        self.recipe = recipe
        self.network = network
        self.hidden = hidden
        self.space = space
        self.budget = budget
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.loss = loss
        self.objective = objective
        self.validation = validation
        self.refit = refit
        self.preprocess = preprocess
        self.random_state = random_state
        self.progress = progress

    @property
    def model_(self) -> keras.Model:
        """The plain Keras model that predicts, from rows as `prepared` gives them."""
        check_is_fitted(self)
        return self._outputs.model

    @property
    def study_(self) -> Search | Study:
        """The search that chose the recipe, or the study of the one that was given."""
        study = self.__dict__.get("_study")
        if study is None:
            raise AttributeError(
                f"This {type(self).__name__} has no study: it is not fitted, or was copied or "
                "read from a file, which keeps the network alone."
            )
        return study

    def summary(self) -> str:
        """What was found, what it optimizes, and how far to trust it, in words."""
        check_is_fitted(self)
        parts = [f"Recipe: {self.recipe_}.", self.optimized_, f"Gap: {self._gap_in_words()}."]
        if isinstance(study := self.__dict__.get("_study"), Search):
            parts.insert(1, f"{len(study.records)} trainings.")
        if calibration := getattr(self, "calibration_", None):
            parts.append(f"Probabilities: {calibration}.")
        return " ".join(parts)

    def prepared(self, X: Any) -> np.ndarray:
        """Rows as `model_` takes them, (rows, …) of float32.

        Args:
            X: rows like those that were given to `fit`.
        """
        check_is_fitted(self)
        return transformed(self.preprocess_, self._rows(X))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name; of a recipe that is given, its strengths as `recipe__l2`."""
        params: dict[str, Any] = super().get_params(deep)
        if deep and self.recipe is not None:
            # What is wrong with a recipe is said by `fit`, as scikit-learn wants it.
            with suppress(RecipeError):
                strengths = strengths_of(recipe_of(self.recipe))
                params |= {f"{_RECIPE}{name}": value for name, value in strengths.items()}
        return params

    def set_params(self, **params: Any) -> Any:
        """Set parameters; `recipe__dropout=0.3` puts a number into the recipe.

        A technique that the recipe lacks is added, and without a recipe it is the only one.

        Raises:
            RecipeError: an unknown technique or strength, or a value that it does not take.
        """
        numbers = {n: v for n, v in params.items() if n.startswith(_RECIPE)}
        super().set_params(**{n: v for n, v in params.items() if n not in numbers})
        if numbers:
            named = {name.removeprefix(_RECIPE): value for name, value in numbers.items()}
            self.recipe = changed(recipe_of(self.recipe), named)
        return self

    @random_numbers_kept()
    def _solve(
        self,
        given: Given,
        y: np.ndarray,
        split: Split | None,
        weights: np.ndarray | None,
        seed: int,
        score: Callable[[str, np.ndarray, np.ndarray], float],
    ) -> Solution:
        """Prepare rows and find a network."""
        X = given.X
        chosen = preparation_of(self.preprocess, X)
        self.preprocess_ = chosen
        if chosen is not None:
            rows = np.arange(len(y)) if split is None else split.train
            self.preprocess_ = chosen.fit(taken(X, rows), y[rows])
        goal = goal_of(self.objective, is_classifier(self))
        name = goal.shared if split is None else goal.name
        problem = Problem(
            X=transformed(self.preprocess_, X),
            y=y,
            split=split,
            weights=weights,
            groups=given.groups,
            network=self.network,
            hidden=None if self.hidden is None else tuple(self.hidden),
            recipe=None if self.recipe is None else recipe_of(self.recipe),
            space=self.space,
            budget=self.budget,
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimizer=self.optimizer,
            loss=self.loss,
            learning_rate=self.learning_rate,
            by=goal.by,
            score=None if name is None else lambda rows, outputs: score(name, rows, outputs),
            refit=bool(self.refit),
            seed=seed,
            progress=self.progress,
        )
        return solve(problem)

    def _adopt(self, found: Solution, weighted: bool) -> None:
        """Keep what was found."""
        self._outputs = Outputs(found.model, found.link)
        self._study = found.study
        self.recipe_ = found.recipe
        self.history_ = found.history
        self.notes_ = (*self._doubts, *told_of((self.preprocess_,)), *found.notes)
        goal = goal_of(self.objective, is_classifier(self))
        words = chosen_by(goal, found.way, found.metric_name, found.loss_name)
        weights = weighted_by(weighted, getattr(self, "class_weight", None))
        self.optimized_ = f"{words} {weights}"

    def _seed(self) -> int:
        given = self.random_state
        if isinstance(given, int | np.integer) and not isinstance(given, bool) and given >= 0:
            return int(given)
        return int(check_random_state(given).randint(2**31 - 1))

    def _divided(self, given: Given, y: np.ndarray, seed: int) -> Split | None:
        """Rows that train and that select; None where the strategy divides them itself."""
        if divides(self.get_params(deep=False), given.X.ndim):
            return None
        return divided(y, self.validation, seed, given.groups)

    def _checked(self, X: Any, y: Any, **told: Any) -> tuple[Any, np.ndarray]:
        """Rows and targets of `fit`, with the attributes that scikit-learn wants."""
        self._doubts = doubts_of(as_frame(X)) if is_frame(X) else ()
        finite = "allow-nan" if self.preprocess is not None else True
        if is_frame(X) and has_text(X) and self.preprocess is not None:
            validate_data(self, X, y, skip_check_array=True)
            if y is None:
                raise DataError("y is None: give the targets.")
            self._frames = True
            return as_frame(X), np.asarray(y)
        X, y = validate_data(
            self, X, y, ensure_all_finite=finite, ensure_min_samples=2, allow_nd=True, **told
        )
        self._frames = False
        return X, y

    def _rows(self, X: Any) -> Any:
        """Rows of `predict`, as those of `fit` were taken."""
        if self._frames:
            validate_data(self, X, reset=False, skip_check_array=True)
            return as_frame(X)
        finite = "allow-nan" if self.preprocess is not None else True
        return validate_data(self, X, reset=False, ensure_all_finite=finite, allow_nd=True)

    def _predicted(self, X: Any) -> np.ndarray:
        """Probabilities or values (rows, outputs) for rows as the user gives them."""
        return self._outputs.of(self.prepared(X))

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn's checks and its meta-estimators ask of the estimator."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.preprocess is not None
        tags.input_tags.three_d_array = True
        tags.input_tags.categorical = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Networks as configuration and numbers; without the study, which holds programs."""
        return kept(super().__getstate__())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(restored(state))
