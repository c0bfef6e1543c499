"""Check rows and targets, and say plainly what is wrong with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from justright.errors import DataError


def checked_inputs(X: object, where: str = "X") -> np.ndarray:
    """Rows as float32.

    Args:
        X: an array, a DataFrame, or nested lists; (rows, …) with at least one feature.
        where: what to call them in an error message.

    Returns:
        (rows, …) of float32.

    Raises:
        DataError: no rows, text, NaN or infinity, fewer than two dimensions.
    """
    array = _as_array(X, where)
    if array.ndim < 2:
        raise DataError(
            f"{where} has shape {array.shape}; rows of features are wanted, (rows, features). For "
            "a single feature use X.reshape(-1, 1)."
        )
    if array.size == 0:
        raise DataError(f"{where} is empty: its shape is {array.shape}. Give at least one row.")
    numbers = _numbers(array, where)
    _check_finite(numbers, where)
    with np.errstate(over="ignore"):
        single = numbers.astype(np.float32)
    if not np.isfinite(single).all():
        raise DataError(
            f"{where} holds numbers beyond the range of 32-bit floats (about 3e38). Scale it, for "
            "example with sklearn.preprocessing.StandardScaler."
        )
    return single


def checked_targets(y: object, rows: int, where: str = "y", inputs: str = "X") -> np.ndarray:
    """Targets as an array of labels or numbers.

    Args:
        y: (rows,) or (rows, outputs); a column (rows, 1) is taken as (rows,).
        rows: how many there must be.
        where: what to call them in an error message.
        inputs: what to call the inputs.

    Raises:
        DataError: a length that differs, or missing values.
    """
    array = _as_array(y, where)
    if array.ndim == 0 or len(array) != rows:
        count = len(array) if array.ndim else 1
        raise DataError(
            f"{inputs} has {rows} rows and {where} has {count}. Each row needs one target: check "
            "that both come from the same selection."
        )
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.dtype.kind == "O":
        array = _plain(array, where)
    if array.dtype.kind == "f":
        _check_finite(array, where)
    if array.dtype.kind not in "biufUS":
        raise DataError(f"{where} holds {array.dtype}, which are neither numbers nor labels.")
    return array


def _as_array(values: object, where: str) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise DataError(f"{where} is not a table: its rows differ in length.") from error


def _numbers(array: np.ndarray, where: str) -> np.ndarray:
    if array.dtype.kind in "biuf":
        return array.astype(np.float64, copy=False)
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        position = next(i for i in np.ndindex(array.shape) if not _is_number(array[i]))
        raise DataError(
            f"{where} holds {array[position]!r} in {_place(position)}, which is not a number. "
            "Turn text into numbers, for example with sklearn.preprocessing.OneHotEncoder, or "
            "leave that column out."
        ) from None


def _check_finite(array: np.ndarray, where: str) -> None:
    finite = np.isfinite(array)
    if finite.all():
        return
    bad = np.argwhere(~finite)
    value = array[tuple(bad[0])]
    kind = "NaN (missing values)" if np.isnan(value) else "infinity"
    raise DataError(
        f"{where} holds {kind}: {len(bad)} of {array.size} values, the first in "
        f"{_place(tuple(bad[0]))}. Drop those rows, or fill them in, for example with "
        "sklearn.impute.SimpleImputer."
    )


def _plain(array: np.ndarray, where: str) -> np.ndarray:
    """An object array as text, or as numbers if it holds nothing else."""
    flat = list(array.ravel())
    missing = [i for i, v in enumerate(flat) if v is None or (isinstance(v, float) and np.isnan(v))]
    if missing:
        raise DataError(
            f"{where} misses {len(missing)} of {len(flat)} values, the first in row "
            f"{missing[0]}. Drop those rows."
        )
    if all(isinstance(v, str) for v in flat):
        return array.astype(str)
    if all(_is_number(v) and not isinstance(v, str) for v in flat):
        return np.asarray(flat).reshape(array.shape)
    raise DataError(f"{where} mixes text and numbers. Make all labels text: y.astype(str).")


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _place(position: tuple[int, ...]) -> str:
    names = ["row", "column"] if len(position) <= 2 else ["row"]
    named = [f"{name} {int(i)}" for name, i in zip(names, position, strict=False)]
    rest = [int(i) for i in position[len(names) :]]
    return ", ".join(named) + (f" at {rest}" if rest else "")
