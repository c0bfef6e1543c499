"""Where lanes live: on which devices, how many on each, and how a device walks them.

On a CPU few lanes a device, one after the other: a lane that has stopped costs
nothing, and its weights stay in the cache. On a GPU many lanes at once, as many
as keep its multiprocessors busy and its memory holds.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import jax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

AXIS = "lanes"

CPU_LANES = 4
# Of a GPU that does not say how many multiprocessors it has; and the bounds for one that does.
GPU_LANES, FEWEST_GPU_LANES, MOST_GPU_LANES = 256, 32, 1024
# Threads that a multiprocessor holds, and how many numbers each is given, so that some work while
# others wait for memory.
_THREADS, _NUMBERS = 2048, 16

# A walk copies every lane's state in and out, so large lanes stand alone on a core.
_CPU_LANE_BYTES = 64 * 2**20
# Where Linux tells a container's limit, by either version of its control groups.
_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_GPU_SHARE = 0.6
_CPU_SHARE = 0.6


@dataclass(frozen=True)
class Layout:
    """A number of lanes on each of some devices.

    Attributes:
        devices: of one kind.
        lanes_per_device: how many trials a device holds.
        walk: one lane after the other (`"map"`), or all at once (`"vmap"`). A trial's
            numbers differ between the two by rounding only.
        idle: so many of the devices, the last ones, are in the program and train nothing.
    """

    devices: tuple[jax.Device, ...]
    lanes_per_device: int
    walk: Literal["map", "vmap"]
    idle: int = 0

    @property
    def lanes(self) -> int:
        """How many trials train at a time."""
        return len(self.devices) * self.lanes_per_device

    def mesh(self) -> Mesh:
        """The devices along the lanes' axis."""
        return Mesh(list(self.devices), (AXIS,))

    def over_lanes(self) -> NamedSharding:
        """Arrays whose first axis is the lanes."""
        return NamedSharding(self.mesh(), PartitionSpec(AXIS))

    def everywhere(self) -> NamedSharding:
        """Arrays that every device has whole."""
        return NamedSharding(self.mesh(), PartitionSpec())

    def spread(self) -> tuple[int, ...]:
        """The lanes in the order to fill them: one on each device, then the next on each."""
        per, busy = self.lanes_per_device, len(self.devices) - self.idle
        return tuple(d * per + i for i in range(per) for d in range(busy))

    def halved(self) -> Layout | None:
        """Half as many lanes on each device, then half the devices; None where one lane is left."""
        if self.lanes_per_device > 1:
            return replace(self, lanes_per_device=self.lanes_per_device // 2)
        if len(self.devices) > 1:
            return replace(self, devices=self.devices[: len(self.devices) // 2], idle=0)
        return None


def on_fewest_devices(layouts: Sequence[Layout]) -> list[Layout]:
    """The same lanes a device, all on the devices of the layout that has the fewest."""
    fewest = min((layout.devices for layout in layouts), key=len)
    return [replace(layout, devices=fewest) for layout in layouts]


def choose_layout(
    state_bytes: int,
    pass_bytes: int,
    devices: tuple[jax.Device, ...] | None = None,
    shared_bytes: int = 0,
    step_floats: int = 0,
) -> Layout:
    """The layout for a network and the devices at hand; it does not depend on the trials.

    On a CPU it is one that the machine's memory holds: fewer lanes, and then fewer devices,
    where lanes are very large.

    Args:
        state_bytes: what a lane keeps: weights, the optimizer's state, the best weights.
        pass_bytes: what a lane's activations take while it trains or is evaluated.
        devices: of one kind; all of JAX's if None.
        shared_bytes: what each device holds for all of its lanes: the rows.
        step_floats: how many numbers the layers of a lane give for a batch.
    """
    devices = devices or tuple(jax.devices())
    if devices[0].platform == "cpu":
        lanes = _CPU_LANE_BYTES // max(1, state_bytes)
        layout = Layout(devices, _between(1, lanes, CPU_LANES), "map")
        return _that_fits(layout, state_bytes, pass_bytes + shared_bytes)
    room = int(_GPU_SHARE * _memory(devices[0])) - shared_bytes
    lanes = room // max(1, state_bytes + pass_bytes)
    busy = _that_keep_busy(devices[0], step_floats)
    return Layout(devices, _power_of_two(_between(1, lanes, busy)), "vmap")


def _that_keep_busy(device: jax.Device, step_floats: int) -> int:
    """How many lanes a GPU's multiprocessors want, reckoned and not timed.

    Timed, it would differ from run to run, and with it the last digits of a trial's numbers.
    """
    multiprocessors = getattr(device, "core_count", None)
    if not multiprocessors or not step_floats:
        return GPU_LANES
    lanes = multiprocessors * _THREADS * _NUMBERS // step_floats
    return _between(FEWEST_GPU_LANES, lanes, MOST_GPU_LANES)


def _that_fits(layout: Layout, state_bytes: int, pass_bytes: int) -> Layout:
    """A layout of a CPU, smaller while the machine's memory would not hold it.

    The machine's memory and not what is free of it: a trial's numbers would otherwise differ in
    their last digits with what else runs. On a CPU a device walks its lanes one by one, so one
    pass a device is in memory at a time, beside the device's copy of the rows.

    Args:
        layout: to begin with.
        state_bytes: of a lane.
        pass_bytes: of a device.
    """
    room = int(_CPU_SHARE * _machine_memory())
    smaller: Layout | None = layout
    while smaller is not None:
        layout = smaller
        if layout.lanes * state_bytes + len(layout.devices) * pass_bytes <= room:
            break
        smaller = layout.halved()
    return layout


def _machine_memory() -> float:
    """The machine's memory in bytes, or a container's share; 8 GiB where nobody says."""
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        whole = 8 * 2**30
    return min([whole, *map(_limit_in, _LIMITS)])


def _limit_in(path: Path) -> float:
    """What a container is limited to; infinity where there is no such limit."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # Of another system, or "max".
        return math.inf


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


def _power_of_two(value: int) -> int:
    return 1 << (value.bit_length() - 1)


def _memory(device: jax.Device) -> int:
    """How many bytes JAX may use on a device; 8 GiB where it does not say."""
    stats = device.memory_stats() or {}
    return int(stats.get("bytes_limit", 8 * 2**30))
