"""Ray's nodes: one actor on each, which has all of the node's processors to itself."""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from justright.cluster import worker as at_work
from justright.cluster.cluster import not_understood
from justright.cluster.worker import Block, Done, Given, Greeting
from justright.errors import DataError

_HOW = (
    "Start one by `ray start --head` and, on each further machine, `ray start "
    "--address=ADDRESS:6379`; then give its address as ray=ADDRESS:6379 or in RAY_ADDRESS."
)
# Of what trials have in common, so much stays in Ray's memory.
_REMEMBERED = 8


class RayCluster:
    """A cluster that runs already, with an actor on each node as its worker.

    Args:
        address: of the head; if None, of the Ray that this process is connected to, of
            `RAY_ADDRESS`, or of the cluster that runs on this machine.

    Raises:
        DataError: Ray is not installed, or there is no cluster.
    """

    def __init__(self, address: str | None) -> None:
        try:
            import ray
        except ImportError as error:
            raise DataError(
                f"Workers of Ray need ray, which cannot be imported ({error}). Install it, in "
                "justright's folder: pip install '.[ray]'."
            ) from error
        self._ray: Any = ray
        if not ray.is_initialized():
            self._connect(address)
        # Two threads: one trains, and one hears the wish to stop.
        self._kind: Any = ray.remote(Actor)
        self._actors: dict[str, Any] = {}
        self._cores: dict[str, int] = {}
        self._awake: dict[str, Any] = {}
        self._blocks: dict[str, Any] = {}
        self._values: OrderedDict[str, Any] = OrderedDict()
        self._made = 0

    def _connect(self, address: str | None) -> None:
        address = address or os.environ.get("RAY_ADDRESS") or "auto"
        try:
            self._ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, OSError, ValueError, RuntimeError) as error:
            where = "on this machine" if address == "auto" else f"at {address}"
            raise DataError(
                f"workers='ray' wants a cluster that runs, and there is none {where}. {_HOW}"
            ) from error

    def workers(self) -> Mapping[str, int]:
        """The actors that are awake; nodes without one are given one."""
        alive = {node["NodeID"]: node for node in self._ray.nodes() if node["Alive"]}
        for name in [one for one in self._actors if one.split()[0] not in alive]:
            self._drop(name)
        taken = {name.split()[0] for name in self._actors}
        for node, said in alive.items():
            if node not in taken and said["Resources"].get("CPU", 0) >= 1:
                self._hire(node, said["Resources"])
        self._wake()
        return {name: self._cores[name] for name in self._actors if name not in self._awake}

    def _hire(self, node: str, resources: Mapping[str, float]) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._made += 1
        name, cores = f"{node} {self._made}", int(resources["CPU"])
        self._cores[name] = cores
        self._actors[name] = self._kind.options(
            max_concurrency=2,
            num_cpus=cores,
            num_gpus=int(resources.get("GPU", 0)),
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
        ).remote()
        self._awake[name] = self._actors[name].awake.remote()

    def _wake(self) -> None:
        names = {ref: name for name, ref in self._awake.items()}
        if not names:
            return
        for ref in self._ray.wait(list(names), num_returns=len(names), timeout=0)[0]:
            try:
                self._ray.get(ref)
            except self._ray.exceptions.RayActorError:
                self._drop(names[ref])
            else:
                del self._awake[names[ref]]

    def _drop(self, name: str) -> None:
        for known in (self._actors, self._cores, self._awake):
            known.pop(name, None)

    def greet(self, workers: Mapping[str, int]) -> dict[str, Greeting]:
        """What workers say of themselves."""
        return self._told({worker: (at_work.greet, cores) for worker, cores in workers.items()})

    def give(self, workers: Collection[str], name: str, value: Given) -> set[str]:
        """Let workers keep a value: it is put into Ray once, and nodes hand it to each other."""
        if name not in self._values:
            self._values[name] = self._ray.put(value)
            while len(self._values) > _REMEMBERED:
                self._values.popitem(last=False)
        return set(self._told(dict.fromkeys(workers, (at_work.take, name, self._values[name]))))

    def send(self, worker: str, block: Block) -> None:
        """Let a worker train a block."""
        self._blocks[worker] = self._actors[worker].call.remote(at_work.train, block)

    def ended(self, seconds: float) -> Iterator[tuple[str, Done | None]]:
        """What workers have given since."""
        if not self._blocks:
            return
        names = {ref: name for name, ref in self._blocks.items()}
        self._ray.wait(list(names), timeout=seconds)
        ready, _ = self._ray.wait(list(names), num_returns=len(names), timeout=0)
        for ref in ready:
            del self._blocks[names[ref]]
            yield names[ref], self._result(names[ref], ref)

    def _result(self, worker: str, ref: Any) -> Done | None:
        try:
            done: Done = self._ray.get(ref)
        except (self._ray.exceptions.RayActorError, self._ray.exceptions.ObjectLostError):
            self._drop(worker)
            return None
        return done

    def stop(self, workers: Collection[str], run: str) -> None:
        """Ask workers to end their blocks."""
        self._told(dict.fromkeys(workers, (at_work.stop, run)))

    def forget(self) -> None:
        """Want nothing more of the blocks."""
        self._blocks.clear()

    def _told(self, calls: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
        """Call functions in workers' processes, also while they train; those that are there."""
        asked = {
            worker: self._actors[worker].call.remote(*call)
            for worker, call in calls.items()
            if worker in self._actors
        }
        answers: dict[str, Any] = {}
        for worker, ref in asked.items():
            try:
                answers[worker] = self._ray.get(ref)
            except self._ray.exceptions.RayActorError:
                self._drop(worker)
            except self._ray.exceptions.RayError as error:
                raise not_understood(worker, error) from error
        return answers


class Actor:
    """What runs in a worker's process."""

    def awake(self) -> None:
        """Nothing: to tell that there is a process."""

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function."""
        return function(*arguments)
