"""How far a run is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from justright.engine.trial import Trial


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        trainings: trials ended, of `of_trainings`.
        epochs: epochs' worth of work done, of `of_epochs`; a trial that ends early
            counts in full.
    """

    trainings: int
    of_trainings: int
    epochs: int
    of_epochs: int


class Report:
    """Counts what is done, over all programs."""

    def __init__(
        self, trials: Sequence[Trial], on_progress: Callable[[Progress], None] | None
    ) -> None:
        self._tell = on_progress
        self._of = len(trials), sum(t.epochs for t in trials)
        self._ended = 0
        self._epochs_ended = 0

    def ended(self, trial: Trial) -> None:
        """A trial has ended."""
        self._ended += 1
        self._epochs_ended += trial.epochs

    def tell(self, epochs_running: int) -> None:
        """Say how far the run is; `epochs_running` are those of trials that have not ended."""
        if self._tell:
            epochs = self._epochs_ended + epochs_running
            self._tell(Progress(self._ended, self._of[0], epochs, self._of[1]))
