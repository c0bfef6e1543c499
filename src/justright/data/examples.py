"""The data sets that ship: scikit-learn's own, divided and scaled as the lessons do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from justright.data.holdout import hold_out
from justright.errors import DataError, did_you_mean

Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, repr=False)
class Example:
    """A data set, divided.

    Attributes:
        name: of the set.
        train, validation, test: pairs X (rows, features) of float32, y (rows,).
        description: where it comes from and how it was divided, in a sentence.
    """

    name: str
    train: Pair
    validation: Pair
    test: Pair
    description: str

    def __repr__(self) -> str:
        return f"<Example {self.description}>"


def example(name: str = "breast_cancer") -> Example:
    """A data set that ships.

    Args:
        name: `"breast_cancer"`.

    Raises:
        DataError: an unknown name.
    """
    makers = {"breast_cancer": _breast_cancer}
    if name not in makers:
        raise DataError(f"There is no example {name!r}. {did_you_mean(name, makers)}")
    return makers[name]()


def _breast_cancer() -> Example:
    """80 rows to train on, so that overfitting shows; the 489 others halved.

    One half selects (early stopping, choosing among seeds), the other judges, so
    that no row does both.
    """
    X, y = load_breast_cancer(return_X_y=True)
    held_out, train = hold_out(y, 80, "training rows")
    halves = hold_out(y[held_out], len(held_out) // 2 + 1, "test rows")
    validation, test = held_out[halves[0]], held_out[halves[1]]
    head = "Breast cancer (Wisconsin), 30 features, malignant or benign"
    return divided("breast_cancer", head, X, y, (train, validation, test))


def divided(
    name: str, head: str, X: np.ndarray, y: np.ndarray, parts: tuple[np.ndarray, ...]
) -> Example:
    """Standardize on the training rows, divide, and describe.

    Args:
        name: of the set.
        head: what it is, in words.
        X: (rows, features).
        y: (rows,).
        parts: indices of the training, validation and test rows.
    """
    train, validation, test = parts
    X = standardized(X, train)
    return Example(
        name=name,
        train=(X[train], y[train]),
        validation=(X[validation], y[validation]),
        test=(X[test], y[test]),
        description=(
            f"{head}: {len(train)} rows to train on, {len(validation)} to validate, {len(test)} to "
            "test; columns standardized on the training rows"
        ),
    )


def standardized(X: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Columns with mean 0 and deviation 1 over the training rows; a constant column becomes 0.

    Args:
        X: (rows, features).
        train: indices of the training rows: the others do not enter mean and deviation.
    """
    return StandardScaler().fit(X[train]).transform(X).astype(np.float32)
