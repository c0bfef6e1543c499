"""The workers of a cluster as the driver knows them: what they are, and what they were given."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from typing import Any

from justright.cluster.cluster import Cluster
from justright.cluster.worker import Given, Greeting
from justright.engine.layout import Layout
from justright.engine.versions import Versions, present
from justright.errors import BackendError
from justright.events import tell

_REMEMBERED = 32
_SAME = ("justright", "jax", "jaxlib", "keras", "numpy")


class Crew:
    """Workers that have said what they are.

    Args:
        cluster: that they belong to.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._greetings: dict[str, Greeting] = {}
        self._given: set[tuple[str, str]] = set()
        self._names: OrderedDict[str, tuple[tuple[Any, ...], Given]] = OrderedDict()

    def present(self) -> dict[str, int]:
        """The workers that there are, with their cores, each of which has said what it is.

        Raises:
            BackendError: one has other versions than this process.
        """
        there = dict(self.cluster.workers())
        new = {worker: n for worker, n in there.items() if worker not in self._greetings}
        if new:
            for worker, greeting in self.cluster.greet(new).items():
                _check_versions(worker, greeting)
                self._greetings[worker] = greeting
                tell("worker", worker=worker, host=greeting.host, cores=new[worker])
        return {worker: n for worker, n in there.items() if worker in self._greetings}

    def width(self, worker: str, cores: int, layout: Layout) -> int:
        """How many trials a worker trains at the same time."""
        greeting = self._greetings[worker]
        return cores if greeting.platform == "cpu" else greeting.devices * layout.lanes_per_device

    def named(self, of: tuple[Any, ...], made: Callable[[], Given]) -> str:
        """The name by which workers know what is made of some objects.

        Args:
            of: the same name goes with the same objects.
            made: makes what travels.
        """
        for name, (known, _) in self._names.items():
            if len(known) == len(of) and all(a is b for a, b in zip(known, of, strict=True)):
                self._names.move_to_end(name)
                return name
        name = uuid.uuid4().hex
        self._names[name] = of, made()
        while len(self._names) > _REMEMBERED:
            self._names.popitem(last=False)
        return name

    def provide(self, workers: Collection[str], names: Sequence[str], anew: bool = False) -> None:
        """Give workers what they do not have yet.

        Args:
            workers: to give to.
            names: of values.
            anew: whether they have had and lost it.
        """
        for name in names:
            lacking = [w for w in workers if anew or (w, name) not in self._given]
            if lacking:
                having = self.cluster.give(lacking, name, self._names[name][1])
                self._given |= {(worker, name) for worker in having}

    def lost(self, worker: str) -> None:
        """A worker is no more; one of the same name would know nothing."""
        self._greetings.pop(worker, None)
        self._given = {one for one in self._given if one[0] != worker}


def _check_versions(worker: str, greeting: Greeting) -> None:
    here, there = present(), greeting.versions
    others = [name for name in _SAME if getattr(here, name) != getattr(there, name)]
    if _minor(here) != _minor(there):
        others.append("python")
    if others:
        told = ", ".join(f"{one} {getattr(there, one) or 'unknown'}" for one in others)
        own = ", ".join(f"{one} {getattr(here, one) or 'unknown'}" for one in others)
        raise BackendError(
            f"The worker {worker} on {greeting.host} has {told}; here it is {own}. Numbers would "
            "differ, and what travels might not be understood: install the same versions."
        )


def _minor(versions: Versions) -> list[str]:
    return versions.python.split(".")[:2]
