"""The parts of the benchmark: each measures one thing, and can run alone."""

from collections.abc import Callable

from findings import Asked, Findings

from parts import costs, first_picture, gpu, large, scale, sweep

PARTS: dict[str, Callable[[Asked], Findings]] = {
    "sweep": sweep.measure,
    "first_picture": first_picture.measure,
    "scale": scale.measure,
    "large": large.measure,
    "gpu": gpu.measure,
    "costs": costs.measure,
}
