"""The diagnosis of trials: what each recipe of a study shows, from its curves and its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from justright.data.epochs import Epochs
from justright.engine.outcome import Outcome
from justright.engine.program import Task
from justright.engine.trial import CURVES, Trial, TrialResult
from justright.errors import DataError
from justright.evidence.diagnosis import Diagnosis, Finding, judged
from justright.evidence.diagnosis_means import Means
from justright.evidence.diagnosis_reading import Reading
from justright.evidence.facts import Facts, facts_of


def diagnosis_of_trials(
    task: Task, results: Sequence[TrialResult], features: tuple[str, ...], means: Means
) -> Diagnosis:
    """Diagnose the recipes of trials, in order.

    Args:
        task: of the trials.
        results: of them; those that were given up are left out.
        features: names of the inputs.
        means: what commands can name.

    Raises:
        DataError: all trials were given up.
    """
    findings: list[Finding] = []
    facts: dict[int, Facts] = {}
    ended = [one for one in results if one.outcome is not Outcome.PRUNED]
    for recipe in dict.fromkeys(one.trial.name for one in ended):
        mine = [one for one in ended if one.trial.name == recipe]
        named = means_of_trial(means, mine[0].trial)
        findings += judged(readings_of(task, mine, features, facts), named, recipe)
    if not findings:
        raise DataError("The study has no training that ran to its end: all were given up.")
    return Diagnosis(tuple(findings), "rows")


def readings_of(
    task: Task,
    results: Sequence[TrialResult],
    features: tuple[str, ...],
    facts: dict[int, Facts],
) -> list[Reading]:
    """One reading a training, with the facts of its split; those that are known are kept.

    Args:
        task: of the trials.
        results: of them.
        features: names of the inputs.
        facts: by split; those that are missing are added.
    """
    for split in {result.trial.split for result in results} - set(facts):
        facts[split] = facts_of(task, split, features)
    accuracy = task.objective.metric_name == "accuracy"
    return [
        Reading(epochs_of_result(r, accuracy), facts[r.trial.split], r.test[1 if accuracy else 0])
        for r in results
    ]


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


def means_of_trial(means: Means, trial: Trial) -> Means:
    """What commands can name, with the settings of a trial."""
    return replace(
        means,
        learning_rate=trial.learning_rate,
        epochs=trial.epochs,
        recipe=trial.recipe,
        strengths=trial.recipe.strengths(),
    )
