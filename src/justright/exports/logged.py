"""What a study tells a logger: its trials with their settings, figures and curves."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from justright.engine.program import Task
from justright.engine.trial import CURVES, TrialResult
from justright.evidence.measure import Measure

_NAMES = {
    "train_loss": "train/loss",
    "val_loss": "validation/loss",
    "train_metric": "train/{metric}",
    "val_metric": "validation/{metric}",
    "penalty": "train/penalty",
}


@dataclass(frozen=True)
class Logged:
    """One trial as loggers take it.

    Attributes:
        name: of the recipe, the seed, and the split where there are several.
        folder: the same in letters, digits and dashes, unlike all others of the study.
        settings: strengths, seed and what else the training was made of.
        epochs: the figures of each epoch, by name; those that are no numbers are left out.
        results: the figures at the chosen weights, by name.
    """

    name: str
    folder: str
    settings: dict[str, Any]
    epochs: tuple[dict[str, float], ...]
    results: dict[str, float]


def logged(task: Task, results: Sequence[TrialResult], metric: Measure) -> Iterator[Logged]:
    """The trials of a study, in order."""
    taken: set[str] = set()
    several = len({r.trial.split for r in results}) > 1
    for one in results:
        trial = one.trial
        name = f"{trial.name}, seed {trial.seed}" + (f", split {trial.split}" if several else "")
        folder = plain(name)
        while folder in taken:
            folder += "-"
        taken.add(folder)
        names = [_NAMES[curve].format(metric=metric.name) for curve in CURVES]
        epochs = tuple(_numbers(zip(names, map(float, row), strict=True)) for row in one.curves)
        chosen = [(n, one.at_chosen(c)) for n, c in zip(names, CURVES, strict=True)]
        tested = zip(("test/loss", f"test/{metric.name}"), one.test, strict=True)
        yield Logged(name, folder, _settings(task, one), epochs, _numbers([*chosen, *tested]))


def plain(name: str) -> str:
    """A name that is safe as a folder and in any logger: letters, digits, dots and dashes."""
    return re.sub(r"[^\w.]+", "-", name, flags=re.ASCII).strip("-.")[:100] or "recipe"


def _settings(task: Task, one: TrialResult) -> dict[str, Any]:
    trial = one.trial
    return {
        "recipe": str(trial.recipe) or "no regularization",
        "seed": trial.seed,
        "split": trial.split,
        "epochs": trial.epochs,
        "batch_size": task.batch_size,
        "optimizer": type(task.optimizer).__name__,
        "learning_rate": trial.learning_rate,
        "loss": task.objective.loss_name,
        "outcome": one.outcome.name.lower(),
        "chosen_epoch": one.chosen_epoch,
        **trial.recipe.strengths(),
    }


def _numbers(pairs: Any) -> dict[str, float]:
    return {name: value for name, value in pairs if math.isfinite(value)}
