"""The machine that a benchmark runs on, and whether it had the machine for itself."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType

PACKAGES = ("justright", "jax", "jaxlib", "keras", "numpy", "scikit-learn", "torch")


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def pin(core: int) -> None:
    """Keep this process on one of its cores, counted from 0, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})


def describe() -> dict[str, object]:
    return {
        "cores": cores(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


class Watch:
    """What other processes take of all cores while a block runs.

    Attributes:
        seconds: that the block took.
        others: the share of the cores, in [0, 1], that went to processes which the
            block did not start and await; None where the system does not tell.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.others: float | None = None

    def __enter__(self) -> Watch:
        self._began = time.perf_counter()
        self._busy, self._own = _busy_seconds(), _own_seconds()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.seconds = time.perf_counter() - self._began
        busy = _busy_seconds()
        if busy is not None and self._busy is not None:
            others = (busy - self._busy) - (_own_seconds() - self._own)
            self.others = max(0.0, others / (self.seconds * (os.cpu_count() or 1)))


def _busy_seconds() -> float | None:
    """Seconds of all cores that were not idle, since the system started; None off Linux."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return None
    user, nice, system, _, _, *others = (int(ticks) for ticks in first.split()[1:9])
    return (user + nice + system + sum(others)) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.processor()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
