"""How much memory a lane takes: what the choice of a layout rests on."""

from __future__ import annotations

import jax

from justright.engine.evaluate import rows_at_once
from justright.engine.layout import Layout, choose_layout
from justright.engine.program import Task
from justright.network.extent import floats_per_row

_FLOAT = 4
# Weights now, best and initial; the gradient; and two moments, as Adam keeps them.
_COPIES = 6
# Activations and their gradients.
_BOTH_WAYS = 2


def layout_for(task: Task, devices: tuple[jax.Device, ...] | None = None) -> Layout:
    """The layout for a task's network: few lanes where they are large."""
    return choose_layout(state_bytes(task), pass_bytes(task), devices)


def state_bytes(task: Task) -> int:
    """What a lane keeps from step to step, in bytes."""
    return _FLOAT * _COPIES * int(task.blueprint.model.count_params())


def pass_bytes(task: Task) -> int:
    """What activations take in a pass through the network, in bytes, at most."""
    floats = floats_per_row(task.blueprint.model)
    judged = task.rows.train.shape[-1] + task.rows.validation.shape[-1]
    rows = max(_BOTH_WAYS * task.batch_size, min(judged, rows_at_once(floats)))
    return _FLOAT * rows * floats
