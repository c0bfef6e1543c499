"""What a search chose for each training: as lists to filter by, and as a picture of lines."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from justright.errors import RecipeError
from justright.evidence.measure import Measure
from justright.regularizers.axis import Axis
from justright.regularizers.axis import short as short_number
from justright.regularizers.recipe import Recipe
from justright.report.page.page import Picture, Table
from justright.report.page.series import short
from justright.report.strength_scale import Scale

if TYPE_CHECKING:
    import pandas as pd

_ANY, _OFF, _ON = "any", "off", "on"
_FEW, _PARTS, _TICKS = 4, 3, 5
_WORST = 0.05


@dataclass(frozen=True)
class Choice:
    """What a search chose for each training: a strength, a size, or whether something is on.

    Attributes:
        words: what it is.
        values: (trainings,) of it, NaN where it was off.
        is_switch: whether it is on or off, and no number.
        names: of what has names instead of numbers, which then are their positions.
    """

    words: str
    values: np.ndarray
    is_switch: bool
    names: tuple[str, ...] = ()

    @property
    def known(self) -> np.ndarray:
        """The values that there are, ascending."""
        return np.unique(self.values[np.isfinite(self.values)])

    def show(self, value: float) -> str:
        """A value as text."""
        return self.names[int(value)] if self.names else short_number(value)


def choices_of(history: pd.DataFrame) -> list[Choice]:
    """What the search chose, column by column of its table, as far as it differs."""
    found = []
    for name in history.columns[list(history.columns).index("test_metric") + 1 :]:
        column = history[name]
        there = column.dropna()
        is_switch = len(there) > 0 and all(isinstance(one, bool | np.bool_) for one in there)
        names = tuple(sorted({value for value in column if isinstance(value, str)}))
        values = [names.index(v) if isinstance(v, str) else _number(v) for v in column]
        one = Choice(_column_words(name), np.array(values, float), is_switch, names)
        if len(one.known) > 1 or (len(one.known) and np.isnan(one.values).any()):
            found.append(one)
    return found


def strands(history: pd.DataFrame, measure: Measure, table: Table) -> Picture:
    """Every training as a line through what was chosen for it, down to the metric.

    Args:
        history: a search's table.
        measure: the metric.
        table: the same in numbers.
    """
    values = history["val_metric"].to_numpy(float)
    data = {
        "rows": [*(_row(one) for one in choices_of(history)), _metric_row(values, measure)],
        "points": [{"value": short(float(v))} for v in values],
        "share": measure.is_share,
        "higher": measure.higher_is_better,
    }
    words = (
        "Each line is a training, from what was chosen for it down to what it reached; the "
        "lighter, the better. Those that the lists above leave away are faint."
    )
    return Picture("strands", "What was chosen, and what it gave", words, table, data)


def _number(value: Any) -> float:
    """A value as a number; NaN of what is off, or has no number."""
    if isinstance(value, bool | np.bool_):
        return 1.0 if value else math.nan
    return float(value) if isinstance(value, int | float | np.number) else math.nan


def _column_words(name: str) -> str:
    """`"dropout rate"` of `"Dropout.rate"`; others as they are."""
    try:
        return Axis.of(name, Recipe()).words if "." in name else name.replace("_", " ")
    except RecipeError:
        return name


def options_of(one: Choice) -> tuple[list[str], list[int]]:
    """What a list offers, and which of it each training is: all first, then off, then values.

    Args:
        one: what was chosen.
    """
    values, known = one.values, one.known
    off = np.isnan(values)
    listed = [_ANY, *([_OFF] if off.any() else [])]
    first = len(listed)
    if one.is_switch:
        bins, names = np.zeros(len(values), int), [_ON]
    elif one.names or len(known) <= _FEW:
        bins, names = np.searchsorted(known, values), [one.show(value) for value in known]
    else:
        edges = np.quantile(known, np.linspace(0, 1, _PARTS + 1)[1:-1], method="nearest")
        bins = np.searchsorted(edges, values)
        texts = [short_number(float(edge)) for edge in edges]
        between = [f"{a} to {b}" for a, b in pairwise(texts)]
        names = [f"up to {texts[0]}", *between, f"above {texts[-1]}"]
    code = np.where(off, 1, first + bins)
    return [*listed, *names], code.tolist()


def _row(one: Choice) -> dict[str, Any]:
    """A line of the picture: what it is, ticks, and where each training stands, None for off."""
    known = [float(value) for value in one.known]
    if one.is_switch:
        places, ticks = np.where(np.isnan(one.values), math.nan, 1.0), [[1.0, _ON]]
    else:
        scale = Scale.of(known)
        at = np.array([scale.at(value) for value in known])
        span = float(at[-1] - at[0]) or 1.0
        where = dict(zip(known, ((at - at[0]) / span).tolist(), strict=True))
        places = np.array([where.get(float(value), math.nan) for value in one.values])
        chosen = np.unique(np.linspace(0, len(known) - 1, min(_TICKS, len(known))).astype(int))
        ticks = [[where[known[i]], one.show(known[i])] for i in chosen]
    return {
        "words": one.words,
        "ticks": ticks,
        "at": [short(float(place)) for place in places],
        "off": bool(np.isnan(one.values).any()),
    }


def _metric_row(values: np.ndarray, measure: Measure) -> dict[str, Any]:
    """The same for what they reached; the worst few stand at the end, or they press the others."""
    good = values[np.isfinite(values)]
    ends = (_WORST, 1.0) if measure.higher_is_better else (0.0, 1 - _WORST)
    low, high = np.quantile(good, ends).tolist() if len(good) else (0.0, 1.0)
    span = high - low or 1.0
    ticks = [[share, measure.show(low + share * span)] for share in (0.0, 0.5, 1.0)]
    if len(good) and good.min() < low:
        ticks[0][1] = f"≤ {ticks[0][1]}"
    if len(good) and good.max() > high:
        ticks[-1][1] = f"≥ {ticks[-1][1]}"
    places = np.clip((values - low) / span, 0, 1)
    return {
        "words": f"validation {measure.words}",
        "ticks": ticks,
        "at": [short(float(place)) for place in places],
        "off": False,
    }
