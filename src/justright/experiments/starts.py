"""Where a search begins: points that have done well on other tables."""

from __future__ import annotations

from typing import Any

from justright.experiments.space import RATE, Point, Space

# Learning rates are times the optimizer's own; cycles and patience are shares of the epochs.
PLAIN: dict[str, Any] = {"width": 128, "depth": 2, RATE: 1.0}
# One cosine from the learning rate to zero.
_COOLED: dict[str, Any] = {"WarmRestarts.period": 1.0}
_WIDE: dict[str, Any] = {"width": 256, "depth": 2}
# In the order in which they were chosen from 57 points, greedily, each for what those before it
# do worst at, on six tables that take no part in docs/search.md: abalone, car, cpu-act, phoneme,
# segment, spambase.
STARTS: tuple[dict[str, Any], ...] = (
    PLAIN,
    {
        **_WIDE,
        RATE: 6.7,
        "WeightDecay.strength": 0.27,
        "Mixup.alpha": 0.075,
        "EMA.decay": 0.9,
        "LabelSmoothing.smoothing": 0.034,
        "EarlyStopping.patience": 0.3,
    },
    {
        **(_WIDE | _COOLED),
        RATE: 3.0,
        "Dropout.rate": 0.4,
        "WeightDecay.strength": 1.0,
        "LabelSmoothing.smoothing": 0.1,
    },
    {
        **(_WIDE | _COOLED),
        RATE: 5.0,
        "Dropout.rate": 0.15,
        "WeightDecay.strength": 0.3,
        "LabelSmoothing.smoothing": 0.02,
    },
    {
        **(_WIDE | _COOLED),
        RATE: 1.7,
        "L2.strength": 0.018,
        "WeightDecay.strength": 0.52,
        "LabelSmoothing.smoothing": 0.025,
    },
    {
        **(_WIDE | _COOLED),
        RATE: 8.3,
        "L2.strength": 3e-4,
        "Mixup.alpha": 0.125,
        "EMA.decay": 0.95,
    },
    {"width": 256, "depth": 3, RATE: 1.0, "EMA.decay": 0.99, "Dropout.rate": 0.1},
    {**_WIDE, RATE: 3.0, "EMA.decay": 0.99, "Dropout.rate": 0.3, "L2.strength": 1e-4},
    {**(PLAIN | _COOLED), RATE: 5.0, "L1.strength": 1e-3},
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
