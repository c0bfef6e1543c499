"""What is left of a study that Ctrl-C has ended."""

from __future__ import annotations

from collections.abc import Sequence

from justright.engine.interruption import CutShort, say_stopped, stopped_after
from justright.engine.outcome import Outcome
from justright.engine.trial import Trial, TrialResult


def whole_or_told(
    trials: Sequence[Trial], results: Sequence[TrialResult], wanted: bool
) -> tuple[str, ...]:
    """No note of a run that was not cut short; of another one how far it came.

    Args:
        trials: that were to be trained.
        results: of those that were.
        wanted: whether fewer than all are of any use.

    Raises:
        CutShort: they are not, or there are none.
    """
    cut = [result for result in results if result.outcome is Outcome.INTERRUPTED]
    if len(results) == len(trials) and not cut:
        return ()
    if not wanted or not results:
        raise CutShort
    reached = {result.trial.name for result in results}
    missing = [name for name in dict.fromkeys(t.name for t in trials) if name not in reached]
    more = _instead(cut) + (f"; none of {', '.join(missing)}" if 0 < len(missing) < 6 else "")
    said = stopped_after(len(results) - len(cut), len(trials), more)
    say_stopped(said)
    return (said,)


def _instead(cut: Sequence[TrialResult]) -> str:
    """What stands in for trainings that have ended, where none has."""
    if not cut:
        return ""
    epochs, of = max(result.epochs_run for result in cut), cut[0].trial.epochs
    some = "1 of them, as it was" if len(cut) == 1 else f"{len(cut)} of them, as they were"
    return f": what is shown is {some} after {epochs} of {of} epochs"
