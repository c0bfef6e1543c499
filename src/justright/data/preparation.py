"""Preprocessing that is fitted on the training rows of each split, and on no others."""

from __future__ import annotations

from typing import Any

import numpy as np

from justright.data.arrays import checked_inputs
from justright.engine.rows import Split
from justright.errors import DataError

STANDARDIZE = "standardize"
TABLE = "table"
PIXELS = "pixels"
_WANTED = f"a scikit-learn transformer, {STANDARDIZE!r}, {TABLE!r} or {PIXELS!r}"


def prepared(
    X: Any, y: np.ndarray, splits: list[Split], preprocess: Any
) -> tuple[list[np.ndarray], tuple[Any, ...]]:
    """The rows of each split, as a transformer that saw its training rows alone gives them.

    Args:
        X: (rows, …) an array or a frame.
        y: (rows,) or (rows, outputs); a transformer may look at the training targets.
        splits: positions of the rows.
        preprocess: a scikit-learn transformer, `"standardize"`, `"table"`, or `"pixels"`.

    Returns:
        For each split its rows, train, validation and test one after the other, (…) of
        float32; and the fitted transformers. Where a level of a category, say, is found in the
        training rows of some splits only, its column is 0 throughout in the others: all splits
        have the columns of all, and each column's numbers come from the split's own training rows.

    Raises:
        DataError: a transformer that fails, or gives no numbers or other columns for each split.
    """
    if isinstance(preprocess, str):
        preprocess = named(preprocess, X)
    fitted = [_fitted(preprocess, taken(X, s.train), y[s.train], i) for i, s in enumerate(splits)]
    fitted = _aligned(fitted)
    rows = []
    for number, (one, split) in enumerate(zip(fitted, splits, strict=True)):
        everything = np.concatenate([split.train, split.validation, split.test])
        rows.append(transformed(one, taken(X, everything), f"X of split {number}"))
    widths = sorted({array.shape[1:] for array in rows})
    if len(widths) > 1:
        raise DataError(
            f"preprocess gives rows of other shapes for other splits: {widths}, and no names of "
            "its columns (get_feature_names_out) by which they could be told apart."
        )
    return rows, tuple(fitted)


class Aligned:
    """A fitted transformer that gives the columns of several, zeros where it has none itself.

    Args:
        fitted: the transformer.
        names: of the columns to give, those of `fitted` among them.
    """

    def __init__(self, fitted: Any, names: tuple[str, ...]) -> None:
        self.fitted, self.names = fitted, names
        position = {name: i for i, name in enumerate(names)}
        self._at = np.array([position[name] for name in output_names(fitted)], int)

    def transform(self, X: Any) -> np.ndarray:
        """Rows (rows, columns) as the transformer gives them, at their places among zeros."""
        own = _dense(self.fitted.transform(X))
        rows = np.zeros((len(own), len(self.names)), np.float32)
        rows[:, self._at] = own
        return rows

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """The names of the columns."""
        return np.array(self.names, dtype=object)


def transformed(fitted: Any, X: Any, where: str = "X") -> np.ndarray:
    """Rows as a fitted transformer gives them, (rows, …) of float32."""
    try:
        given = fitted.transform(X)
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"preprocess cannot transform {where}: {_first_line(error)}") from error
    return checked_inputs(_dense(given), f"{where} behind preprocess")


def taken(X: Any, rows: np.ndarray) -> Any:
    """Some rows of an array or a frame."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def stacked(blocks: list[Any]) -> Any:
    """Rows of several arrays or frames, one after the other."""
    if hasattr(blocks[0], "iloc"):
        import pandas as pd

        # Rows of an array beside a frame: their columns are in its order.
        names = blocks[0].columns
        frames = [
            one if hasattr(one, "iloc") else pd.DataFrame(one, columns=names) for one in blocks
        ]
        return pd.concat(frames, ignore_index=True)
    return np.concatenate([np.asarray(block) for block in blocks])


def output_names(fitted: Any) -> tuple[str, ...]:
    """The names of the columns that a fitted transformer gives; empty where it does not say."""
    try:
        return tuple(map(str, fitted.get_feature_names_out()))
    except (AttributeError, ValueError):
        return ()


def _fitted(preprocess: Any, X: Any, y: np.ndarray, number: int) -> Any:
    from sklearn.base import clone

    if not hasattr(preprocess, "fit") or not hasattr(preprocess, "transform"):
        raise DataError(f"preprocess={preprocess!r}: give {_WANTED}.")
    try:
        return clone(preprocess).fit(X, y)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"preprocess cannot be fitted on the training rows of split {number}: "
            f"{_first_line(error)}"
        ) from error


def told_of(fitted: tuple[Any, ...]) -> list[str]:
    """What transformers tell of what they made, those of a table that is."""
    inner = getattr(fitted[0], "fitted", fitted[0])
    tell = getattr(inner, "in_words", None)
    return [tell()] if tell else []


def is_pixels(X: Any) -> bool:
    """Whether these are pictures as they are stored: bytes, (rows, height, width[, channels])."""
    return getattr(X, "dtype", None) == np.uint8 and X.ndim in (3, 4)


def named(preprocess: str, X: Any) -> Any:
    """The transformer that a name means, for rows such as X.

    Raises:
        DataError: an unknown name.
    """
    if preprocess == TABLE:
        from justright.data.table_preparation import TablePreparation

        return TablePreparation()
    if preprocess == PIXELS:
        from justright.data.channels import PixelScaler

        return PixelScaler()
    if preprocess != STANDARDIZE:
        raise DataError(f"preprocess={preprocess!r}: give {_WANTED}.")
    if len(X.shape) > 2:
        from justright.data.channels import ChannelScaler

        return ChannelScaler()
    from sklearn.preprocessing import StandardScaler

    return StandardScaler()


def _aligned(fitted: list[Any]) -> list[Any]:
    """All with the columns of each, where they name other ones."""
    columns = [output_names(one) for one in fitted]
    unclear = any(len(set(names)) < max(len(names), 1) for names in columns)
    if unclear or len(set(columns)) == 1:
        return fitted
    union = tuple(dict.fromkeys(name for names in columns for name in names))
    return [Aligned(one, union) for one in fitted]


def _dense(given: Any) -> Any:
    return given.toarray() if hasattr(given, "toarray") else given


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
