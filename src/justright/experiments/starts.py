"""Where a search begins: points that have done well on other tables."""

from __future__ import annotations

from typing import Any

from justright.experiments.space import RATE, Point, Space

# Learning rates are times the optimizer's own; cycles and patience are shares of the epochs.
PLAIN: dict[str, Any] = {"width": 128, "depth": 2, RATE: 1.0}
STARTS: tuple[dict[str, Any], ...] = (
    PLAIN,
    {**PLAIN, "Dropout.rate": 0.2, "EarlyStopping.patience": 0.33},
)
_SHARES = ("WarmRestarts.period", "EarlyStopping.patience")


def starts_for(space: Space, epochs: int, rate: float) -> tuple[Point, ...]:
    """The starts as points of a space, each once; the plain one first."""
    points: list[Point] = []
    for start in STARTS:
        named = {**start, RATE: start[RATE] * rate}
        named |= {name: start[name] * epochs for name in _SHARES if name in start}
        point = space.admitted(named)
        if point not in points:
            points.append(point)
    return tuple(points)


def plain_point(space: Space, rate: float) -> Point:
    """The default network with what every recipe has, and nothing of the space."""
    return space.admitted({**PLAIN, RATE: rate})
