"""The rows of a study: which train, which select and judge, in memory or read in each epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from justright.data.arrays import checked_inputs, checked_targets
from justright.data.holdout import hold_out
from justright.data.parquet import ParquetFile
from justright.data.piece import Source
from justright.data.source import source_of
from justright.data.stream import StreamedRows
from justright.data.survey import Survey, survey
from justright.engine.rows import Rows, Split, pooled
from justright.engine.stream import shareable
from justright.errors import DataError
from justright.network.objective import Objective

VALIDATION_SHARE = 0.25

Given = Any
"""`(X, y)`, the path of a Parquet file, or a `keras.utils.PyDataset`."""
Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Parts:
    """All rows in one pool, and which of them do what.

    Attributes:
        X: (pool, …) of float32.
        y: (pool,) or (pool, outputs), as the user gave them.
        split: positions in the pool; those of `train` are a sample where training rows are
            read in each epoch.
        notes: what was held out, in sentences.
        survey: of the rows that are read in each epoch; None if all are in the pool.
        features: the names of the columns of X; empty where they have none.
    """

    X: np.ndarray
    y: np.ndarray
    split: Split
    notes: tuple[str, ...]
    survey: Survey | None = None
    features: tuple[str, ...] = ()

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of one row of X."""
        return self.X.shape[1:]

    @property
    def targets(self) -> np.ndarray:
        """Training targets, or what stands for them."""
        return self.survey.targets if self.survey else self.y[self.split.train]

    @property
    def training_rows(self) -> int:
        """How many rows an epoch trains on."""
        return self.survey.rows if self.survey else len(self.split.train)

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
        for name, rows in (("validation", self.split.validation), ("test", self.split.test)):
            objective.encode(self.y[rows], f"y of {name}")
        return pooled(self.X, objective.encode(self.y, "y of train"), [self.split])

    def stream(self, objective: Objective, batch_size: int, shuffle: bool) -> StreamedRows | None:
        """The rows that are read in each epoch; None if all are in the pool."""
        if self.survey is None:
            return None
        return StreamedRows(self.survey, batch_size, shuffle, objective.encode)


def parts_of(train: Given, validation: Any, test: Any, target: str | None) -> Parts:
    """Check rows and targets, and divide them.

    Args:
        train: what trains.
        validation, test: more rows, a fraction of the training rows, or None.
        target: the column to predict, in a Parquet file.

    Raises:
        DataError: rows, targets or parts that cannot be trained on.
    """
    source = source_of(train, "train", target)
    seen, notes = None, []
    if validation is None:
        validation = VALIDATION_SHARE
    given = {"test": test, "validation": validation}
    if source is None:
        X, y = _checked_pair(train, "train")
    else:
        shares = {part: float(share) for part, share in given.items() if _is_share(share)}
        seen = survey(source, shares)
        X, y = seen.sample
        notes += _notes(seen, shares)
    pool = _Pool(X, y)
    rows, parts = np.arange(len(X)), {}
    for name, one in given.items():
        if one is None:
            parts[name] = np.arange(0)
        elif seen is not None and name in seen.held:
            parts[name] = pool.add(seen.held[name], name)
        elif _is_share(one):
            kept, held = hold_out(y[rows], float(one), name)
            parts[name], rows = rows[held], rows[kept]
            notes.append(f"{len(held)} of the training rows were held out for {name}.")
        else:
            pair, told = _further(one, name, source)
            parts[name] = pool.add(pair, name)
            notes += told
    split = Split(rows, parts["validation"], parts["test"])
    surveyed = seen.without_rows() if seen else None
    return Parts(*pool.joined(), split, tuple(notes), surveyed, _features(train, source))


def _features(train: Given, source: Source | None) -> tuple[str, ...]:
    """The names of the inputs that a Parquet file or a DataFrame brings."""
    if isinstance(source, ParquetFile):
        return source.features
    return tuple(map(str, getattr(train[0], "columns", ()))) if source is None else ()


class _Pool:
    """Rows that are put together, part by part; the first are those of train."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self._X, self._y = [X], [y]

    def add(self, pair: Pair, name: str) -> np.ndarray:
        """Put a part in; return its positions."""
        _check_alike(self._X[0], self._y[0], *pair, name)
        start = sum(map(len, self._X))
        self._X.append(pair[0])
        self._y.append(pair[1])
        return np.arange(start, start + len(pair[0]))

    def joined(self) -> Pair:
        """All rows, where the CPU devices can read X without a copy of their own."""
        lengths = sum(map(len, self._X))
        X = shareable((lengths, *self._X[0].shape[1:]), np.float32)
        return np.concatenate(self._X, out=X), np.concatenate(self._y)


def _is_share(given: Any) -> bool:
    return isinstance(given, int | float | np.number)


def _further(given: Any, name: str, like: Source | None) -> tuple[Pair, list[str]]:
    """Rows that select or judge: all of them, or as many as may be held of a source."""
    source = source_of(given, name, like=like)
    if source is None:
        return _checked_pair(given, name), []
    seen = survey(source, {})
    count = len(seen.sample[0])
    if count == seen.rows:
        return seen.sample, []
    told = f"{count} of the {seen.rows} rows of {source.name}, drawn at random, are the {name}."
    return seen.sample, [told]


def _notes(seen: Survey, shares: dict[str, float]) -> list[str]:
    name, sample = seen.source.name, len(seen.sample[0])
    notes = [
        f"{len(seen.held[part][0])} of the rows, drawn at random, were held out for {part}."
        for part in shares
    ]
    notes.append(
        f"{seen.rows} training rows are read from {name} in each epoch; all trials take the same "
        "batches."
    )
    if sample < seen.rows:
        notes.append(f"Train figures are taken on {sample} of them, drawn at random.")
    return notes


def _checked_pair(pair: Any, name: str) -> Pair:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise DataError(
            f"{name} is a pair (X, y), the path of a Parquet file, or a keras.utils.PyDataset; a "
            f"{type(pair).__name__} was given."
        )
    X = checked_inputs(pair[0], f"X of {name}")
    return X, checked_targets(pair[1], len(X), f"y of {name}", f"X of {name}")


def _check_alike(
    X: np.ndarray, y: np.ndarray, more_X: np.ndarray, more_y: np.ndarray, name: str
) -> None:
    if X.shape[1:] != more_X.shape[1:]:
        raise DataError(
            f"Rows of X have shape {X.shape[1:]} in train and {more_X.shape[1:]} in {name}. Give "
            "both the same features."
        )
    text = [array.dtype.kind in "US" for array in (y, more_y)]
    if y.shape[1:] != more_y.shape[1:] or text[0] != text[1]:
        raise DataError(
            f"Targets are {y.dtype} of shape {y.shape[1:]} a row in train, and {more_y.dtype} of "
            f"shape {more_y.shape[1:]} in {name}. Give both in the same form."
        )
