"""Helper trainings for a diagnosis, where they decide: in the program that is compiled already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from justright.data.epochs import Epochs
from justright.engine.outcome import Outcome
from justright.engine.trial import CURVES, Trial, TrialResult
from justright.evidence.diagnosis_reading import Reading, last
from justright.evidence.diagnosis_rows import FITTED, NEAR_GUESS
from justright.evidence.diagnosis_steps import SLOWER_GAINS
from justright.evidence.facts import Facts
from justright.experiments.setup import Setup
from justright.study import Study

_SLOWER = 0.1
_LONGER = 2


@dataclass(frozen=True)
class Controlled:
    """Facts with what helper trainings gave, and what those were, in sentences."""

    facts: Facts
    notes: tuple[str, ...]


def with_controls(setup: Setup, study: Study, readings: Sequence[Reading]) -> Controlled:
    """Train what decides between conditions, and put it into the facts.

    Args:
        setup: that the study was trained with.
        study: trials of one recipe.
        readings: of them.
    """
    facts, notes = readings[0].facts, []
    trials = [result.trial for result in study.results]
    if any(map(_may_be_too_fast, readings)):
        first = replace(
            trials[0],
            learning_rate=_SLOWER * trials[0].learning_rate,
            epochs=_LONGER * trials[0].epochs,
        )
        (slower,) = setup.train([first], progress=False).results
        facts = replace(facts, slower_loss=_kept_loss(slower))
        notes.append("One helper training had a tenth of the learning rate and twice the epochs.")
    if setup.task.stream is None and any(map(_near_chance, readings)):
        permuted = _permuted(setup).train(trials, progress=False)
        facts = replace(facts, permuted_pace=_pace(study.results, permuted.results))
        notes.append(f"{_count(trials)} had targets permuted on purpose.")
    return Controlled(facts, tuple(notes))


def epochs_of_result(result: TrialResult, accuracy: bool) -> Epochs:
    """The curves of a trial.

    Args:
        result: of the trial.
        accuracy: whether the study's metric is that.
    """
    curves = dict(zip(CURVES, result.curves.T, strict=True))
    return Epochs(
        curves["train_loss"],
        curves["val_loss"],
        curves["train_metric"] if accuracy else None,
        curves["val_metric"] if accuracy else None,
        np.arange(1, result.epochs_run + 1),
        max(result.chosen_epoch, 1),
    )


def _may_be_too_fast(r: Reading) -> bool:
    return not r.is_finite or last(r.train_loss) > SLOWER_GAINS * r.guess_loss


def _near_chance(r: Reading) -> bool:
    return r.is_finite and r.learned_train >= FITTED and r.learned_val <= NEAR_GUESS * r.val_error


def _kept_loss(result: TrialResult) -> float | None:
    return None if result.outcome is Outcome.FAILED else result.at_chosen("train_loss")


def _permuted(setup: Setup) -> Setup:
    """The same task with the targets of the training rows permuted among them."""
    rows = setup.task.rows
    targets = np.array(rows.targets)
    for number, train in enumerate(np.asarray(rows.train)):
        targets[train] = targets[np.random.default_rng(number).permutation(train)]
    return replace(setup, task=replace(setup.task, rows=rows._replace(targets=targets)))


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
