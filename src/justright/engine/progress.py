"""How far a run is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from justright.engine.outcome import Outcome
from justright.engine.trial import Trial, TrialResult
from justright.events import tell


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        trainings: trials ended, of `of_trainings`.
        epochs: epochs' worth of work done, of `of_epochs`; a trial that ends early
            counts in full.
        best: the best validation metric of a training that has ended, of those that are running
            as long as none has, or None.
    """

    trainings: int
    of_trainings: int
    epochs: int
    of_epochs: int
    best: float | None = None


class Report:
    """Counts what is done, over all programs.

    Args:
        trials: all of them.
        on_progress: told how far the run is; nobody if None.
        higher_is_better: whether a larger metric is the better one.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        on_progress: Callable[[Progress], None] | None,
        higher_is_better: bool = True,
    ) -> None:
        self._tell = on_progress
        self._of = len(trials), sum(t.epochs for t in trials)
        self._pick = max if higher_is_better else min
        self._epochs_ended = 0
        self._best: float | None = None
        self.count = 0

    def ended(self, result: TrialResult) -> None:
        """A trial has ended just now."""
        self.known(result)
        trial = result.trial
        tell(
            "ended",
            recipe=trial.name,
            seed=trial.seed,
            split=trial.split,
            outcome=result.outcome.name.lower(),
            epochs=len(result.curves),
            val_loss=round(float(result.at_chosen("val_loss")), 6),
            val_metric=round(float(result.at_chosen("val_metric")), 6),
        )

    def known(self, result: TrialResult) -> None:
        """A trial has ended, if not in this run."""
        self.count += 1
        self._epochs_ended += result.trial.epochs
        if result.outcome not in (Outcome.FAILED, Outcome.PRUNED):
            self._best = self._better([self._best, result.at_chosen("val_metric")])

    def tell(self, epochs_running: int, metrics: Iterable[float] = ()) -> None:
        """Say how far the run is.

        Args:
            epochs_running: of the trials that have not ended.
            metrics: on the validation rows, of these trials by now.
        """
        if self._tell:
            epochs = self._epochs_ended + epochs_running
            best = self._better(metrics) if self._best is None else self._best
            self._tell(Progress(self.count, self._of[0], epochs, self._of[1], best))

    def _better(self, metrics: Iterable[float | None]) -> float | None:
        known = [float(one) for one in metrics if one is not None and math.isfinite(one)]
        return self._pick(known) if known else None
