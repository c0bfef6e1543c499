"""What was decided before a training, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from justright.backend import idle_cores
from justright.data.table import targets_in_words
from justright.engine.program import Task
from justright.engine.trial import Trial
from justright.experiments.parts import Parts
from justright.network.own import own_regularization
from justright.regularizers.places import ActsOnStopping
from justright.regularizers.recipe import NEVER_STOP

_SIGNAL = 2
# Of recipes, so many are named.
_TOLD = 3


def notes_of(task: Task, parts: Parts, default: bool, asked: str | None) -> list[str]:
    """What was read off targets, rows, network and optimizer.

    Args:
        task: of the study.
        parts: its rows.
        default: whether the network is the default one.
        asked: the task that the user named, or None.
    """
    objective, optimizer = task.objective, task.optimizer
    scale = " from logits" if objective.from_logits and objective.kind != "regression" else ""
    classes = objective.classes
    target = "numbers" if classes is None else f"{len(classes)} classes"
    if objective.kind == "multilabel":
        target = "several labels a row"
    notes = _of_targets(parts, objective.kind == "regression", asked)
    notes.append(f"Target: {target}. Loss: {objective.loss_name.replace('_', ' ')}{scale}.")
    notes += _of_shape(parts.row_shape) if default else []
    own = own_regularization(task.blueprint.model)
    if own:
        notes.append(
            f"The model has regularization of its own, which stays on in every recipe: "
            f"{', '.join(own)}. justright.strip_regularization(model) gives a copy without."
        )
    if optimizer.weight_decay:
        notes.append(
            f"The optimizer {type(optimizer).__name__} has a weight decay of its own "
            f"({optimizer.weight_decay:g}), which stays on in every recipe."
        )
    idle = idle_cores()
    return [*notes, idle] if idle else notes


def patience_in_words(trials: Sequence[Trial]) -> list[str]:
    """Which recipes' patience is longer than their trainings."""
    longer = {
        trial.name: None
        for trial in trials
        if trial.recipe.filling(ActsOnStopping)
        and trial.epochs <= trial.recipe.stop_rule().patience < NEVER_STOP.patience
    }
    if not longer:
        return []
    named = list(longer)[:_TOLD]
    more = f" and {len(longer) - _TOLD} more" if len(longer) > _TOLD else ""
    return [
        f"{', '.join(named)}{more}: the patience is as long as the training, so nothing stops "
        "early."
    ]


def _of_targets(parts: Parts, numbers: bool, asked: str | None) -> list[str]:
    """What the column that is predicted holds, and how to have it otherwise."""
    if not parts.target:
        return []
    y = parts.targets
    told = [targets_in_words(y, parts.target, numbers)]
    if asked is None and y.ndim == 1 and y.dtype.kind in "iu":
        other, form = ("classification", "classes") if numbers else ("regression", "numbers")
        if numbers or len(set(y.tolist())) > 2:
            told.append(f'(task="{other}" takes them as {form}.)')
    return told


def _of_shape(shape: tuple[int, ...]) -> list[str]:
    if len(shape) != _SIGNAL:
        return []
    steps, channels = shape
    return [
        f"Rows of {steps} × {channels} are taken as signals, {steps} steps of {channels} channels; "
        f"pictures have three dimensions, ({steps}, {channels}, 1)."
    ]
