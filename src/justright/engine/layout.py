"""Where lanes live: on which devices, how many on each, and how a device walks them.

On a CPU few lanes a device, one after the other: a lane that has stopped costs
nothing, and its weights stay in the cache. On a GPU many lanes at once, as many
as its memory holds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import jax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

AXIS = "lanes"

CPU_LANES = 4
GPU_LANES = 256

# A walk copies every lane's state in and out, so large lanes stand alone on a core.
_CPU_LANE_BYTES = 64 * 2**20
_GPU_SHARE = 0.6


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

    def halved(self) -> Layout | None:
        """Half as many lanes on each device; None where there is one already."""
        if self.lanes_per_device == 1:
            return None
        return replace(self, lanes_per_device=self.lanes_per_device // 2)


def choose_layout(
    state_bytes: int, pass_bytes: int, devices: tuple[jax.Device, ...] | None = None
) -> Layout:
    """The layout for a network and the devices at hand; it does not depend on the trials.

    Args:
        state_bytes: what a lane keeps: weights, the optimizer's state, the best weights.
        pass_bytes: what a lane's activations take while it trains or is evaluated.
        devices: of one kind; all of JAX's if None.
    """
    devices = devices or tuple(jax.devices())
    if devices[0].platform == "cpu":
        lanes = _CPU_LANE_BYTES // max(1, state_bytes)
        return Layout(devices, _between(1, lanes, CPU_LANES), "map")
    lanes = int(_GPU_SHARE * _memory(devices[0])) // max(1, state_bytes + pass_bytes)
    return Layout(devices, _power_of_two(_between(1, lanes, GPU_LANES)), "vmap")


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


def _power_of_two(value: int) -> int:
    return 1 << (value.bit_length() - 1)


def _memory(device: jax.Device) -> int:
    """How many bytes JAX may use on a device; 8 GiB where it does not say."""
    stats = device.memory_stats() or {}
    return int(stats.get("bytes_limit", 8 * 2**30))
