"""Check rows and targets, and say plainly what is wrong with them."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from justright.errors import DataError


def checked_inputs(X: object, where: str = "X", first: int = 0) -> np.ndarray:
    """Rows as float32.

    Args:
        X: an array, a DataFrame, or nested lists; (rows, …) with at least one feature.
        where: what to call them in an error message.
        first: the position of the first row, where others stand before it.

    Returns:
        (rows, …) of float32.

    Raises:
        DataError: no rows, text, NaN or infinity, fewer than two dimensions.
    """
    array = as_array(X, where)
    if array.ndim == 0:
        raise DataError(
            f"{where} is a {type(X).__name__}, not an array of rows. Give an array or a DataFrame; "
            "a sparse matrix becomes one with .toarray()."
        )
    check_shape(array.shape, where)
    with np.errstate(over="ignore"):
        double = _numbers(array, where, first)
        single = double.astype(np.float32)
    _check_finite(double, where, first)
    if not np.isfinite(single).all():
        raise DataError(
            f"{where} holds numbers beyond the range of 32-bit floats (about 3e38). Scale it, for "
            "example with sklearn.preprocessing.StandardScaler."
        )
    return single


def check_shape(shape: tuple[int, ...], where: str) -> None:
    """Refuse inputs that are not rows of features, or none.

    Args:
        shape: of X.
        where: what to call X in an error message.
    """
    if len(shape) < 2:
        raise DataError(
            f"{where} has shape {shape}; rows of features are wanted, (rows, features). For "
            "a single feature use X.reshape(-1, 1)."
        )
    if 0 in shape:
        raise DataError(f"{where} is empty: its shape is {shape}. Give at least one row.")


def check_length(inputs: str, rows: int, where: str, count: int) -> None:
    """Refuse targets that are more or fewer than the rows.

    Args:
        inputs: what to call the inputs.
        rows: how many there are.
        where: what to call the targets.
        count: how many there are.
    """
    if count != rows:
        raise DataError(
            f"{inputs} has {rows} rows and {where} has {count}. Each row needs one target: check "
            "that both come from the same selection."
        )


def checked_targets(
    y: object, rows: int, where: str = "y", inputs: str = "X", first: int = 0
) -> np.ndarray:
    """Targets as an array of labels or numbers.

    Args:
        y: (rows,) or (rows, outputs); a column (rows, 1) is taken as (rows,).
        rows: how many there must be.
        where: what to call them in an error message.
        inputs: what to call the inputs.
        first: the position of the first row, where others stand before it.

    Raises:
        DataError: a length that differs, missing values, or text in several columns.
    """
    array = np.atleast_1d(as_array(y, where))
    check_length(inputs, rows, where, len(array))
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.dtype.kind == "O":
        array = _plain(array, where, first)
    if array.dtype.kind == "f":
        _check_finite(array, where, first)
    if array.dtype.kind not in "biufUS":
        raise DataError(f"{where} holds {array.dtype}, which are neither numbers nor labels.")
    if array.dtype.kind in "US" and array.ndim > 1:
        raise DataError(
            f"{where} holds text in {array.shape[1]} columns. Give one column of labels, or "
            "numbers, for example from sklearn.preprocessing.OneHotEncoder."
        )
    return array


def as_array(values: object, where: str) -> np.ndarray:
    """Whatever NumPy can make an array of; `where` names it in an error message.

    Raises:
        DataError: several arrays, as Keras takes them for networks of several inputs, or rows that
            differ in length.
    """
    if isinstance(values, Mapping):
        raise _several(values, where)
    try:
        return np.asarray(values)
    except ValueError as error:
        if isinstance(values, list | tuple) and all(hasattr(one, "shape") for one in values):
            raise _several(values, where) from error
        raise DataError(f"{where} is not a table: its rows differ in length.") from error


def _several(values: Mapping[Any, Any] | Sequence[Any], where: str) -> DataError:
    given = f"{type(values).__name__} of {len(values)} array{'s' * (len(values) != 1)}"
    return DataError(
        f"{where} is a {given}. Networks of one input and one output are trained: give one array, "
        "for example np.column_stack of these, and let the network take its parts by slices of "
        "its one input; named columns go as a DataFrame."
    )


def _numbers(array: np.ndarray, where: str, first: int) -> np.ndarray:
    if array.dtype.kind in "biuf":
        return array.astype(np.float64, copy=False)
    if array.dtype.kind not in "OUS":
        raise DataError(f"{where} holds {array.dtype}, which are not real numbers.")
    values = np.where(_missing(array), np.nan, array.astype(object))
    flat = [as_number(value) for value in values.ravel()]
    if None in flat:
        position = np.unravel_index(flat.index(None), array.shape)
        raise DataError(
            f"{where} holds {array[position]!r} in {_place(position, first)}, which is not a "
            "number that a float can hold. Turn text into numbers, for example with "
            "sklearn.preprocessing.OneHotEncoder, or leave that column out."
        )
    return np.array(flat, np.float64).reshape(array.shape)


def _check_finite(array: np.ndarray, where: str, first: int) -> None:
    finite = np.isfinite(array)
    if finite.all():
        return
    bad = np.argwhere(~finite)
    value = array[tuple(bad[0])]
    kind = "NaN (missing values)" if np.isnan(value) else "infinity"
    # Nobody should fill targets in.
    filled = (
        ""
        if where.startswith("y")
        else (", or fill them in, for example with sklearn.impute.SimpleImputer")
    )
    raise DataError(
        f"{where} holds {kind}: {len(bad)} of {array.size} values, the first in "
        f"{_place(tuple(bad[0]), first)}. Drop those rows{filled}."
    )


def _plain(array: np.ndarray, where: str, first: int) -> np.ndarray:
    """An object array as text, or as numbers if it holds nothing else."""
    flat = list(array.ravel())
    missing = np.argwhere(_missing(array))
    if len(missing):
        raise DataError(
            f"{where} misses {len(missing)} of {len(flat)} values, the first in row "
            f"{first + int(missing[0][0])}. Drop those rows."
        )
    text = [isinstance(v, str) for v in flat]
    if all(text):
        return array.astype(str)
    odd = [v for v in flat if not isinstance(v, str) and as_number(v) is None]
    if odd:
        raise DataError(f"{where} holds {odd[0]!r}, which is neither a number nor a label.")
    if any(text):
        raise DataError(f"{where} mixes text and numbers. Make all labels text: y.astype(str).")
    return np.asarray(flat).reshape(array.shape)


def _missing(array: np.ndarray) -> np.ndarray:
    """Where an array of objects holds None, NaN, or what pandas writes for a missing value."""
    import pandas as pd

    return np.asarray(pd.isna(array))


def as_number(value: Any) -> float | None:
    """A cell as a float, or None if it is not a number or too large for one."""
    if not isinstance(value, numbers.Real | Decimal | str | bytes | np.bool_):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _place(position: tuple[Any, ...], first: int) -> str:
    position = (first + position[0], *position[1:])
    names = ["row", "column"] if len(position) <= 2 else ["row"]
    named = [f"{name} {int(i)}" for name, i in zip(names, position, strict=False)]
    rest = [int(i) for i in position[len(names) :]]
    return ", ".join(named) + (f" at {rest}" if rest else "")


def fitting_rows(X: object, wanted: tuple[int | None, ...]) -> np.ndarray:
    """X as rows (rows, …) of float32 for a network that takes rows of shape `wanted`.

    Raises:
        DataError: rows of another shape, or what `checked_inputs` refuses.
    """
    rows = checked_inputs(X)
    shape = rows.shape[1:]
    fits = len(shape) == len(wanted) and all(
        w in (None, n) for w, n in zip(wanted, shape, strict=True)
    )
    if not fits:
        raise DataError(
            f"X has rows of shape {shape}, and the network takes {wanted}. Give rows like those it "
            "was trained on."
        )
    return rows


def check_count(name: str, number: object) -> None:
    """Refuse what is no whole number of at least 0, by the argument's name."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 0:
        raise DataError(f"{name}={number!r} is no whole number of at least 0.")
