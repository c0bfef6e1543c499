"""The rows of a task as the engine wants them: one pool, and indices into it for each split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Array = Any
"""A NumPy array on the host, a JAX array on the device, a tracer in the program."""


@dataclass(frozen=True)
class Split:
    """Which rows of the pool train, select (validation) and judge (test)."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


class Rows(NamedTuple):
    """All data of a study on the device.

    Shapes: inputs (pool, …); targets (pool, …); train (splits, n_train);
    validation (splits, n_val); test (splits, n_test), indices of int32.
    """

    inputs: Array
    targets: Array
    train: Array
    validation: Array
    test: Array


def pooled(inputs: np.ndarray, targets: np.ndarray, splits: list[Split]) -> Rows:
    """Put inputs, targets and the splits' indices together.

    Args:
        inputs: (pool, …) of float32.
        targets: (pool, …) as the objective encodes them.
        splits: parts of equal size across splits.
    """

    def stacked(part: str) -> np.ndarray:
        return np.stack([getattr(split, part) for split in splits]).astype(np.int32)

    return Rows(inputs, targets, stacked("train"), stacked("validation"), stacked("test"))
