"""Divisions of rows into what trains, what selects and what judges: one, repeated, or by folds."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from justright.data.holdout import SPLIT_SEED, classes_of, hold_out
from justright.engine.rows import Split
from justright.errors import DataError
from justright.whole import is_whole

PARTS = ("test", "validation")
_ROLES = {"train": "train", "validation": "validate", "test": "test"}


def divide(
    y: np.ndarray,
    shares: Mapping[str, float],
    given: Collection[str],
    splits: Any = None,
    groups: Any = None,
    one_test: bool = False,
) -> list[Split]:
    """Divide rows.

    Args:
        y: targets of the rows to divide; shares keep its classes' proportions.
        shares: what to draw of them, by part; the test first, so that nothing selects on it.
        given: the parts that have rows of their own; they stay empty here.
        splits: None for one division; a number of them, each drawn anew; a scikit-learn
            splitter; or a list of index arrays `(train, held)` or `(train, validation, test)`.
            What a fold holds out validates; where there are other validation rows, it judges.
        groups: (rows,) rows of the same group stay on one side; None without groups.
        one_test: whether a number of splits have the same test rows, so that a choice over all
            of them has seen none.

    Returns:
        Positions among the rows, sorted, one `Split` a division.

    Raises:
        DataError: splits that leave a part empty, that are drawn without a seed, or that have
            no rows to divide.
    """
    groups = checked_groups(groups, len(y))
    known = set(shares) | set(given)
    if splits is None or is_whole(splits):
        starts: Iterable[dict[str, np.ndarray]] = _repeated(len(y), shares, splits)
        if one_test and len(shares) == len(PARTS):
            rows, judges = _taken(y, shares["test"], groups)
            starts = [{"train": rows, "test": judges} for _ in starts]
    else:
        held = "test" if "validation" in known else "validation"
        if held in known:
            raise DataError(
                "splits brings folds, and both validation and test have rows already, so the folds "
                "have nothing to do. Leave validation out, test out, or both."
            )
        starts = _folded(y, shares, held, splits, groups)
    ordered = type(splits).__name__ == "TimeSeriesSplit"
    return [
        _drawn(y, parts, shares, groups, SPLIT_SEED + i, ordered) for i, parts in enumerate(starts)
    ]


def folds(y: np.ndarray, count: int, repeats: int = 1, groups: np.ndarray | None = None) -> Any:
    """A splitter for repeated K-fold, by class where there are classes, drawn with a fixed seed.

    Args:
        y: targets.
        count: how many folds, at least 2.
        repeats: how often all rows are divided anew.
        groups: (rows,) where rows of a group stay together.

    Raises:
        DataError: fewer than 2 folds, or groups that would be divided several times.
    """
    from sklearn import model_selection as ms

    if count < 2 or repeats < 1:
        raise DataError(
            f"folds={count}, repeats={repeats}: at least 2 folds are wanted, at least once."
        )
    labels = classes_of(y, len(y) // count)
    by_class = labels is not None and np.unique(labels, return_counts=True)[1].min() >= count
    if groups is None:
        kind = ms.RepeatedStratifiedKFold if by_class else ms.RepeatedKFold
        return kind(n_splits=count, n_repeats=repeats, random_state=SPLIT_SEED)
    if repeats > 1:
        raise DataError("Folds of whole groups are drawn once: leave the repeats out.")
    if by_class:
        return ms.StratifiedGroupKFold(count, shuffle=True, random_state=SPLIT_SEED)
    return ms.GroupKFold(count)


def in_words(splits: list[Split]) -> str:
    """How many rows do what: `"5 splits: 455 or 456 rows train, 113 or 114 validate."`."""
    told: list[str] = []
    for part, role in _ROLES.items():
        counts = sorted({len(getattr(split, part)) for split in splits})
        if counts[-1]:
            between = " or " if len(counts) == 2 else " to "
            ends = [counts[0]] if len(counts) == 1 else [counts[0], counts[-1]]
            told.append(f"{between.join(map(str, ends))}{' rows' * (not told)} {role}")
    return f"{len(splits)} splits: {', '.join(told)}."


def _repeated(rows: int, shares: Mapping[str, float], splits: Any) -> list[dict[str, np.ndarray]]:
    count = 1 if splits is None else int(splits)
    if count < 1:
        raise DataError(f"splits={splits!r}: at least one is wanted.")
    if count > 1 and not shares:
        raise DataError(
            f"splits={count} draws parts anew, and validation and test have rows of their own. "
            "Give a share of the training rows for one of them, as in validation=0.25."
        )
    return [{"train": np.arange(rows)} for _ in range(count)]


def _taken(y: np.ndarray, share: float, groups: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The rows that are left, and those that judge in all splits."""
    whole = {"train": np.arange(len(y))}
    split = _drawn(y, whole, {"test": share}, groups, SPLIT_SEED, ordered=False)
    return split.train, split.test


