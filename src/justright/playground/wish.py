"""What the page asks for: read from JSON that may come from anywhere."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from justright.errors import DataError
from justright.playground.clouds import MOST_POINTS, SHAPES, Cloud, drawn, sampled
from justright.playground.strengths import LAMBDAS, PLACES, RATES, WIDTHS, Place
from justright.whole import is_whole

MOST_BYTES = 64 * 1024
MOST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Wish:
    """Trainings that are wanted.

    Attributes:
        cloud: what gives the points; a DataError where these cannot be trained on.
        width: units in each hidden layer, one of `WIDTHS`.
        stopping: whether trainings stop early.
        seed: of the initial weights and all that is drawn on the way.
        center: where the sliders stand.
        known: places that the page has already.
    """

    cloud: Callable[[], Cloud]
    width: int
    stopping: bool
    seed: int
    center: Place
    known: frozenset[Place]


def read_wish(text: bytes) -> Wish:
    """What a request asks for.

    Args:
        text: JSON of an object with `data`, `width`, `stopping`, `seed`, `rate` and `strength`
            (positions of the sliders), and `known` (pairs of positions). `data` has a `shape`,
            `points`, `noise` and `seed`, or the `drawn` points, each `[x, y, class, trains]` with
            0 and 1 for the last two.

    Raises:
        DataError: something else; the message names the part.
    """
    whole = _object(_parsed(text), "the request")
    center = _place([_needed(whole, "rate"), _needed(whole, "strength")], "rate and strength")
    width = _whole(whole, "width", 0, max(WIDTHS))
    if width not in WIDTHS:
        raise DataError(f"width: {width} is none of {', '.join(map(str, WIDTHS))}.")
    stopping = _needed(whole, "stopping")
    if not isinstance(stopping, bool):
        raise DataError("stopping: true or false is wanted.")
    known = _list(_needed(whole, "known"), "known", len(PLACES))
    return Wish(
        cloud=_cloud(_object(_needed(whole, "data"), "data")),
        width=width,
        stopping=stopping,
        seed=_whole(whole, "seed", 0, MOST_SEED),
        center=center,
        known=frozenset(_place(one, "known") for one in known),
    )


def _parsed(text: bytes) -> Any:
    if len(text) > MOST_BYTES:
        raise DataError(f"A request has at most {MOST_BYTES} bytes.")
    try:
        return json.loads(text.decode("utf-8"))
    # Deep nesting is no fault of the syntax, and a recursion all the same.
    except (ValueError, RecursionError) as error:
        raise DataError("The request is no JSON in UTF-8.") from error


def _cloud(data: Mapping[str, Any]) -> Callable[[], Cloud]:
    if "drawn" in data:
        points = data["drawn"]
        if isinstance(points, list) and len(points) > 2 * MOST_POINTS:
            raise DataError(f"At most {2 * MOST_POINTS} points can be drawn: erase some.")
        return _drawn(_list(points, "data.drawn", 2 * MOST_POINTS))
    shape = _needed(data, "shape")
    if not isinstance(shape, str):
        raise DataError(f"data.shape: one of {', '.join(SHAPES)} is wanted.")
    return partial(
        sampled,
        shape,
        _whole(data, "points", 0, MOST_POINTS),
        _number(_needed(data, "noise"), "noise"),
        _whole(data, "seed", 0, MOST_SEED),
    )


def _drawn(points: Sequence[Any]) -> Callable[[], Cloud]:
    rows = np.zeros((len(points), 4))
    for row, point in zip(rows, points, strict=True):
        row[:] = [_number(value, "data.drawn") for value in _list(point, "data.drawn", 4, 4)]
    if not np.isin(rows[:, 2:], (0, 1)).all():
        raise DataError(
            "data.drawn: a point is [x, y, class, trains] with 0 or 1 for the last two."
        )
    return partial(drawn, rows[:, :2], rows[:, 2].astype(int), rows[:, 3] == 1)


def _place(pair: Any, name: str) -> Place:
    sizes = (len(RATES), len(LAMBDAS))
    one = _list(pair, name, 2, 2)
    for value, size in zip(one, sizes, strict=True):
        if not is_whole(value) or not 0 <= value < size:
            raise DataError(f"{name}: positions from 0 to {size - 1} are wanted.")
    return Place(*one)


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"{name}: an object is wanted.")
    return value


def _needed(whole: Mapping[str, Any], name: str) -> Any:
    if name not in whole:
        raise DataError(f"{name} is missing.")
    return whole[name]


def _list(value: Any, name: str, most: int, fewest: int = 0) -> list[Any]:
    if not isinstance(value, list) or not fewest <= len(value) <= most:
        size = f"{most}" if fewest == most else f"at most {most}"
        raise DataError(f"{name}: a list of {size} is wanted.")
    return value


def _whole(whole: Mapping[str, Any], name: str, low: int, high: int) -> int:
    value = _needed(whole, name)
    if not is_whole(value) or not low <= value <= high:
        raise DataError(f"{name}: a whole number from {low} to {high} is wanted.")
    return int(value)


def _number(value: Any, name: str) -> float:
    # Whole numbers of JSON may be larger than any float.
    fits = is_whole(value) and abs(value) < MOST_SEED
    if not fits and not (isinstance(value, float) and math.isfinite(value)):
        raise DataError(f"{name}: finite numbers are wanted.")
    return float(value)
