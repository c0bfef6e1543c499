"""Which values of a strength to try, and which come next beyond the ends of a grid."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

from justright.errors import RecipeError
from justright.regularizers import TECHNIQUES
from justright.regularizers.axis import Axis
from justright.regularizers.catalog import entry_of
from justright.regularizers.text import parse_recipe

End = Literal["low", "high"]

# Around a usual value; in tenths of a range; and whole numbers around a usual one.
_AROUND = (1 / 30, 0.1, 0.3, 1, 3, 10, 30)
_NEAR = (0.1, 0.2, 0.5, 1, 2, 4)
_WHOLE = (0.1, 0.25, 0.5, 1, 2, 5)
_TENTHS = tuple(i / 10 for i in range(1, 9))
_MOST_FACTOR, _LEAST_FACTOR = 10.0, 1.5
_CLOSE = 1e-3  # Of a range: nearer than that to an end that is excluded there is nothing to try.


def values_of(axis: Axis, given: Iterable[object] | None, zero: bool) -> tuple[float, ...]:
    """The values to try, in order, the neutral one among them unless it is refused.

    Args:
        axis: the strength.
        given: its values; usual ones if None.
        zero: whether the value at which the strength changes nothing is added.

    Raises:
        RecipeError: no values, or one that is not valid.
    """
    if given is None:
        values = list(usual_values(axis))
    elif isinstance(given, str) or not isinstance(given, Iterable):
        raise RecipeError(f"{axis.name}: {given!r} is no list of values. Give some, or None.")
    else:
        values = [axis.checked(value) for value in given]
    if zero and axis.neutral is not None:
        values.append(float(axis.neutral))
    if not values:
        raise RecipeError(f"{axis.name} has no values to try. Give some, or None for usual ones.")
    return tuple(sorted(set(values)))


def usual_values(axis: Axis) -> tuple[float, ...]:
    """Values around the one that the catalog says to try, within the strength's range.

    A range without an end is tried in steps of three, a bounded one in tenths, or more finely
    where the usual value lies near one of its ends. The neutral value is not among them.

    Raises:
        RecipeError: a range without an end, and no usual value to begin from.
    """
    limits, usual = axis.limits, _usual(axis)
    if math.isfinite(limits.high):
        values = _within(limits.low, limits.high, usual)
    elif usual is None or usual <= 0:
        raise RecipeError(f"{axis.name} has no usual value to try others around. Give some.")
    elif limits.integer:
        values = [float(round(usual * factor)) for factor in _WHOLE]
    else:
        values = [float(f"{usual * factor:.1g}") for factor in _AROUND]
    rounded = {float(f"{value:.4g}") for value in values}
    return tuple(sorted(v for v in rounded if limits.admit(v) and v != limits.neutral))


def beyond(axis: Axis, values: Sequence[float], end: End) -> float | None:
    """The next value beyond one end of a grid; None where there is none.

    There is none beyond the neutral value, and none beyond the limits of the strength. A range
    without an end goes on in the grid's own steps, at most tenfold; a bounded one by half of
    what is left.
    """
    limits, neutral = axis.limits, axis.neutral
    ordered = sorted(values, reverse=end == "low")
    last = ordered[-1]
    bound = limits.high if end == "high" else limits.low
    included = limits.high_included if end == "high" else limits.low_included
    if last in (neutral, bound):
        return None
    if end == "high" and math.isfinite(bound):
        found = (last + bound) / 2
        if abs(bound - found) < _CLOSE * (bound - limits.low):
            found = bound if included else last
    else:
        factor = _factor([v for v in ordered if v != neutral and v > 0])
        found = last * factor if end == "high" else last / factor
        found = max(found, bound) if end == "low" else found
    found = float(round(found) if limits.integer else f"{found:.4g}")
    if limits.integer and found == last:
        found = last + (1 if end == "high" else -1)
    return found if found not in (last, neutral) and limits.admit(found) else None


def _usual(axis: Axis) -> float | None:
    """The strength in the recipe that the catalog says to try."""
    tried = entry_of(axis.kind).tried if axis.kind in TECHNIQUES else ""
    values = [
        getattr(one, axis.field)
        for one in parse_recipe(tried).techniques
        if isinstance(one, axis.kind)
    ]
    return float(values[0]) if values and isinstance(values[0], int | float) else None


def _within(low: float, high: float, usual: float | None) -> list[float]:
    width = high - low
    if usual is not None and 0 < usual - low <= 0.1 * width:
        return [low + (usual - low) * factor for factor in _NEAR]
    if usual is not None and 0 < high - usual <= 0.05 * width:
        return [high - (high - usual) * factor for factor in _AROUND[2:]]
    return [low + width * tenth for tenth in (*_TENTHS, 1)]


def _factor(ordered: Sequence[float]) -> float:
    """The grid's own step at its end."""
    if len(ordered) < 2:
        return _MOST_FACTOR
    *_, before, last = ordered
    ratio = max(last / before, before / last)
    return min(max(ratio, _LEAST_FACTOR), _MOST_FACTOR)
