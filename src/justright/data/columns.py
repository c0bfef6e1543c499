"""What a column of a table holds: numbers, categories, text, or dates."""

from __future__ import annotations

import datetime
import numbers
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from justright.data.arrays import as_number
from justright.data.date_order import Order, date_order, in_order, parsed_dates
from justright.data.identifiers import names_rows, reads_as_text
from justright.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["number", "category", "text", "date", "name", "nothing"]

# The square of a larger number does not fit into a float, so it has no standard deviation.
LARGEST = 1e150
_MICROSECONDS = 86_400_000_000  # of a day


def kind_of(column: pd.Series[Any], most_levels: int) -> Kind:
    """What a column holds, by its type and, where that is any object, by its values.

    Args:
        column: of a frame.
        most_levels: text with more different values is no category; a column whose type is
            categorical is one however many it has.

    Returns:
        `"number"` for numbers, truth values and spans of time; `"date"` for dates and for text
        that is all dates in one order (`date_order`); `"name"` for codes that name rows, each
        another one; `"text"` for values of several words that hardly repeat, and for many
        different ones; `"category"` for others; `"nothing"` where all values are missing.

    Raises:
        DataError: cells that are none of these, such as lists.
    """
    import pandas as pd

    if not column.notna().any():
        return "nothing"
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "category"
    types = pd.api.types
    if types.is_complex_dtype(column):
        raise DataError(
            f"The column {column.name!r} holds complex numbers. Complex data not supported: "
            "leave it out."
        )
    if types.is_numeric_dtype(column) or types.is_timedelta64_dtype(column):
        return "number"
    if types.is_datetime64_any_dtype(column) or isinstance(column.dtype, pd.PeriodDtype):
        return "date"
    return _kind_of_objects(column.dropna(), most_levels)


def _kind_of_objects(values: pd.Series[Any], most_levels: int) -> Kind:
    import pandas as pd

    listed = list(values)
    if pd.api.types.infer_dtype(values) == "string":
        if date_order(values) is not None:
            return "date"
        return _kind_of_words(values.tolist(), most_levels)
    if all(_is_number(value) for value in listed):
        return "number"
    if all(isinstance(value, datetime.date | np.datetime64) for value in listed):
        return "date"
    for value in listed:
        if not isinstance(value, str | datetime.date) and not _is_number(value):
            raise DataError(
                f"The column {values.name!r} holds a {type(value).__name__}, which is no number, "
                "text or date. Leave it out, or make columns of it."
            )
    return _kind_of_words(as_words(values).tolist(), most_levels)


def _kind_of_words(words: list[str], most_levels: int) -> Kind:
    if names_rows(words):
        return "name"
    if len(set(words)) > most_levels or reads_as_text(words):
        return "text"
    return "category"


def as_numbers(column: pd.Series[Any]) -> np.ndarray:
    """A column of numbers, (rows,) of float64, NaN where a value is missing.

    Raises:
        DataError: text, infinity, or numbers too large to be scaled.
    """
    import pandas as pd

    if pd.api.types.is_timedelta64_dtype(column):
        column = column.dt.total_seconds()
    if pd.api.types.is_numeric_dtype(column) and not isinstance(column.dtype, pd.CategoricalDtype):
        values = column.to_numpy(np.float64, na_value=np.nan)
    else:
        missing = column.isna().to_numpy()
        values = np.full(len(column), np.nan)
        for row in np.flatnonzero(~missing).tolist():
            cell = column.iloc[row]
            number = as_number(cell)
            if number is None:
                raise DataError(
                    f"The column {column.name!r} holds {cell!r} in row {column.index[row]}, and "
                    "it held numbers in the rows that preprocessing was fitted on. Turn it into a "
                    "number, or leave it empty."
                )
            values[row] = number
    large = np.abs(values) >= LARGEST
    if large.any():
        row = int(large.argmax())
        raise DataError(
            f"The column {column.name!r} holds {column.iloc[row]} in row {column.index[row]}: "
            "infinity, or too large to be scaled. Leave the row or the column out, or the cell "
            "empty."
        )
    return values


def as_words(column: pd.Series[Any]) -> np.ndarray:
    """A column as text, (rows,) of objects, None where a value is missing.

    Whole numbers read `7` whether they came as integers or, beside missing values, as floats.
    """
    import pandas as pd

    words: np.ndarray = np.empty(len(column), object)
    missing = column.isna().to_numpy()
    if pd.api.types.infer_dtype(column, skipna=True) == "string":
        words[:] = column.to_numpy(object)
        words[missing] = None
        return words
    words[:] = [None if m else _word(v) for v, m in zip(column, missing, strict=True)]
    return words


def as_dates(column: pd.Series[Any], order: Order | None = None) -> pd.Series[Any]:
    """A column of dates without time zone (in UTC where they had one), NaT where there is none.

    Args:
        column: of dates, or of text.
        order: in which texts are dates; None for the year first.
    """
    import pandas as pd

    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.tz_convert(None) if column.dt.tz is not None else column
    return parsed_dates(in_order(column, order))


def date_parts(dates: pd.Series[Any]) -> dict[str, np.ndarray]:
    """Dates as numbers: days since 1970, and where they stand in what comes round.

    Args:
        dates: as `as_dates` gives them.

    Returns:
        By name (rows,) of float64, NaN where the date is missing: `days`, and `year sine`,
        `year cosine` and so on of the place in year, week and day.
    """
    at = dates.dt
    time = at.hour / 24 + at.minute / 1440 + at.second / 86400
    turns = {"year": (at.day_of_year - 1) / 365.25, "week": at.day_of_week / 7, "day": time}
    # In nanoseconds, as pandas subtracts, 9999-12-31 does not fit.
    since = dates.to_numpy("datetime64[us]").astype(np.int64) / _MICROSECONDS
    parts = {"days": np.where(dates.isna(), np.nan, since)}
    for turn, share in turns.items():
        angle = 2 * np.pi * share.to_numpy(np.float64)
        parts[f"{turn} sine"], parts[f"{turn} cosine"] = np.sin(angle), np.cos(angle)
    return parts


def _word(value: Any) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real | Decimal | np.bool_)
