"""The rows of a study as a `.npz` file, which scripts read."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from justright.engine.program import Task
from justright.errors import DataError
from justright.exports.places import destination
from justright.network.objective import Objective

PARTS = ("train", "val", "test")


def is_standardized(preparations: Sequence[Any]) -> bool:
    """Whether preprocessing is scikit-learn's plain `StandardScaler`, which can be undone."""
    from sklearn.preprocessing import StandardScaler

    return bool(preparations) and all(
        type(one) is StandardScaler and one.with_mean and one.with_std for one in preparations
    )


def write_rows(
    path: str | os.PathLike[str], task: Task, preparations: Sequence[Any], split: int
) -> Path:
    """Write the rows of a split: `X_train`, `y_train`, `X_val`, `y_val`, and `_test` if any.

    Raises:
        DataError: another suffix, no such folder, a file there that holds anything else, or rows
            that stay on disk.
    """
    place = destination(path, (".npz",))
    _check_ours(place)
    if task.stream is not None:
        raise DataError(
            "The rows of this study stay on disk and are read anew in each epoch: there is no "
            "file of them to write. A script is written for rows in memory."
        )
    scaler = preparations[split] if is_standardized(preparations) else None
    arrays: dict[str, np.ndarray] = {}
    for name, part in zip(PARTS, task.rows.parts(split), strict=True):
        index = np.asarray(part.index)[: None if part.count is None else int(part.count)]
        if len(index):
            X = np.asarray(task.rows.inputs)[index]
            arrays[f"X_{name}"] = X if scaler is None else scaler.inverse_transform(X.astype(float))
            arrays[f"y_{name}"] = labels_of(task.objective, np.asarray(task.rows.targets)[index])
    save: Any = np.savez  # Its type has an option among the names of arrays.
    save(place, **arrays)
    return place


def labels_of(objective: Objective, targets: np.ndarray) -> np.ndarray:
    """Targets as the user gave them: labels of classes, else numbers or one-hot."""
    classes = objective.classes
    if classes is None or (objective.kind == "categorical" and not objective.sparse):
        return targets
    labels = np.asarray(classes)
    if labels.dtype.kind == "O":  # Text from a frame; the file holds no Python objects.
        labels = labels.astype(str)
    return labels[targets.reshape(-1).astype(int)]


def _check_ours(place: Path) -> None:
    """Rows that were written for a script before are replaced, a user's own are not."""
    if not place.exists():
        return
    try:
        with np.load(place) as file:
            known = {f"{array}_{part}" for array in "Xy" for part in PARTS}
            ours = set(file.files) <= known and "X_train" in file.files
    except (OSError, ValueError, zipfile.BadZipFile):
        ours = False
    if not ours:
        raise DataError(
            f"{place} is there already and is no file of rows for a script, which would stand "
            "under that name. Choose another name for the script."
        )
