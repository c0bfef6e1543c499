"""Where a search begins: points that have done well on other tables."""

from __future__ import annotations

from typing import Any

from justright.experiments.space import RATE, Point, Space

# Learning rates are times the optimizer's own; cycles and patience are shares of the epochs.
PLAIN: dict[str, Any] = {"width": 128, "depth": 2, RATE: 1.0}
# One cosine from the learning rate to zero.
_COOLED: dict[str, Any] = {"WarmRestarts.period": 1.0}
_WIDE: dict[str, Any] = {"width": 512, "depth": 2}
_DEEP: dict[str, Any] = {"width": 256, "depth": 3}
# In the order in which they were chosen from fifteen, greedily, each for what those before it
# do worst at: on six tables, two divisions of each, that take no part in benchmarks/search.py. The
# last two are for tables that are smaller than those.
STARTS: tuple[dict[str, Any], ...] = (
    PLAIN,
    {
        **(_WIDE | _COOLED),
        RATE: 5.0,
        "Dropout.rate": 0.15,
        "WeightDecay.strength": 0.3,
        "LabelSmoothing.smoothing": 0.02,
    },
    {
        **(_DEEP | _COOLED),
        RATE: 5.0,
        "Dropout.rate": 0.25,
        "WeightDecay.strength": 0.3,
        "BatchNorm": True,
    },
    {**(PLAIN | _COOLED), RATE: 5.0, "L1.strength": 1e-3},
    {**_WIDE, RATE: 3.0, "EMA.decay": 0.99, "Dropout.rate": 0.3, "L2.strength": 1e-4},
    {**_DEEP, RATE: 1.0, "EMA.decay": 0.99, "Dropout.rate": 0.1},
    {
        **(_WIDE | _COOLED),
        RATE: 3.0,
        "Dropout.rate": 0.4,
        "WeightDecay.strength": 1.0,
        "LabelSmoothing.smoothing": 0.1,
    },
    {
        **(PLAIN | _COOLED),
        RATE: 3.0,
        "Dropout.rate": 0.5,
        "WeightDecay.strength": 1.0,
        "Mixup.alpha": 0.4,
    },
    {**PLAIN, RATE: 2.0, "Dropout.rate": 0.3, "EarlyStopping.patience": 0.33},
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
