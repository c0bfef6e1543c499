"""Helper trainings for a diagnosis, where they decide: in the program that is compiled already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from justright.engine.outcome import Outcome
from justright.engine.trial import CURVES, Trial, TrialResult
from justright.evidence.diagnosis_reading import Reading, last
from justright.evidence.diagnosis_rows import at_chance
from justright.evidence.diagnosis_steps import SLOWER_GAINS
from justright.experiments.setup import Setup
from justright.network.optimizer import has_schedule
from justright.study import Study

_SLOWER = 0.1
_LONGER = 2
# Helpers train on the rows of one split: what decides between conditions hardly depends on it.
_SPLIT = 0


def with_controls(
    setup: Setup, study: Study, readings: Sequence[Reading]
) -> tuple[list[Reading], tuple[str, ...]]:
    """Train what decides between conditions, and put it into the facts of the readings.

    Rows that stay on disk are not read again for it.

    Args:
        setup: that the study was trained with.
        study: trials of one recipe.
        readings: of them.

    Returns:
        The readings, and in sentences which helper trainings there were.
    """
    given = [result for result in study.results if result.trial.split == _SPLIT]
    trials = [result.trial for result in given]
    slower_loss = pace = None
    notes: list[str] = []
    if setup.task.stream is not None:
        return list(readings), ()
    if any(map(_may_be_too_fast, readings)) and not has_schedule(setup.task.optimizer):
        (slower,) = setup.train([_slower(trials[0])], progress=False).results
        slower_loss = _kept_loss(slower)
        notes.append("One helper training had a tenth of the learning rate and twice the epochs.")
    if any(map(at_chance, readings)):
        permuted = _permuted(setup).train(trials, progress=False)
        pace = _pace(given, permuted.results)
        notes.append(f"{_count(trials)} had targets permuted on purpose.")
    found = [replace(r.facts, slower_loss=slower_loss, permuted_pace=pace) for r in readings]
    return [replace(r, facts=one) for r, one in zip(readings, found, strict=True)], tuple(notes)


def _slower(trial: Trial) -> Trial:
    rate = _SLOWER * trial.learning_rate
    return replace(trial, learning_rate=rate, epochs=_LONGER * trial.epochs)


def _may_be_too_fast(r: Reading) -> bool:
    return not r.is_finite or last(r.train_loss) > SLOWER_GAINS * r.guess_loss


def _kept_loss(result: TrialResult) -> float | None:
    return None if result.outcome is Outcome.FAILED else result.at_chosen("train_loss")


def _permuted(setup: Setup) -> Setup:
    """The same task with the targets of the training rows of one split permuted among them."""
    rows = setup.task.rows
    targets = np.array(rows.targets)
    part = rows.parts(_SPLIT)[0]
    train = np.asarray(part.index)[: part.count]
    targets[train] = targets[np.random.default_rng(0).permutation(train)]
    return replace(setup, task=replace(setup.task, rows=rows._replace(targets=targets)), asked=None)


def _pace(given: Sequence[TrialResult], permuted: Sequence[TrialResult]) -> float | None:
    """How the mean training loss over epochs compares with that on permuted targets."""
    paces = []
    for one, other in zip(given, permuted, strict=True):
        count = min(one.epochs_run, other.epochs_run)
        losses = [
            result.curves[:count, CURVES.index("train_loss")].mean() for result in (one, other)
        ]
        if np.isfinite(losses).all() and losses[1] > 0:
            paces.append(losses[0] / losses[1])
    return float(np.mean(paces)) if paces else None


def _count(trials: Sequence[Trial]) -> str:
    return f"{len(trials)} helper training{'s' * (len(trials) > 1)}"
