"""About how long a training takes, reckoned and not timed: the same on any machine."""

from __future__ import annotations

from justright.engine.program import Task

COMPILE_SECONDS = 1.5
_STEP_SECONDS = 5e-6
_FLOPS = 8e10
_UPDATE_SECONDS = 6e-10  # A weight in an update of Adam.


def seconds_of_training(task: Task, epochs: int) -> float:
    """About what a training takes on one core, from its sizes alone: the same on any machine."""
    weights = int(task.blueprint.model.count_params())
    steps = task.steps_per_epoch
    flops = 6 * weights * task.training_rows
    judged = task.rows.train.shape[-1] + task.rows.validation.shape[-1]
    an_epoch = steps * (_STEP_SECONDS + weights * _UPDATE_SECONDS)
    return epochs * (an_epoch + (flops + 2 * weights * judged) / _FLOPS)