def _folded(
    y: np.ndarray, shares: Mapping[str, float], held: str, splits: Any, groups: np.ndarray | None
) -> Iterator[dict[str, np.ndarray]]:
    rows, taken = np.arange(len(y)), {}
    if hasattr(splits, "split") and not isinstance(splits, str):
        _check_seeded(splits)
        if held == "validation" and "test" in shares:
            rows, judges = _taken(y, shares["test"], groups)
            taken = {"test": judges}
        folds: Iterable[Any] = _folds_of(splits, y[rows], None if groups is None else groups[rows])
    else:
        folds = _listed(splits, held, shares)
    any_fold = False
    for number, fold in enumerate(folds):
        any_fold = True
        names = ("train", held) if len(fold) == 2 else ("train", "validation", "test")
        found = zip(names, fold, strict=True)
        parts = {name: rows[_positions(one, len(rows), number)] for name, one in found}
        _check_apart(parts, number, groups)
        yield parts | taken
    if not any_fold:
        raise DataError("splits has no fold. Give a splitter or a list of index arrays.")


def _folds_of(
    splitter: Any, y: np.ndarray, groups: np.ndarray | None
) -> list[tuple[np.ndarray, np.ndarray]]:
    try:
        with warnings.catch_warnings():
            # That it ignores groups matters where it puts one on two sides: checked below.
            warnings.filterwarnings("ignore", "The groups parameter is ignored")
            return list(splitter.split(np.zeros((len(y), 1)), y, groups))
    except (ValueError, TypeError) as error:
        raise DataError(f"{splitter} cannot divide these {len(y)} rows: {error}") from error


def _check_seeded(splitter: Any) -> None:
    draws = getattr(splitter, "shuffle", True)
    if draws and getattr(splitter, "random_state", 0) is None:
        raise DataError(
            f"{splitter} would draw other splits each time. Give it a seed: random_state=0."
        )


def _listed(splits: Any, held: str, shares: Mapping[str, float]) -> list[Any]:
    wanted = (
        "splits is a number, a scikit-learn splitter, or a list of index arrays, (train, held) or "
        "(train, validation, test)"
    )
    if isinstance(splits, str) or not isinstance(splits, Iterable):
        raise DataError(f"{wanted}; {splits!r} was given.")
    listed = list(splits)
    sizes = {len(fold) if isinstance(fold, tuple | list) else 0 for fold in listed}
    if not sizes <= {2, 3} or len(sizes) > 1:
        raise DataError(f"{wanted}; these have {sorted(sizes)} parts.")
    if shares and (sizes == {3} or held == "validation"):
        part = next(iter(shares))
        raise DataError(
            f"{part}={shares[part]!r}: splits lists the rows of each part already. Leave {part} "
            "out, or take those rows out of the lists."
        )
    return listed


def _positions(given: Any, rows: int, number: int) -> np.ndarray:
    where = f"Fold {number} of splits"
    index = np.asarray(given)
    if index.dtype == bool and index.shape == (rows,):
        return np.flatnonzero(index)
    if index.ndim != 1 or index.dtype.kind not in "iu" or not len(index):
        raise DataError(
            f"{where} holds {index.dtype} of shape {index.shape}; positions of rows are wanted, "
            "whole numbers of which there is at least one."
        )
    if index.min() < 0 or index.max() >= rows:
        raise DataError(
            f"{where} names row {index.max() if index.max() >= rows else index.min()}, and there "
            f"are {rows} rows, counted from 0."
        )
    return index


def _check_apart(parts: Mapping[str, np.ndarray], number: int, groups: np.ndarray | None) -> None:
    """Refuse a fold that has a row, or a group, on two sides."""
    names = list(parts)
    for i, name in enumerate(names):
        for other in names[i + 1 :]:
            shared = np.intersect1d(parts[name], parts[other])
            if len(shared):
                raise DataError(
                    f"Fold {number} of splits has row {shared[0]} in {name} and in {other}. A row "
                    "that trains cannot select or judge."
                )
            if groups is None:
                continue
            torn = parts[name][np.isin(groups[parts[name]], groups[parts[other]])]
            if len(torn):
                raise DataError(
                    f"Fold {number} of splits has the group of row {torn[0]} in {name} and in "
                    f"{other}. Use a splitter that keeps groups together, such as GroupKFold, or "
                    "leave groups out."
                )


def _drawn(
    y: np.ndarray,
    parts: Mapping[str, np.ndarray],
    shares: Mapping[str, float],
    groups: np.ndarray | None,
    seed: int,
    ordered: bool,
) -> Split:
    """A split with the parts that are still to be drawn of its training rows."""
    done = dict(parts)
    for name in PARTS:
        if name in shares and name not in done:
            rows = done["train"]
            of = None if groups is None else groups[rows]
            kept, held = hold_out(y[rows], shares[name], name, seed, of, ordered)
            done["train"], done[name] = rows[kept], rows[held]
    none = np.arange(0)
    return Split(done["train"], done.get("validation", none), done.get("test", none))


def checked_groups(groups: Any, rows: int) -> np.ndarray | None:
    """Groups as numbers (rows,), or None without any.

    Raises:
        DataError: not one group a row.
    """
    if groups is None:
        return None
    listed = np.asarray(groups)
    if listed.shape != (rows,):
        raise DataError(
            f"groups has shape {listed.shape}, and there are {rows} training rows. Give one group "
            "a row."
        )
    _, numbered = np.unique(listed, return_inverse=True)
    return numbered
