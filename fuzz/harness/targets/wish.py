"""What a browser sends to the playground."""

from __future__ import annotations

import json

from harness.mutation import mutated_json
from harness.target import Target
from justright.playground.wish import read_wish


def corpus() -> list[bytes]:
    """A sample, and points that were drawn."""
    wish = {
        "data": {"shape": "moons", "points": 20, "noise": 0.4, "seed": 1},
        "width": 4,
        "stopping": False,
        "seed": 1,
        "rate": 3,
        "strength": 2,
        "known": [[0, 0], [1, 2]],
    }
    points = [[0.5, 0.5, i % 2, 1] for i in range(6)] + [[0, 0, 1, 0]]
    return [json.dumps(one).encode() for one in (wish, wish | {"data": {"drawn": points}})]


def check(data: bytes) -> None:
    """Read the wish, and make its points."""
    read_wish(data).cloud().rows()


TARGET = Target("wish", corpus, check, mutated_json)
