"""What is left of a study that Ctrl-C has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from justright.engine.interruption import CutShort, say_stopped, stopped_after
from justright.engine.outcome import Outcome
from justright.engine.trial import Trial, TrialResult


def whole_or_told(
    trials: Sequence[Trial],
    results: Sequence[TrialResult],
    wanted: bool,
    seeds_of: int | None = None,
) -> tuple[str, ...]:
    """No note of a run that was not cut short; of another one how far it came.

    Args:
        trials: that were to be trained.
        results: of those that were.
        wanted: whether fewer than all are of any use.
        seeds_of: how many trainings of a seed must be there for any of them to be shown; None if
            each is.

    Raises:
        CutShort: they are not, or there are none.
    """
    cut = [result for result in results if result.outcome is Outcome.INTERRUPTED]
    if len(results) == len(trials) and not cut:
        return ()
    if not wanted or not results:
        raise CutShort
    shown = results if seeds_of is None else whole_seeds(results, seeds_of)
    if not shown:
        raise CutShort
    reached = {result.trial.name for result in results}
    missing = [name for name in dict.fromkeys(t.name for t in trials) if name not in reached]
    more = _instead(cut, shown, results) + (
        f"; none of {', '.join(missing)}" if 0 < len(missing) < 6 else ""
    )
    said = stopped_after(len(results) - len(cut), len(trials), more)
    say_stopped(said)
    return (said,)


def whole_seeds(results: Sequence[TrialResult], count: int) -> list[TrialResult]:
    """The results of the seeds that have so many."""
    found = Counter(result.trial.seed for result in results)
    return [one for one in results if found[one.trial.seed] == count]


def _instead(
    cut: Sequence[TrialResult], shown: Sequence[TrialResult], results: Sequence[TrialResult]
) -> str:
    """What is shown, where that is not just what has ended."""
    if not cut:
        if len(shown) == len(results):
            return ""
        return f": what is shown is {len(shown)} of them, of seeds that all points have"
    ran = sorted(result.epochs_run for result in shown)
    span = f"{ran[0]}" if ran[0] == ran[-1] else f"{ran[0]} to {ran[-1]}"
    some = "1 of them, as it was" if len(shown) == 1 else f"{len(shown)} of them, as they were"
    return f": what is shown is {some} after {span} of {cut[0].trial.epochs} epochs"
