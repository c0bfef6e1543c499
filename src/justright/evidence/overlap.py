"""What the figures of two splits have in common, because the splits share rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from justright.engine.rows import Split


@dataclass(frozen=True)
class Overlap:
    """Corrections for splits that share rows, one for each part that is judged.

    A correction is r = ρ/(1 − ρ), where ρ is how strongly the figures of two splits correlate
    because of shared rows: variances of a mean over J splits are 1/J + r times that between
    splits. ρ cannot be estimated from the figures (Bengio and Grandvalet, 2004), so it is read
    off the rows:

    - validation and test figures: Nadeau and Bengio's ρ = n_judged/(n_judged + n_train), so
      r = n_judged/n_train: the share of judged rows that two random splits have in common;
    - rows that are the same in all splits: there only the training rows differ, ρ is the share
      of training rows that two splits have in common, and what is said holds for these rows;
    - training figures: the same ρ, for they are taken on the training rows.

    Attributes:
        train, validation, test: r of figures of this part; 0 for one split.
        shared_validation: mean share of validation rows that two splits have in common.
        same_test: whether all of several splits have the same test rows.
        test_apart: whether no split trains or selects on test rows of another. If not, what is
            chosen over all splits has been chosen on test rows too.

    Source: Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52, 2003.
    """

    train: float = 0.0
    validation: float = 0.0
    test: float = 0.0
    shared_validation: float = 0.0
    same_test: bool = False
    test_apart: bool = True

    @staticmethod
    def of(splits: Sequence[Split]) -> Overlap:
        """That of splits, as positions among the rows that were divided."""
        if len(splits) < 2:
            return ONE_SPLIT
        train, validation, test = (
            [getattr(split, part) for split in splits] for part in ("train", "validation", "test")
        )
        trained = _ratio(_shared(train))

        def judged(part: list[np.ndarray]) -> float:
            return trained if _shared(part) == 1 else _size(part) / _size(train)

        return Overlap(
            train=trained,
            validation=judged(validation),
            test=judged(test),
            shared_validation=_shared(validation),
            same_test=_shared(test) == 1,
            test_apart=not np.isin(np.concatenate(test), np.concatenate(train + validation)).any(),
        )

    @staticmethod
    def of_random_splits(train: int, validation: int, test: int) -> Overlap:
        """That of independent random splits into parts of so many rows."""
        pool = train + validation + test
        return Overlap(
            train=_ratio(train / pool),
            validation=validation / train,
            test=test / train,
            shared_validation=validation / pool,
            test_apart=test == 0,
        )

    def ratio(self, column: str) -> float:
        """The correction r for a column of a study's table.

        That of a gap is that of validation rows, which are fewer than those trained on, so that
        they disturb it more.
        """
        part = column.split("_", maxsplit=1)[0]
        return {"train": self.train, "test": self.test}.get(part, self.validation)


ONE_SPLIT = Overlap()
"""Seeds alone: nothing is shared between splits."""


def _size(parts: Sequence[np.ndarray]) -> float:
    return float(np.mean([len(part) for part in parts]))


def _shared(parts: Sequence[np.ndarray]) -> float:
    """The mean share of rows that two of some parts have in common; 0 of empty ones."""
    size, count = _size(parts), len(parts)
    if size == 0:
        return 0.0
    in_parts = np.bincount(np.concatenate(parts))
    return float((in_parts * (in_parts - 1)).sum() / (count * (count - 1)) / size)


def _ratio(shared: float) -> float:
    return shared / (1 - shared) if shared < 1 else math.inf
