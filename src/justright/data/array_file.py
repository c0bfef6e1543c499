"""Rows and targets in an `.npz` file of NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from justright.data.arrays import checked_targets
from justright.data.damaged import DAMAGED, reason_of
from justright.data.dataset import Dataset
from justright.data.preparation import PIXELS, STANDARDIZE, is_pixels
from justright.errors import DataError

# What people call the arrays of a part.
_NAMES = {
    "train": (("x_train", "y_train"), ("train_x", "train_y"), ("x", "y"), ("data", "target")),
    "validation": (("x_val", "y_val"), ("x_valid", "y_valid"), ("x_validation", "y_validation")),
    "test": (("x_test", "y_test"), ("test_x", "test_y")),
}


def read_array_file(path: Path) -> Dataset:
    """Read arrays from an `.npz` file; an array of Python objects is refused.

    Args:
        path: holds `x_train` and `y_train`, and where there are some `x_val`, `y_val`, `x_test`,
            `y_test`; or `X` and `y`. Whether letters are large does not matter.

    Returns:
        Rows (rows, …): pixels where they are uint8 of several dimensions, else numbers to be
        standardized on the training rows, in more than one dimension by channel.

    Raises:
        DataError: no such file, arrays of other names, of objects, or of lengths that differ.
    """
    if not path.is_file():
        raise DataError(f"There is no file {str(path)!r}. Check the path.")
    pairs = _pairs(path)
    if "train" not in pairs:
        raise DataError(
            f"{path.name} has no training rows: give it the arrays x_train and y_train, or X and y."
        )
    X, y = pairs.pop("train")
    shape = " × ".join(map(str, X.shape[1:]))
    words = f"{X.shape[1]} features" if X.ndim == 2 else f"rows of {shape}"
    return Dataset(
        name=path.name,
        head=f"{path.name}, {words}",
        X=X,
        y=y,
        preprocess=PIXELS if is_pixels(X) else STANDARDIZE,
        validation=pairs.get("validation"),
        test=pairs.get("test"),
        target="y",
    )


def rows_to_predict(path: Path) -> tuple[np.ndarray, np.ndarray | None, str, str]:
    """Rows of an `.npz` file that a network is to predict, whether or not it has their targets.

    Args:
        path: holds arrays as for `read_array_file`, with or without targets, or one array alone.

    Returns:
        Rows (rows, …) of the test part where there is one, else those to train on, else those to
        validate; targets (rows,) or (rows, outputs), or None; the names of both
        arrays, "" of none.

    Raises:
        DataError: no such file, arrays of other names, of objects, or of lengths that differ.
    """
    try:
        with np.load(path) as stored:
            known = {name.lower(): name for name in stored.files}
            names = [pair for part in ("test", "train", "validation") for pair in _NAMES[part]]
            found = [(known[x], known.get(y)) for x, y in names if x in known]
            if not found and len(stored.files) == 1:
                found = [(stored.files[0], None)]
            if not found:
                listed = ", ".join(stored.files) or "none"
                raise DataError(
                    f"{path.name} holds the arrays {listed}; X or x_test is wanted, with or "
                    "without y or y_test."
                )
            inputs, targets = found[0]
            X = stored[inputs]
            if targets is None:
                return X, None, inputs, ""
            X, y = _checked(X, stored[targets], path, inputs, targets)
            return X, y, inputs, targets
    except DataError:
        raise
    except DAMAGED as error:
        raise DataError(f"{path.name} cannot be read as .npz: {reason_of(error)}") from error


def _pairs(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    try:
        # Arrays of Python objects, which could run code, NumPy refuses unless it is told otherwise.
        with np.load(path) as stored:
            known = {name.lower(): name for name in stored.files}
            for part, names in _NAMES.items():
                for inputs, targets in names:
                    if part not in found and {inputs, targets} <= set(known):
                        pair = stored[known[inputs]], stored[known[targets]]
                        found[part] = _checked(*pair, path, known[inputs], known[targets])
            if not found:
                listed = ", ".join(stored.files) or "none"
                raise DataError(
                    f"{path.name} holds the arrays {listed}; x_train and y_train, or X and y, are "
                    "wanted."
                )
    except DataError:
        raise
    except DAMAGED as error:
        raise DataError(f"{path.name} cannot be read as .npz: {reason_of(error)}") from error
    return found


def _checked(X: Any, y: Any, path: Path, inputs: str, targets: str) -> tuple[Any, np.ndarray]:
    if X.ndim < 1 or y.ndim < 1:
        raise DataError(f"{path.name}: {inputs} and {targets} have a row for each example.")
    return X, checked_targets(y, len(X), f"{path.name}: {targets}", inputs)
