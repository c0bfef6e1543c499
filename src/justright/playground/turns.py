"""One training at a time, and the newest wish first: who asked before is told to give way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class SupersededError(Exception):
    """A newer wish has come, or the playground closes."""


class Turns:
    """Hands out turns; who asks for one ends the turn before."""

    def __init__(self) -> None:
        self._running = threading.Lock()
        self._counting = threading.Lock()
        self._newest = 0
        self._closed = False

    @contextmanager
    def turn(self) -> Iterator[Callable[[], None]]:
        """Wait until nothing else trains.

        Yields:
            What to call now and then: it raises `SupersededError` where a newer turn is wanted.

        Raises:
            SupersededError: a newer turn was wanted meanwhile.
        """
        with self._counting:
            self._newest += 1
            mine = self._newest

        def check() -> None:
            if self._closed or mine != self._newest:
                raise SupersededError

        with self._running:
            check()
            yield check

    def close(self, patience: float = 10.0) -> bool:
        """Give no further turns, and wait for the one that runs.

        Args:
            patience: seconds to wait at most.

        Returns:
            Whether nothing runs any more.
        """
        self._closed = True
        ended = self._running.acquire(timeout=patience)
        if ended:
            self._running.release()
        return ended
