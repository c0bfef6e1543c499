"""What the driver asks of a cluster, whichever it is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from justright.cluster.worker import Block, Done, Given, Greeting
from justright.errors import BackendError

_LONGEST = 200


class Cluster(Protocol):
    """Workers that come and go, each of which trains one block at a time; known by names."""

    def workers(self) -> Mapping[str, int]:
        """The workers that there are now, with how many cores each may use."""

    def greet(self, workers: Mapping[str, int]) -> dict[str, Greeting]:
        """What workers say of themselves, all at once; nothing of those that are no more.

        Raises:
            BackendError: one cannot import justright.
        """

    def give(self, workers: Collection[str], name: str, value: Given) -> set[str]:
        """Let workers keep a value that blocks will name.

        Returns:
            Those that have it now.

        Raises:
            BackendError: one does not understand it.
        """

    def send(self, worker: str, block: Block) -> None:
        """Let a worker train a block; it has none."""

    def ended(self, seconds: float) -> Iterator[tuple[str, Done | None]]:
        """What workers have given since, with None of those that are lost.

        Args:
            seconds: to wait for the first, at most.
        """

    def stop(self, workers: Collection[str], run: str) -> None:
        """Ask workers to end their block of a run at the next border of a segment."""

    def forget(self) -> None:
        """Want nothing more of the blocks that are under way."""


def not_understood(worker: str, error: BaseException) -> BackendError:
    """The error of a worker that could not do as it was told."""
    # Ray's errors hold the one that was raised there.
    cause = getattr(error, "cause", None) or error
    said = (str(cause).strip() or "no message").splitlines()[0][:_LONGEST]
    return BackendError(
        f"The worker {worker} does not understand what it is given: {type(cause).__name__}: {said} "
        "Install justright there as it is here, and put code of your own (layers, losses, "
        "techniques) into the script itself or into a module that workers can import."
    )
