"""The rows of a task as the engine wants them: one pool, and indices into it for each split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

Array = Any
"""A NumPy array on the host, a JAX array on the device, a tracer in the program."""


@dataclass(frozen=True)
class Split:
    """Which rows of the pool train, select (validation) and judge (test)."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Part:
    """The rows of one part of a split.

    Attributes:
        index: (n,) positions in the pool.
        count: how many of them are real, the first ones; None if all are.
    """

    index: Array
    count: Array | None = None

    def real(self) -> Array | None:
        """What each row counts (n,), 1 or 0; None if all count."""
        if self.count is None:
            return None
        return (jnp.arange(self.index.shape[0]) < self.count).astype(jnp.float32)


class Rows(NamedTuple):
    """All data of a study on the device.

    Shapes: inputs (pool, …); targets (pool, …); train (splits, n_train);
    validation (splits, n_val); test (splits, n_test), indices of int32. Where splits differ
    in size, counts (splits, 3) says how many of each part are real, and the others repeat them.
    sample_weight (pool,) is by what each row's data loss is multiplied, None for 1; figures are
    means with these weights.
    """

    inputs: Array
    targets: Array
    train: Array
    validation: Array
    test: Array
    counts: Array | None = None
    sample_weight: Array | None = None

    def weights_of(self, index: Array) -> Array | None:
        """The sample weights of rows of the pool; None without such."""
        return None if self.sample_weight is None else self.sample_weight[index]

    def parts(self, split: Array) -> tuple[Part, Part, Part]:
        """The parts of one split: train, validation, test."""
        counts: Any = (None, None, None) if self.counts is None else self.counts[split]
        train, validation, test = (part[split] for part in (self.train, self.validation, self.test))
        return Part(train, counts[0]), Part(validation, counts[1]), Part(test, counts[2])


def pooled(
    inputs: np.ndarray,
    targets: np.ndarray,
    splits: list[Split],
    sample_weight: np.ndarray | None = None,
) -> Rows:
    """Put inputs, targets and the splits' indices together.

    Args:
        inputs: (pool, …) of float32.
        targets: (pool, …) as the objective encodes them.
        splits: their parts may differ in size; no part is empty in some and not in others.
        sample_weight: (pool,) of float32, or None.
    """
    parts = [[split.train, split.validation, split.test] for split in splits]
    counts = np.array([[len(part) for part in split] for split in parts], np.int32)
    train, validation, test = (
        np.stack([np.resize(split[i], most) for split in parts]).astype(np.int32)
        for i, most in enumerate(counts.max(axis=0))
    )
    even = bool((counts == counts[0]).all())
    return Rows(inputs, targets, train, validation, test, None if even else counts, sample_weight)
