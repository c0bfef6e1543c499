"""The data sets that ship with justright, divided and scaled as the lessons do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any

import numpy as np

from justright.data.dataset import Dataset
from justright.data.holdout import hold_out
from justright.data.preparation import STANDARDIZE
from justright.errors import DataError, did_you_mean

Pair = tuple[np.ndarray, np.ndarray]

_HEADS = {
    "iris": "Iris flowers, 4 features, three species",
    "wine": "Wines, 13 features, three growers",
    "diabetes": "Diabetes, 10 features, how far it went in a year",
}


@dataclass(frozen=True, repr=False)
class Example:
    """A data set, divided.

    Attributes:
        name: of the set.
        train, validation, test: pairs X (rows, features) of float32, y (rows,).
        description: where it comes from and how it was divided, in a sentence.
        features: the names of the columns of X.
        preparation: the transformer that standardized the rows as they are in the set.
    """

    name: str
    train: Pair
    validation: Pair
    test: Pair
    description: str
    features: tuple[str, ...]
    preparation: Any = None

    def __repr__(self) -> str:
        return f"<Example {self.description}>"


def example(name: str = "breast_cancer") -> Example:
    """A data set that ships.

    Args:
        name: `"breast_cancer"` (two classes), `"digits"` (ten), `"iris"` or `"wine"` (three), or
            `"diabetes"` (numbers).

    Raises:
        DataError: an unknown name.
    """
    table, parts = _shipped(name)
    return divided(table.name, table.head, table.X, table.y, parts, table.features)


def whole_example(name: str) -> Dataset:
    """A data set that ships, not divided.

    Raises:
        DataError: an unknown name.
    """
    return _shipped(name)[0]


def _shipped(name: str) -> tuple[Dataset, tuple[np.ndarray, ...]]:
    """A data set, and the indices of its training, validation and test rows."""
    makers = {"breast_cancer": _breast_cancer, "digits": _digits}
    makers |= {each: partial(_of_scikit_learn, each) for each in _HEADS}
    if name not in makers:
        raise DataError(f"There is no example {name!r}. {did_you_mean(name, makers)}")
    return makers[name]()


def _breast_cancer() -> tuple[Dataset, tuple[np.ndarray, ...]]:
    """80 rows to train on, so that overfitting shows; the 489 others halved.

    One half selects (early stopping, choosing among seeds), the other judges, so
    that no row does both. Which row is where stands in the file, drawn once with
    the shares of the classes kept.

    Source: Wolberg, Mangasarian, Street, Street, "Breast Cancer Wisconsin
    (Diagnostic)", UCI Machine Learning Repository, 1993, CC BY 4.0; the rows and
    their order are those of `sklearn.datasets.load_breast_cancer`.
    """
    with files("justright.data").joinpath("breast_cancer.csv").open(encoding="utf-8") as file:
        names = file.readline().strip().split(",")
        table = np.loadtxt(file, delimiter=",")
    X, y, part = table[:, :-2], table[:, -2].astype(int), table[:, -1]
    parts = tuple(np.flatnonzero(part == i) for i in range(3))
    head = "Breast cancer (Wisconsin), 30 features, malignant or benign"
    features = tuple(name.replace("_", " ") for name in names[:-2])
    return Dataset("breast_cancer", head, X, y, features, preprocess=STANDARDIZE), parts


def _digits() -> tuple[Dataset, tuple[np.ndarray, ...]]:
    """200 rows to train on, 400 to validate, the other 1197 to test, by class.

    Source: Alpaydin & Kaynak, "Optical recognition of handwritten digits", UCI Machine
    Learning Repository, 1998, CC BY 4.0, the test part, as scikit-learn brings it.
    """
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    rest, test = hold_out(y, 1197, "test rows")
    kept, held = hold_out(y[rest], 400, "validation rows")
    features = tuple(f"row {i} column {j}" for i in range(8) for j in range(8))
    head = "Handwritten digits, 8 × 8 pixels, ten classes"
    return Dataset("digits", head, X, y, features, preprocess=STANDARDIZE), (
        rest[kept],
        rest[held],
        test,
    )


def _of_scikit_learn(name: str) -> tuple[Dataset, tuple[np.ndarray, ...]]:
    """A fifth of the rows to test, a fifth to validate, by class where there are classes.

    Source: Fisher's iris, 1936; Forina et al., wine, UCI Machine Learning Repository, 1991, CC BY
    4.0; Efron et al., "Least Angle Regression", 2004 (diabetes), as scikit-learn brings them.
    """
    from sklearn import datasets

    loaded = getattr(datasets, f"load_{name}")()
    X, y = loaded.data, loaded.target
    rest, test = hold_out(y, 0.2, "test rows")
    kept, held = hold_out(y[rest], 0.25, "validation rows")
    features = tuple(str(one) for one in loaded.feature_names)
    table = Dataset(name, _HEADS[name], X, y, features, preprocess=STANDARDIZE)
    return table, (rest[kept], rest[held], test)


def divided(
    name: str,
    head: str,
    X: np.ndarray,
    y: np.ndarray,
    parts: tuple[np.ndarray, ...],
    features: tuple[str, ...],
) -> Example:
    """Standardize on the training rows, divide, and describe.

    Args:
        name: of the set.
        head: what it is, in words.
        X: (rows, features).
        y: (rows,).
        parts: indices of the training, validation and test rows.
        features: the names of the columns.
    """
    train, validation, test = parts
    preparation = scaler(X[train], features)
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
        features=features,
        preparation=preparation,
    )


def scaler(X: np.ndarray, features: tuple[str, ...]) -> Any:
    """A scikit-learn transformer that does what `standardized` does, by columns' names.

    Args:
        X: the training rows (rows, features).
        features: the names of the columns.
    """
    import pandas as pd
    from sklearn.preprocessing import StandardScaler

    return StandardScaler().fit(pd.DataFrame(X, columns=list(features)))


def standardized(X: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Columns with mean 0 and deviation 1 over the training rows; a constant column becomes 0.

    Args:
        X: (rows, features).
        train: indices of the training rows: the others do not enter mean and deviation.
    """
    mean, deviation = X[train].mean(axis=0), X[train].std(axis=0)
    # Rounding leaves a constant column a deviation that is tiny beside its mean.
    constant = deviation <= 10 * np.finfo(float).eps * np.abs(mean)
    return ((X - mean) / np.where(constant, 1.0, deviation)).astype(np.float32)
