"""Dates as text: in which order year, month and day stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

Order = Literal["year first", "day first", "month first"]

# 2026-11-21, 2026/11/21, and what may follow of a time of day.
_YEAR_FIRST = r"\d{4}[-/]\d{2}[-/]\d{2}(?:[T ]\d{2}:\d{2}.*)?"
# 21.11.2026, 11/21/2026 9:30.
_YEAR_LAST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[T ](\d{1,2})(:\d{2}.*))?")
_MONTHS = 12


def date_order(values: pd.Series[Any]) -> Order | None:
    """The order in which texts are dates, all of them; None where they are none or it is unclear.

    Where years stand last, it is numbers above 12 that tell days from months; without any, dates
    with points have the day first, and others are no dates.

    Args:
        values: text without gaps.
    """
    if values.str.fullmatch(_YEAR_FIRST).all():
        order: Order | None = "year first"
    else:
        order = _order_by_days(values)
    if order is None or not parsed_dates(in_order(values, order)).notna().all():
        return None
    return order


def turned_orders(frame: pd.DataFrame, names: Sequence[str]) -> dict[str, Order]:
    """The orders of columns of dates, by name, of those that are text with the year last."""
    import pandas as pd

    found: dict[str, Order] = {}
    for name in names:
        values = frame[name].dropna()
        order = date_order(values) if pd.api.types.infer_dtype(values) == "string" else None
        if order not in (None, "year first"):
            found[name] = order
    return found


def in_order(column: pd.Series[Any], order: Order | None) -> pd.Series[Any]:
    """Texts with the year first; what is no such date stays as it is.

    Args:
        column: of any values.
        order: in which texts of the column are dates; None if they are not text.
    """
    if order in (None, "year first"):
        return column
    return column.map(lambda v: _year_first(v, order) if isinstance(v, str) else v)


def parsed_dates(column: pd.Series[Any]) -> pd.Series[Any]:
    """Texts that are dates with the year first, NaT for others."""
    import pandas as pd

    text = column.map(lambda v: v.replace("/", "-") if isinstance(v, str) else v)
    parsed = pd.to_datetime(text, errors="coerce", utc=True, format="ISO8601")
    return parsed.dt.tz_convert(None)


def _year_first(text: str, order: Order) -> str:
    """A text with the year first.

    >>> _year_first("3.11.2026", "day first"), _year_first("11/21/2026 9:30", "month first")
    ('2026-11-03', '2026-11-21 09:30')
    """
    found = _YEAR_LAST.fullmatch(text.strip())
    if found is None:
        return text
    first, _, second, year, hour, rest = found.groups()
    day, month = (first, second) if order == "day first" else (second, first)
    time = f" {hour:0>2}{rest}" if hour else ""
    return f"{year}-{month:0>2}-{day:0>2}{time}"


def _order_by_days(values: pd.Series[Any]) -> Order | None:
    found = [_YEAR_LAST.fullmatch(one.strip()) for one in values]
    parts = [one.groups() for one in found if one is not None]
    if not parts or len(parts) < len(found):
        return None
    first, second = (max(int(one[i]) for one in parts) for i in (0, 2))
    if first > _MONTHS and second > _MONTHS:
        return None
    if first > _MONTHS or second > _MONTHS:
        return "day first" if first > _MONTHS else "month first"
    return "day first" if {one[1] for one in parts} == {"."} else None
