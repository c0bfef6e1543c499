"""Where lanes live: on which devices, how many on each, and how a device walks them.

On a CPU few lanes a device, one after the other: a lane that has stopped costs
nothing, and its weights stay in the cache. On a GPU many lanes at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import jax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

AXIS = "lanes"

CPU_LANES = 4
GPU_LANES = 256


@dataclass(frozen=True)
class Layout:
    """A number of lanes on each of some devices.

    Attributes:
        devices: of one kind.
        lanes_per_device: how many trials a device holds.
        walk: one lane after the other (`"map"`), or all at once (`"vmap"`). A trial's
            numbers differ between the two by rounding only.
    """

    devices: tuple[jax.Device, ...]
    lanes_per_device: int
    walk: Literal["map", "vmap"]

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
        per = self.lanes_per_device
        return tuple(d * per + i for i in range(per) for d in range(len(self.devices)))


def choose_layout(devices: tuple[jax.Device, ...] | None = None) -> Layout:
    """The layout for the devices at hand."""
    devices = devices or tuple(jax.devices())
    if devices[0].platform == "cpu":
        return Layout(devices, CPU_LANES, "map")
    return Layout(devices, GPU_LANES, "vmap")
