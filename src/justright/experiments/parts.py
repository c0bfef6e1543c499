"""The rows of a study: which train, which select and judge, in memory or read in each epoch."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np

from justright.data.asked import Asked
from justright.data.dataset import Dataset
from justright.data.stream import StreamedRows
from justright.data.survey import Survey
from justright.engine.rows import Rows, Split, pooled
from justright.errors import DataError
from justright.evidence.overlap import ONE_SPLIT, Overlap
from justright.network.objective import Objective


@dataclass(frozen=True)
class Division:
    """How the training rows are divided, and what is fitted on those that train.

    Attributes:
        splits: None, a number, a scikit-learn splitter, or a list of index arrays.
        groups: (rows,) rows of the same group stay on one side, or None.
        preprocess: a scikit-learn transformer, `"standardize"`, or None.
        one_test: whether test rows that are drawn are the same in all splits.
        sample_weight: (rows,) by what each training row's loss is multiplied, or None.
        task: `"classification"`, `"regression"`, or None for what the targets look like.
    """

    splits: Any = None
    groups: Any = None
    preprocess: Any = None
    one_test: bool = False
    sample_weight: Any = None
    task: str | None = None

    @property
    def has_folds(self) -> bool:
        """Whether splits bring rows that are held out."""
        return not (self.splits is None or isinstance(self.splits, numbers.Integral))

    def asked(self, train: Any, **others: Any) -> Asked:
        """The same as Python, beside other arguments that say what becomes of the rows.

        Args:
            train: the rows; a table that knows its target is asked for as a frame with its name.
            **others: by name.
        """
        known = train.target if isinstance(train, Dataset) else ""
        others["target"] = others.get("target") or known or None
        own = ("splits", "groups", "preprocess", "sample_weight", "task")
        return Asked.of({**others, **{name: getattr(self, name) for name in own}}, train)

    def check_none(self, name: str) -> None:
        """Refuse what rows that stay on disk do not allow."""
        for argument in ("splits", "groups", "preprocess", "sample_weight", "task"):
            if getattr(self, argument) is not None:
                raise DataError(
                    f"{argument} wants rows in memory, and {name} is read anew in each epoch. "
                    f"Leave {argument} out, or load the rows."
                )


@dataclass(frozen=True)
class Parts:
    """All rows in one pool, and which of them do what.

    Attributes:
        X: (pool, …) of float32.
        y: (pool,) or (pool, outputs), as the user gave them.
        splits: positions in the pool; those of `train` are a sample where training rows are
            read in each epoch.
        notes: what was held out, in sentences.
        survey: of the rows that are read in each epoch; None if all are in the pool.
        features: the names of the columns of X; empty where they have none.
        preparations: the fitted transformer of each split; none without preprocessing.
        target: the name of what is predicted; "" where it has none.
        overlap: what the splits have in common. With preprocessing each has copies of its own in
            the pool, so positions there do not tell.
        sample_weight: (pool,) of float32, or None.
    """

    X: np.ndarray
    y: np.ndarray
    splits: list[Split]
    notes: tuple[str, ...]
    survey: Survey | None = None
    features: tuple[str, ...] = ()
    preparations: tuple[Any, ...] = ()
    overlap: Overlap = ONE_SPLIT
    target: str = ""
    sample_weight: np.ndarray | None = None

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of one row of X."""
        return self.X.shape[1:]

    @property
    def targets(self) -> np.ndarray:
        """Training targets, or what stands for them."""
        if self.survey:
            return self.survey.targets
        return self.y[np.unique(np.concatenate([split.train for split in self.splits]))]

    @property
    def training_rows(self) -> int:
        """How many rows an epoch trains on, at least."""
        return self.survey.rows if self.survey else min(len(s.train) for s in self.splits)

    @property
    def own_batch_size(self) -> int | None:
        """Rows of a batch where the training rows come in batches of their own."""
        kept = self.survey and self.survey.source.keeps_batches
        return self.survey.largest if self.survey and kept else None

    def rows(self, objective: Objective) -> Rows:
        """The pool as the engine wants it.

        Raises:
            DataError: labels that training does not have, or more than can be listed.
        """
        if self.survey and objective.classes is not None and not self.survey.all_targets:
            raise DataError(
                f"The targets of {self.survey.source.name} have more than "
                f"{len(objective.classes)} different labels. If they are numbers, store them as "
                "floats, or give a loss for numbers."
            )
        for name in ("validation", "test"):
            for split in self.splits:
                objective.encode(self.y[getattr(split, name)], f"y of {name}")
        targets = objective.encode(self.y, "y of train")
        return pooled(self.X, targets, self.splits, self.sample_weight)

    def stream(self, objective: Objective, batch_size: int, shuffle: bool) -> StreamedRows | None:
        """The rows that are read in each epoch; None if all are in the pool."""
        if self.survey is None:
            return None
        return StreamedRows(self.survey, batch_size, shuffle, objective.encode)


def check_unweighted(rows: Rows, what: str) -> None:
    """Refuse sample weights where figures are taken without them.

    Args:
        rows: of the task.
        what: the experiment's name.

    Raises:
        DataError: sample weights.
    """
    if rows.sample_weight is not None:
        raise DataError(f"{what} takes every row alike. Leave sample_weight out.")
