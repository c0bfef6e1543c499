"""What a recipe or a threshold is chosen by: scikit-learn's scores of probabilities or values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer, get_scorer_names

from justright.errors import DataError, did_you_mean
from justright.experiments.record import By

# Figures that the search logs itself.
_LOGGED: dict[str, By] = {
    "accuracy": "metric",
    "log_loss": "loss",
    "neg_log_loss": "loss",
    "mean_absolute_error": "metric",
    "neg_mean_absolute_error": "metric",
    "mean_squared_error": "loss",
    "neg_mean_squared_error": "loss",
}
_ABSOLUTE = "neg_mean_absolute_error"
_OF_CLASSES = ("accuracy", "log_loss", "neg_log_loss")


@dataclass(frozen=True)
class Goal:
    """By what a recipe is chosen.

    Attributes:
        by: the logged figures that the search goes by; None for metric and loss together.
        name: of the score that decides among the search's best; None where the search does.
        shared: of the score by which networks share in a joint prediction; None for the loss.
    """

    by: By | None
    name: str | None
    shared: str | None


def goal_of(objective: Any, classes: bool) -> Goal:
    """Read an estimator's `objective`.

    Args:
        objective: None, or the name of one of scikit-learn's scorers.
        classes: whether targets are classes.

    Raises:
        DataError: a name that is not known.
    """
    if objective is None:
        return Goal(None, None, None)
    by = _LOGGED.get(objective) if isinstance(objective, str) else None
    if by is not None and (objective in _OF_CLASSES) == classes:
        metric = objective if objective in _OF_CLASSES else _ABSOLUTE
        return Goal(by, None, metric if by == "metric" else None)
    name = checked_name("objective", objective)
    return Goal(None, name, name)


def checked_name(argument: str, name: Any) -> str:
    """The name of a scorer.

    Raises:
        DataError: another one.
    """
    known = get_scorer_names()
    if not isinstance(name, str) or name not in known:
        usual = [n for n in known if not n.startswith(("neg_", "d2"))]
        raise DataError(f"{argument}={name!r} is no score. {did_you_mean(name, usual)}")
    return name


class GivenClasses(ClassifierMixin, BaseEstimator):
    """A classifier whose rows are probabilities already, for scorers."""

    def __init__(self, classes: Any, predict: Callable[[np.ndarray], np.ndarray]) -> None:
        self.classes, self._decided = classes, predict
        self.classes_ = classes

    def __sklearn_is_fitted__(self) -> bool:
        """It needs no fit."""
        return True

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """The rows."""
        return X

    def predict(self, X: np.ndarray) -> np.ndarray:
        """What is decided from the rows."""
        return self._decided(X)


class GivenNumbers(RegressorMixin, BaseEstimator):
    """A regressor whose rows are values already, for scorers."""

    def __sklearn_is_fitted__(self) -> bool:
        """It needs no fit."""
        return True

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The rows."""
        return X


def scored(
    name: str, given: Any, outputs: np.ndarray, y: np.ndarray, weights: np.ndarray | None
) -> float:
    """A score of probabilities or values; higher is better.

    Args:
        name: of one of scikit-learn's scorers.
        given: a `GivenClasses` or `GivenNumbers`.
        outputs: (rows, …).
        y: the targets.
        weights: what each row counts, (rows,), or None.

    Raises:
        DataError: a score that is not of such targets.
    """
    told = {} if weights is None else {"sample_weight": weights}
    try:
        return float(get_scorer(name)(given, outputs, y, **told))
    except (ValueError, TypeError, AttributeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DataError(f"The score {name!r} cannot be taken of these targets: {reason}") from error
