"""Preprocessing that is fitted on the training rows of each split, and on no others."""

from __future__ import annotations

from typing import Any

import numpy as np

from justright.data.arrays import checked_inputs
from justright.engine.rows import Split
from justright.errors import DataError

STANDARDIZE = "standardize"


def prepared(
    X: Any, y: np.ndarray, splits: list[Split], preprocess: Any
) -> tuple[list[np.ndarray], tuple[Any, ...]]:
    """The rows of each split, as a transformer that saw its training rows alone gives them.

    Args:
        X: (rows, …) an array or a frame.
        y: (rows,) or (rows, outputs); a transformer may look at the training targets.
        splits: positions of the rows.
        preprocess: a scikit-learn transformer, or `"standardize"`.

    Returns:
        For each split its rows, train, validation and test one after the other, (…) of
        float32; and the fitted transformers.

    Raises:
        DataError: a transformer that fails, or gives no numbers or other columns for each split.
    """
    fitted = [_fitted(preprocess, taken(X, s.train), y[s.train], i) for i, s in enumerate(splits)]
    rows = []
    for number, (one, split) in enumerate(zip(fitted, splits, strict=True)):
        everything = np.concatenate([split.train, split.validation, split.test])
        rows.append(transformed(one, taken(X, everything), f"X of split {number}"))
    widths = sorted({array.shape[1:] for array in rows})
    if len(widths) > 1:
        raise DataError(
            f"preprocess gives rows of other shapes for other splits: {widths}. Name the "
            'categories, as in OneHotEncoder(categories=[…], handle_unknown="ignore").'
        )
    return rows, tuple(fitted)


def transformed(fitted: Any, X: Any, where: str = "X") -> np.ndarray:
    """Rows as a fitted transformer gives them, (rows, …) of float32."""
    try:
        given = fitted.transform(X)
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"preprocess cannot transform {where}: {_first_line(error)}") from error
    dense = given.toarray() if hasattr(given, "toarray") else given
    return checked_inputs(dense, f"{where} behind preprocess")


def taken(X: Any, rows: np.ndarray) -> Any:
    """Some rows of an array or a frame."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def stacked(blocks: list[Any]) -> Any:
    """Rows of several arrays or frames, one after the other."""
    if hasattr(blocks[0], "iloc"):
        import pandas as pd

        return pd.concat(blocks, ignore_index=True)
    return np.concatenate([np.asarray(block) for block in blocks])


def output_names(fitted: Any) -> tuple[str, ...]:
    """The names of the columns that a fitted transformer gives; empty where it does not say."""
    try:
        return tuple(map(str, fitted.get_feature_names_out()))
    except (AttributeError, ValueError):
        return ()


def _fitted(preprocess: Any, X: Any, y: np.ndarray, number: int) -> Any:
    from sklearn.base import clone
    from sklearn.preprocessing import StandardScaler

    if isinstance(preprocess, str) and preprocess == STANDARDIZE:
        preprocess = StandardScaler()
    if not hasattr(preprocess, "fit") or not hasattr(preprocess, "transform"):
        raise DataError(
            f"preprocess={preprocess!r}: give a scikit-learn transformer, or {STANDARDIZE!r}."
        )
    try:
        return clone(preprocess).fit(X, y)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"preprocess cannot be fitted on the training rows of split {number}: "
            f"{_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
