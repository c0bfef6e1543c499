"""Dask's workers: one block at a time in each process, on as many cores as it has threads."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from justright.cluster import worker as at_work
from justright.cluster.cluster import not_understood
from justright.cluster.worker import Block, Done, Given, Greeting
from justright.errors import DataError

_HOW = (
    "Start one by `dask scheduler` and, on each machine, `dask worker tcp://ADDRESS:8786`; then "
    "give its address as dask=tcp://ADDRESS:8786 or in DASK_SCHEDULER_ADDRESS."
)
# For a connection, and between two looks at whether a worker that is waited for is still there.
_SECONDS = 20.0


class DaskCluster:
    """A scheduler that runs already, and its workers.

    Blocks are pinned to workers and sent one at a time: Dask would give a process as many as it
    has threads, and each of them trains on all of its cores.

    Args:
        address: of the scheduler; of the present `distributed.Client` if None, or of
            `DASK_SCHEDULER_ADDRESS`.

    Raises:
        DataError: Dask is not installed, or there is no scheduler.
    """

    def __init__(self, address: str | None) -> None:
        try:
            import distributed
        except ImportError as error:
            raise DataError(
                f"Workers of Dask need dask and distributed, which cannot be imported ({error}). "
                "Install them, in justright's folder: pip install '.[dask]'."
            ) from error
        self._dask: Any = distributed
        self._client = self._connected(address)
        self._futures: dict[str, Any] = {}
        # Not Dask's own wait: what it raises after the time is up would keep this object alive.
        self._news = threading.Event()

    def _connected(self, address: str | None) -> Any:
        if address is None:
            try:
                return self._dask.default_client()
            except ValueError:
                known = self._dask.config.get("scheduler-address", None)
                address = os.environ.get("DASK_SCHEDULER_ADDRESS") or known
        if address is None:
            raise DataError(f"workers='dask' wants a cluster that runs, and knows none. {_HOW}")
        try:
            client = self._dask.Client(address, timeout=_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise DataError(f"No Dask scheduler answers at {address}. {_HOW}") from error
        weakref.finalize(self, client.close)
        return client

    def workers(self) -> Mapping[str, int]:
        """Addresses, with the number of threads of each."""
        return {address: max(1, int(n)) for address, n in self._client.nthreads().items()}

    def greet(self, workers: Mapping[str, int]) -> dict[str, Greeting]:
        """What workers say of themselves."""
        found: dict[str, Greeting] = {}
        for cores in set(workers.values()):
            alike = [worker for worker, n in workers.items() if n == cores]
            found |= self._told(alike, at_work.greet, cores)
        return found

    def give(self, workers: Collection[str], name: str, value: Given) -> set[str]:
        """Let workers keep a value: it goes to the scheduler once, and from there to them."""
        return set(self._told(workers, at_work.take, name, value))

    def send(self, worker: str, block: Block) -> None:
        """Let a worker train a block."""
        news = self._news
        future = self._client.submit(at_work.train, block, workers=[worker], pure=False, retries=0)
        future.add_done_callback(lambda _: news.set())
        self._futures[worker] = future

    def ended(self, seconds: float) -> Iterator[tuple[str, Done | None]]:
        """What workers have given since."""
        if not self._futures:
            return
        self._news.wait(seconds)
        self._news.clear()
        present = self.workers()
        for worker, future in list(self._futures.items()):
            if worker not in present or future.status in ("lost", "cancelled"):
                future.cancel(force=True)
                yield worker, None
            elif future.done():
                yield worker, self._result(worker, future)
            else:
                continue
            del self._futures[worker]

    def _result(self, worker: str, future: Any) -> Done | None:
        lost = (self._dask.scheduler.KilledWorker, self._dask.CancelledError)
        while True:
            try:
                done: Done = future.result(timeout=_SECONDS)
            except TimeoutError:
                # Its result lay on a worker that has gone since.
                if worker not in self.workers():
                    future.cancel(force=True)
                    return None
            except lost:
                return None
            else:
                return done

    def stop(self, workers: Collection[str], run: str) -> None:
        """Ask workers to end their blocks."""
        self._told(workers, at_work.stop, run)

    def forget(self) -> None:
        """Want nothing more of the blocks."""
        for future in self._futures.values():
            future.cancel(force=True)
        self._futures.clear()

    def _told(
        self, workers: Collection[str], function: Callable[..., Any], *arguments: Any
    ) -> dict[str, Any]:
        """Call a function in workers' processes, also while they train; those that are there."""
        present = [worker for worker in workers if worker in self.workers()]
        if not present:
            return {}
        answers = self._client.run(function, *arguments, workers=present, on_error="return")
        for worker, answer in answers.items():
            if isinstance(answer, Exception) and not isinstance(answer, OSError):
                raise not_understood(worker, answer) from answer
        return {name: one for name, one in answers.items() if not isinstance(one, OSError)}
