"""How much memory a lane takes: what the choice of a layout rests on."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import keras

from justright.engine.evaluate import rows_at_once
from justright.engine.layout import Layout, choose_layout
from justright.engine.program import Task
from justright.network.extent import floats_per_row
from justright.network.structure import structure_of
from justright.network.weights import variable_paths
from justright.regularizers.places import ActsOnPrediction, ActsOnStepWeights
from justright.regularizers.recipe import Recipe

_FLOAT = 4
# Weights now, best and initial; the gradient; and two moments, as Adam keeps them.
_COPIES = 6
# Activations and their gradients.
_BOTH_WAYS = 2


Layouts = Callable[[Recipe], Layout]
"""The layout for recipes of one structure."""


def layouts_for(task: Task, layout: Layout | None) -> Layouts:
    """One layout for all recipes of a task, or the choice for each."""
    return partial(layout_for, task) if layout is None else lambda _: layout


def layout_for(task: Task, recipe: Recipe, devices: tuple[jax.Device, ...] | None = None) -> Layout:
    """The layout for a task's network with a recipe's structure: few lanes where they are large.

    Args:
        task: gives the network and the sizes of batches.
        recipe: its structure alone matters, so a trial has the same layout in every study.
        devices: of one kind; all of JAX's if None.
    """
    rows = sum(array.nbytes for array in jax.tree.leaves(task.rows))
    lane = lane_size(task, recipe)
    return choose_layout(lane.kept_bytes, lane.taken_bytes, devices, rows, lane.step_floats)


class LaneSize(NamedTuple):
    """What a lane takes.

    Attributes:
        kept_bytes: from step to step.
        taken_bytes: by a step or an evaluation besides, at most.
        step_floats: how many numbers the layers give for a batch.
    """

    kept_bytes: int
    taken_bytes: int
    step_floats: int


def lane_size(task: Task, recipe: Recipe) -> LaneSize:
    """What a lane of a recipe takes.

    Twin branches and projections of skip connections count, averages of the weights, and
    weights that each row has of its own.
    """
    model = structure_of(task.blueprint, recipe).model
    weights = int(model.count_params())
    kept = _COPIES * weights + _kept_for_prediction(recipe, model)
    floats = floats_per_row(model)
    judged = task.rows.train.shape[-1] + task.rows.validation.shape[-1]
    rows = max(_BOTH_WAYS * task.batch_size, min(judged, rows_at_once(floats)))
    taken = rows * floats
    if any(one.differs_by_row() for one in recipe.filling(ActsOnStepWeights)):
        taken += _BOTH_WAYS * task.batch_size * weights
    return LaneSize(_FLOAT * kept, _FLOAT * taken, task.batch_size * floats)


def _kept_for_prediction(recipe: Recipe, model: keras.Model) -> int:
    """Numbers that techniques keep beside the weights."""
    weights = {
        path: jax.ShapeDtypeStruct(v.shape, jnp.float32)
        for path, v in variable_paths(model).items()
        if v.trainable
    }
    states = [jax.eval_shape(one.start, weights) for one in recipe.filling(ActsOnPrediction)]
    return sum(math.prod(state.shape) for state in jax.tree.leaves(states))
