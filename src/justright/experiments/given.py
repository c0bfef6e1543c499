"""From the rows that a user gives to the parts of a study: checked, divided, prepared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from justright.data.arrays import checked_inputs
from justright.data.dataset import Dataset
from justright.data.given_rows import CLASSIFICATION, as_task, dataset_given
from justright.data.parquet import ParquetFile
from justright.data.piece import Source
from justright.data.preparation import (
    PIXELS,
    named,
    output_names,
    prepared,
    stacked,
    told_of,
    transformed,
)
from justright.data.source import source_of
from justright.data.splits import PARTS, divide, in_words
from justright.data.survey import Survey, survey
from justright.data.weights import checked_weights
from justright.engine.rows import Split
from justright.engine.stream import shareable
from justright.errors import DataError
from justright.evidence.overlap import Overlap
from justright.experiments.parts import Division, Parts

VALIDATION_SHARE = 0.25

Given = Any
"""`(X, y)`, a frame or a file that holds its target, or a `keras.utils.PyDataset`."""
Pair = tuple[np.ndarray, np.ndarray]


def parts_of(
    train: Given,
    validation: Any,
    test: Any,
    target: str | None,
    division: Division | None = None,
    pixels: bool = False,
) -> Parts:
    """Check rows and targets, and divide them.

    Args:
        train: what trains.
        validation, test: more rows, a fraction of the training rows, or None.
        target: the column to predict, in a table that holds it.
        division: into several splits, and preprocessing.
        pixels: whether pictures of uint8 are scaled where no preprocessing is given.

    Raises:
        DataError: rows, targets or parts that cannot be trained on.
    """
    division = division or Division()
    source = source_of(train, "train", target)
    given = {"test": test, "validation": validation}
    if source is None:
        return _in_memory(dataset_given(train, "train", target, pixels), given, division)
    division.check_none(source.name)
    if validation is None:
        given["validation"] = VALIDATION_SHARE
    return _on_disk(source, given)


def _on_disk(source: Source, given: Mapping[str, Any]) -> Parts:
    shares = {part: float(share) for part, share in given.items() if _is_share(share)}
    seen = survey(source, shares)
    pool = _Pool(*seen.sample)
    rows, parts, notes = np.arange(len(seen.sample[0])), {}, _notes(seen, shares)
    for name, one in given.items():
        if name in seen.held:
            parts[name] = pool.add(seen.held[name], name)
        elif one is None:
            parts[name] = np.arange(0)
        else:
            pair, told = _further(one, name, source)
            parts[name] = pool.add(pair, name)
            notes += told
    split = Split(rows, parts["validation"], parts["test"])
    features = source.features if isinstance(source, ParquetFile) else ()
    return Parts(*pool.joined(), [split], tuple(notes), seen.without_rows(), features)


def _in_memory(train: Dataset, given: Mapping[str, Any], division: Division) -> Parts:
    given = {part: getattr(train, part) if one is None else one for part, one in given.items()}
    if given["validation"] is None and not division.has_folds:
        given["validation"] = VALIDATION_SHARE
    preprocess = train.preprocess if division.preprocess is None else division.preprocess
    X, y = _pair(train, preprocess, division, "train")
    shares = {part: float(one) for part, one in given.items() if _is_share(one)}
    further = [part for part, one in given.items() if one is not None and part not in shares]
    weights = checked_weights(train.of_kept(division.sample_weight), len(X))
    groups = train.of_kept(division.groups)
    # Codes of classes that look like numbers are drawn as classes.
    strata = y.astype(str) if division.task == CLASSIFICATION and y.ndim == 1 else y
    splits = divide(strata, shares, further, division.splits, groups, division.one_test)
    pool = _Pool(X, y)
    told: list[str] = []
    for name in further:
        pair, words = _more(given[name], name, train, preprocess, division)
        rows, told = pool.add(pair, name), told + words
        splits = [replace(split, **{name: rows}) for split in splits]
    if len(splits) > 1:
        notes = [*train.told, in_words(splits)]
    else:
        drawn = [part for part in PARTS if part in shares or division.has_folds]
        counts = {part: len(getattr(splits[0], part)) for part in drawn}
        held = [f"{n} of the training rows were held out for {p}." for p, n in counts.items() if n]
        notes = [*train.told, *held]
    notes += told
    weights = _weights_of(weights, sum(map(len, pool.targets)), splits)
    if preprocess is None or preprocess == PIXELS:
        scalers = () if preprocess is None else (named(PIXELS, X),) * len(splits)
        notes += ["Pixels were divided by 255."] if scalers else []
        return Parts(
            *pool.joined(),
            splits,
            tuple(notes),
            None,
            train.features,
            scalers,
            Overlap.of(splits),
            train.target,
            weights,
        )
    X, y = pool.raw()
    blocks, fitted = prepared(X, y, splits, preprocess)
    everything = np.concatenate(
        [np.concatenate([s.train, s.validation, s.test]) for s in splits], dtype=int
    )
    notes += told_of(fitted)
    notes.append("Preprocessing was fitted on the training rows of each split alone.")
    return Parts(
        _shared(blocks),
        y[everything],
        _renumbered(splits),
        tuple(notes),
        None,
        output_names(fitted[0]) or train.features,
        fitted,
        Overlap.of(splits),
        train.target,
        None if weights is None else weights[everything],
    )


def _weights_of(weights: np.ndarray | None, pool: int, splits: list[Split]) -> np.ndarray | None:
    """Weights of all rows of the pool: rows of validation and test that were given count 1.

    Raises:
        DataError: weights that leave a part of a split nothing that counts.
    """
    if weights is None:
        return None
    every = np.concatenate([weights, np.ones(pool - len(weights), np.float32)])
    for split in splits:
        for name in ("train", *PARTS):
            rows = getattr(split, name)
            if len(rows) and not every[rows].any():
                raise DataError(
                    f"sample_weight is 0 in all rows of {name}, so none of them counts. Hold out "
                    "other rows, or leave rows that do not count out of train."
                )
    return every


def _pair(rows: Dataset, preprocess: Any, division: Division, name: str) -> tuple[Any, np.ndarray]:
    """Rows as a transformer or the engine takes them, and targets of the task."""
    y = as_task(rows.y, division.task, f"y of {name}")
    if preprocess is None:
        return checked_inputs(rows.X, f"X of {name}"), y
    if preprocess == PIXELS:
        return transformed(named(PIXELS, rows.X), rows.X, f"X of {name}"), y
    return rows.X, y


def _more(
    given: Any, name: str, train: Dataset, preprocess: Any, division: Division
) -> tuple[tuple[Any, np.ndarray], list[str]]:
    """Rows that select or judge beside those in memory: all of them."""
    if preprocess is None and source_of(given, name) is not None:
        return _further(given, name, None)
    rows = dataset_given(given, name, train.target or None)
    return _pair(rows, preprocess, division, name), list(rows.told)


def _renumbered(splits: list[Split]) -> list[Split]:
    """The positions of rows that stand one split behind the other, part by part."""
    start, renumbered = 0, []
    for split in splits:
        ends = start + np.cumsum([len(split.train), len(split.validation), len(split.test)])
        begins = np.array([start, *ends[:-1]])
        renumbered.append(Split(*map(np.arange, begins, ends)))
        start = int(ends[-1])
    return renumbered


class _Pool:
    """Rows that are put together, part by part; the first are those of train."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self._X, self.targets = [X], [y]

    def add(self, pair: Pair, name: str) -> np.ndarray:
        """Put a part in; return its positions."""
        _check_alike(self._X[0], self.targets[0], *pair, name)
        start = sum(map(len, self._X))
        self._X.append(pair[0])
        self.targets.append(pair[1])
        return np.arange(start, start + len(pair[0]))

    def joined(self) -> Pair:
        """All rows, as the engine wants them."""
        return _shared(self._X), np.concatenate(self.targets)

    def raw(self) -> tuple[Any, np.ndarray]:
        """All rows, as they were given."""
        X = self._X[0] if len(self._X) == 1 else stacked(self._X)
        return X, np.concatenate(self.targets)


def _shared(blocks: list[np.ndarray]) -> np.ndarray:
    """Rows one after the other, where the CPU devices can read them without a copy of their own."""
    X = shareable((sum(map(len, blocks)), *blocks[0].shape[1:]), np.float32)
    return np.concatenate(blocks, out=X)


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
    rows = dataset_given(pair, name)
    return checked_inputs(rows.X, f"X of {name}"), rows.y


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
