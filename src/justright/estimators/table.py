"""From rows as they come to the numbers that networks take: fitted on training rows alone.

The seam to the preparation of tables: `preparation_of` says which transformer an estimator fits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from justright.data.arrays import checked_inputs
from justright.data.preparation import STANDARDIZE
from justright.errors import DataError

AUTO = "auto"


def is_frame(X: object) -> bool:
    """Whether rows come as a DataFrame of pandas or polars."""
    return hasattr(X, "columns") and hasattr(X, "shape")


def as_frame(X: Any) -> Any:
    """A pandas DataFrame, of another library's too."""
    import pandas as pd

    if isinstance(X, pd.DataFrame):
        return X
    columns = {str(name): X[name] for name in X.columns}
    numbers = {n: c.to_numpy() for n, c in columns.items() if c.dtype.is_numeric()}
    return pd.DataFrame({n: numbers.get(n, c.to_list()) for n, c in columns.items()})


def has_text(X: Any) -> bool:
    """Whether some column of a DataFrame holds anything but numbers."""
    import pandas as pd

    frame = as_frame(X)
    numeric = pd.api.types.is_numeric_dtype
    return not all(numeric(frame.iloc[:, i].dtype) for i in range(frame.shape[1]))


def preparation_of(given: Any, X: Any) -> Any:
    """A transformer, not fitted yet; None where rows are taken as they are.

    Args:
        given: the estimator's `preprocess`: `"auto"`, `"standardize"`, a transformer, or None.
        X: an array (rows, …), or a pandas DataFrame.

    Raises:
        DataError: anything else.
    """
    from sklearn.base import clone

    if given is None:
        return None
    if isinstance(given, str):
        if given not in (AUTO, STANDARDIZE):
            raise DataError(
                f"preprocess={given!r}: give {AUTO!r}, {STANDARDIZE!r}, a scikit-learn "
                "transformer, or None."
            )
        if is_frame(X):
            return _of_frame()
        return _of_numbers() if X.ndim == 2 else None
    if not hasattr(given, "fit") or not hasattr(given, "transform"):
        raise DataError(f"preprocess={given!r} has no fit and transform: give a transformer.")
    return clone(given)


def transformed(fitted: Any, X: Any) -> np.ndarray:
    """Rows as a network takes them, (rows, …) of float32."""
    if fitted is None:
        return checked_inputs(X)
    given = fitted.transform(X)
    return checked_inputs(given.toarray() if hasattr(given, "toarray") else given)


def _of_numbers() -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()
    )


def _of_frame() -> Any:
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.preprocessing import OneHotEncoder

    categories = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=30, sparse_output=False
    )
    return make_column_transformer(
        (_of_numbers(), make_column_selector(dtype_include=np.number)),
        (categories, make_column_selector(dtype_exclude=np.number)),
    )
