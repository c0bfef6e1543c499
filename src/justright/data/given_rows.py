"""What a user gives as rows in memory: a pair, a table with its target, or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from justright.data.arrays import as_array, check_shape, checked_targets
from justright.data.columns import kind_of
from justright.data.dataset import Dataset
from justright.data.frames import as_frame, is_frame
from justright.data.identifiers import doubts_of
from justright.data.preparation import PIXELS, TABLE, is_pixels
from justright.data.read import read_dataset
from justright.data.table import dataset_of
from justright.errors import DataError

CLASSIFICATION, REGRESSION = "classification", "regression"


def dataset_given(
    given: Any, part: str, target: str | None = None, pixels: bool = False
) -> Dataset:
    """Rows and targets of what a user gives, and what makes numbers of the rows.

    Args:
        given: `(X, y)`, a frame of pandas, polars or pyarrow that holds its target, or the path of
            what `read_dataset` reads.
        part: what it is for: train, validation or test.
        target: the name of the target's column, where X and y are one; the last one if None.
        pixels: whether pictures of uint8 are to be scaled.

    Returns:
        The rows. Of a pair of arrays `preprocess` is None: they are taken as they are. A frame that
        holds anything but numbers, or misses values, is prepared as a table.

    Raises:
        DataError: none of these, or rows that do not fit their targets.
    """
    if isinstance(given, Dataset):
        return given
    if isinstance(given, str | Path):
        return read_dataset(Path(given), target)
    if is_frame(given):
        return dataset_of(as_frame(given, part), part, target)
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise DataError(
            f"{part} is a pair (X, y), a frame that holds the target, the path of a file, or a "
            f"keras.utils.PyDataset; a {type(given).__name__} was given."
        )
    X, y, where = given[0], given[1], f"X of {part}"
    X = as_frame(X, where) if is_frame(X) else X if hasattr(X, "shape") else as_array(X, where)
    check_shape(X.shape, where)
    targets = checked_targets(y, X.shape[0], f"y of {part}", where)
    preprocess = PIXELS if pixels and is_pixels(X) else TABLE if _wants_preparing(X) else None
    columns = getattr(X, "columns", ())
    told = doubts_of(as_frame(X)) if part == "train" and len(columns) else ()
    features = tuple(map(str, columns))
    return Dataset(part, part, X, targets, features, preprocess=preprocess, told=told)


def as_task(y: np.ndarray, task: str | None, where: str) -> np.ndarray:
    """Targets in the form that a task has: integers or labels for classes, floats for numbers.

    Args:
        y: (rows,) or (rows, outputs).
        task: `"classification"`, `"regression"`, or None to take them as they are.
        where: what to call them in an error message.

    Raises:
        DataError: another task, or targets that do not go with it.
    """
    if task not in (None, CLASSIFICATION, REGRESSION):
        raise DataError(
            f"task={task!r}: give {CLASSIFICATION!r} or {REGRESSION!r}, or leave it out."
        )
    if task == REGRESSION:
        if y.dtype.kind in "US":
            raise DataError(
                f"{where} holds text, such as {str(y.flat[0])!r}, which is no number: "
                'task="regression" has nothing to fit. Leave task out, or name another target.'
            )
        return y.astype(np.float64)
    if task == CLASSIFICATION and y.dtype.kind == "f":
        odd = y[y != np.round(y)]
        if len(odd):
            raise DataError(
                f"{where} holds {odd[0]:.6g}, which is no code of a class: for task="
                '"classification" give whole numbers or labels, as from y.astype(str).'
            )
        return y.astype(np.int64)
    return y


def _wants_preparing(X: Any) -> bool:
    """Whether this is a frame with anything but numbers, or with missing ones."""
    if not hasattr(X, "iloc"):
        return False
    return bool(X.isna().any(axis=None)) or any(kind_of(X[one], 1) != "number" for one in X)
