"""How a trial ended. A lane carries the number; people read the sentence."""

from __future__ import annotations

from enum import IntEnum


class Outcome(IntEnum):
    """The state of a lane, and in the end of its trial."""

    IDLE = 0
    RUNNING = 1
    FINISHED = 2
    STOPPED = 3
    FAILED = 4
    PRUNED = 5
    INTERRUPTED = 6

    @property
    def sentence(self) -> str:
        """What it means."""
        return _SENTENCES[self]


_SENTENCES = {
    Outcome.IDLE: "No trial is in this lane.",
    Outcome.RUNNING: "The trial is training.",
    Outcome.FINISHED: "All epochs were trained.",
    Outcome.STOPPED: "Validation stopped improving, and the training was ended early.",
    Outcome.PRUNED: "Others did better by the same epoch, and the training was given up.",
    Outcome.INTERRUPTED: "Ctrl-C ended the run; the weights are those that it had by then.",
    Outcome.FAILED: (
        "The loss became infinite or not a number; a smaller learning rate may mend it."
    ),
}
