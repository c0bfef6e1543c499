"""Hold rows out of training: drawn with a fixed seed, by class where there are classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from justright.errors import DataError
from justright.network.default import is_numbers

SPLIT_SEED = 42


def hold_out(
    y: np.ndarray,
    size: float | int,
    what: str,
    seed: int = SPLIT_SEED,
    groups: np.ndarray | None = None,
    ordered: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Divide rows in two.

    Args:
        y: targets; the division keeps the shares of classes where each is large enough, and else
            one row at least of each class.
        size: how much to hold out: a fraction in (0, 1), or a number of rows.
        what: what the held-out rows are for, in an error message.
        seed: of the draw.
        groups: (rows,) rows of the same group stay on one side; the fraction is then one of
            groups.
        ordered: whether the last rows are held out, for rows in the order of time.

    Returns:
        Indices of the rows kept and of those held out, both sorted.

    Raises:
        DataError: a fraction outside (0, 1), or one that leaves a side empty.
    """
    count = held_count(size, len(y), what)
    if ordered:
        return np.arange(len(y) - count), np.arange(len(y) - count, len(y))
    if groups is not None:
        return _whole_groups(groups, size, what, seed)
    from sklearn.model_selection import train_test_split

    strata, rows = classes_of(y, count), np.arange(len(y))
    if strata is None and _are_labels(y):
        rows = _without_one_of_each(y, seed)
        strata = classes_of(y[rows], count) if len(rows) > count else None
    if len(rows) <= count:
        strata, rows = None, np.arange(len(y))
    held = train_test_split(rows, test_size=count, random_state=seed, stratify=strata)[1]
    return np.setdiff1d(np.arange(len(y)), held), np.sort(held)


def _are_labels(y: np.ndarray) -> bool:
    """Whether targets are classes, of which each must have a row that trains."""
    return y.ndim == 1 and y.dtype.kind in "biuUS" and not is_numbers(y)


def _without_one_of_each(y: np.ndarray, seed: int) -> np.ndarray:
    """Positions of all rows but one of each class, drawn with a seed."""
    order = np.random.default_rng(seed).permutation(len(y))
    _, first = np.unique(y[order], return_index=True)
    return np.delete(np.arange(len(y)), order[first])


def _whole_groups(
    groups: np.ndarray, size: float | int, what: str, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import GroupShuffleSplit

    number = len(np.unique(groups))
    if number < 2:
        raise DataError(f"{what}={size!r} holds out whole groups, and all rows are of one.")
    draw = GroupShuffleSplit(1, test_size=held_count(size, number, what), random_state=seed)
    kept, held = next(draw.split(groups, groups=groups))
    return np.sort(kept), np.sort(held)


def held_count(size: float | int, rows: int, what: str) -> int:
    """How many rows to hold out.

    Args:
        size: a fraction in (0, 1), or a number of rows.
        rows: how many there are.
        what: what the held-out rows are for, in an error message.

    Raises:
        DataError: a fraction outside (0, 1), or one that leaves a side empty.
    """
    if isinstance(size, bool) or (isinstance(size, float) and not 0 < size < 1):
        raise DataError(
            f"{what}={size!r}: a fraction of the rows lies between 0 and 1, as in 0.25."
        )
    count = size if isinstance(size, int) else round(rows * size)
    if not 0 < count < rows:
        raise DataError(
            f"{what}={size!r} of {rows} rows leaves {count} held out and {rows - count} to "
            "train on. Both sides need rows: give more rows or another fraction."
        )
    return count


def drawn_rows(rows: int, counts: Mapping[str, int], seed: int = SPLIT_SEED) -> dict[str, Any]:
    """Draw parts from the positions of rows too many to be listed.

    Args:
        rows: how many there are.
        counts: how many to draw, by part; few of the rows, so that memory stays bounded.
        seed: of the draw.

    Returns:
        Positions by part, sorted; no row is in two parts.
    """
    drawn = np.random.default_rng(seed).choice(rows, sum(counts.values()), replace=False)
    ends = np.cumsum(list(counts.values()), dtype=int)
    return {
        part: np.sort(positions)
        for part, positions in zip(counts, np.split(drawn, ends[:-1]), strict=True)
    }


def classes_of(y: np.ndarray, held: int) -> np.ndarray | None:
    """The labels to keep the shares of, if every class can be on both sides.

    Args:
        y: targets.
        held: how many rows are held out.
    """
    if y.ndim != 1 or y.dtype.kind not in "biuUS":
        return None
    _, counts = np.unique(y, return_counts=True)
    small = counts.min() < 2 or len(counts) > min(held, len(y) - held)
    return None if small else y
