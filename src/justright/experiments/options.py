"""What is asked of trainings beside rows and network: a store, workers, lanes, first weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from justright.engine.layout import Layout
from justright.engine.program import Task
from justright.engine.size import layout_for
from justright.errors import DataError, ModelError
from justright.network.blueprint import Blueprint
from justright.network.weights import Arrays
from justright.regularizers.recipe import Recipe
from justright.whole import is_whole

if TYPE_CHECKING:
    from justright.cluster.driver import Driver
    from justright.experiments.keep import Keep

MOST_LANES = 2**16


def driver_of(workers: str | None) -> Driver | None:
    """What trains on the workers of a cluster; None where trials train here.

    Raises:
        DataError: no such cluster.
    """
    if workers is None:
        return None
    from justright.cluster.connect import connect
    from justright.cluster.driver import Driver

    return Driver(connect(workers))


def check_rows_travel(driver: Driver | None, task: Task) -> None:
    """Workers are given the rows, so these are in memory.

    Raises:
        DataError: they are read anew in each epoch.
    """
    if driver is not None and task.stream is not None:
        raise DataError(
            "workers= wants rows in memory, which travel to the workers once. Rows that are read "
            "in each epoch train on one machine: leave workers out, or give a part of the rows."
        )


def keep_in(path: str | Path | None) -> Keep | None:
    """The store in a file; None without one."""
    if path is None:
        return None
    # SQLite takes its time to be imported, and most studies are not stored.
    from justright.experiments.keep import Keep

    return Keep(path)


def layout_of(task: Task, lanes: int | None) -> Layout | None:
    """So many lanes on each device, or None for a choice.

    Raises:
        DataError: no such number of lanes.
    """
    if lanes is None:
        return None
    if not is_whole(lanes) or not 1 <= lanes <= MOST_LANES:
        raise DataError(
            f"lanes={lanes!r}: lanes is a whole number from 1 to {MOST_LANES}, or None."
        )
    return replace(layout_for(task, Recipe()), lanes_per_device=int(lanes))


def compiled_loss(model: Any) -> Any:
    """The loss that a model was compiled with, if it is one loss."""
    found = getattr(model, "loss", None) if getattr(model, "compiled", False) else None
    return None if isinstance(found, dict | list | tuple) else found


def initial_values(
    blueprint: Blueprint, initial_weights: str | None
) -> Callable[[int], Arrays] | Arrays:
    """What trials start from: drawn by seed, or the model's own weights.

    Raises:
        ModelError: another wish, or a model without weights.
    """
    if initial_weights is None:
        return blueprint.initial_values
    if initial_weights != "model":
        raise ModelError(
            f"initial_weights={initial_weights!r}: give 'model' to start from the model's own "
            "weights, or None to draw them anew for each seed."
        )
    if blueprint.own_values is None:
        raise ModelError(
            'initial_weights="model" wants weights, and the model is not built. Give it an Input '
            "layer, or call model.build((None, features))."
        )
    return blueprint.own_values
