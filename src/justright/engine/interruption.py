"""Ctrl-C: the first asks a run to end at the next border of a segment, the second aborts at once.

Python shows an interruption as an exception wherever it happens to be, and then all that was
trained is lost. Experiments that have something to give when they are cut short say so by
`stoppable`; within it the first Ctrl-C is a wish that the engine looks at between segments.
Everything else is interrupted as ever.
"""

from __future__ import annotations

import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

STOPPING = "\nStopping after these epochs; Ctrl-C again aborts at once.\n"


class CutShort(KeyboardInterrupt):
    """The first Ctrl-C has ended a run before it had what is wanted of it."""


@dataclass
class Interruption:
    """Whether the run under way is to end, and what is said of it then.

    Attributes:
        asked: whether Ctrl-C was pressed.
        said: after how many trainings it was stopped, a sentence.
    """

    asked: bool = False
    said: str = ""


# Of this thread: a run in another one goes on.
_UNDER_WAY: ContextVar[Interruption | None] = ContextVar("under_way", default=None)


def stop_asked() -> bool:
    """Whether the run under way is to end."""
    run = _UNDER_WAY.get()
    return run is not None and run.asked


def say_stopped(sentence: str) -> None:
    """Leave a sentence for whoever asked the run under way to end."""
    run = _UNDER_WAY.get()
    if run is not None:
        run.said = sentence


def stopped_after(done: int, of: int | None, more: str = "") -> str:
    """The sentence: after how many trainings, of how many if that is known.

    >>> stopped_after(12, 30)
    'Stopped by Ctrl-C after 12 of 30 trainings.'
    """
    whole = f" of {of}" if of is not None else ""
    plural = "" if (of or done) == 1 else "s"
    return f"Stopped by Ctrl-C after {done}{whole} training{plural}{more}."


@contextmanager
def stoppable(warn: bool = True) -> Iterator[Interruption]:
    """Let the first Ctrl-C in this block end a run early, with what it has.

    Within another such block it is that one. Ctrl-C stays as it is in threads other than the main
    one, and where something else than Python's default handles it already.

    Args:
        warn: whether to warn, when the block ends, that it was cut short.
    """
    outer = _UNDER_WAY.get()
    if outer is not None:
        yield outer
        return
    run = Interruption()
    token = _UNDER_WAY.set(run)
    ours = _is_ours()

    def ask(*_: object) -> None:
        run.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.stderr.write(STOPPING)

    if ours:
        signal.signal(signal.SIGINT, ask)
    try:
        yield run
    finally:
        _UNDER_WAY.reset(token)
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    if run.asked and warn:
        warnings.warn(run.said or "Stopped by Ctrl-C.", UserWarning, stacklevel=4)


def _is_ours() -> bool:
    """Whether Ctrl-C is Python's to handle, and ours to take."""
    main = threading.current_thread() is threading.main_thread()
    return main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
