"""Which rows train and which select: every class keeps rows to learn from."""

from __future__ import annotations

import numpy as np

from justright.data.holdout import held_count, hold_out
from justright.engine.rows import Split
from justright.errors import DataError
from justright.experiments.course import folds_of

NONE = np.arange(0)


def divided(y: np.ndarray, share: float, seed: int, groups: np.ndarray | None = None) -> Split:
    """Draw the rows that select from all rows; none judge.

    Args:
        y: (rows,) of labels as text, whose proportions are kept, or targets of other kinds.
        share: of the rows that select, in (0, 1).
        seed: of the draw.
        groups: (rows,) rows of a group are on one side, so that the share is met nearly; or None.

    Returns:
        Positions, sorted. A class that the draw has left without training rows has all of its
        rows there.

    Raises:
        DataError: a share that leaves one side empty, or classes of one row each.
    """
    if isinstance(share, bool) or not isinstance(share, float | int) or not 0 < share < 1:
        raise DataError(f"validation={share!r}: a share of the rows, between 0 and 1, is wanted.")
    if groups is not None:
        train, held = folds_of(y, max(2, round(1 / share)), groups, seed)[0]
        return Split(train, held, NONE)
    size = max(1, held_count(share, len(y), "validation") if share * len(y) >= 1 else 1)
    kept, held = hold_out(y, size, "validation", seed)
    if y.ndim == 1 and y.dtype.kind == "U":
        back = held[~np.isin(y[held], y[kept])]
        kept, held = np.sort(np.concatenate([kept, back])), np.setdiff1d(held, back)
    if not len(held):
        raise DataError(
            f"The {len(y)} rows have classes of one row each, so none are left to select on. Give "
            "more rows of each class."
        )
    return Split(kept, held, NONE)
