"""From rows as they come to the numbers that networks take: fitted on training rows alone.

The seam to the preparation of tables: `preparation_of` says which transformer an estimator fits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from justright.data import preparation
from justright.data.arrays import checked_inputs
from justright.data.frames import as_frame, is_frame
from justright.data.preparation import STANDARDIZE
from justright.errors import DataError

AUTO = "auto"


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
            from justright.data.table_preparation import TablePreparation

            return TablePreparation()
        return _of_numbers(given) if X.ndim == 2 else None
    if not hasattr(given, "fit") or not hasattr(given, "transform"):
        raise DataError(f"preprocess={given!r} has no fit and transform: give a transformer.")
    return clone(given)


def transformed(fitted: Any, X: Any) -> np.ndarray:
    """Rows as a network takes them, (rows, …) of float32."""
    if fitted is None:
        return checked_inputs(X)
    return preparation.transformed(fitted, X)


def _of_numbers(given: str) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from justright.data.smooth_scale import SmoothScaler

    scaler = StandardScaler() if given == STANDARDIZE else SmoothScaler()
    return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), scaler)
