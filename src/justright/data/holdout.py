"""Hold rows out of training: drawn with a fixed seed, by class where there are classes."""

from __future__ import annotations

import numpy as np

from justright.errors import DataError

SPLIT_SEED = 42


def hold_out(
    y: np.ndarray, size: float | int, what: str, seed: int = SPLIT_SEED
) -> tuple[np.ndarray, np.ndarray]:
    """Divide rows in two.

    Args:
        y: targets; the division keeps the shares of classes where `y` has few of them.
        size: how much to hold out: a fraction in (0, 1), or a number of rows.
        what: what the held-out rows are for, in an error message.
        seed: of the draw.

    Returns:
        Indices of the rows kept and of those held out, both sorted.

    Raises:
        DataError: a fraction outside (0, 1), or one that leaves a side empty.
    """
    if isinstance(size, bool) or (isinstance(size, float) and not 0 < size < 1):
        raise DataError(
            f"{what}={size!r}: a fraction of the rows lies between 0 and 1, as in 0.25."
        )
    count = size if isinstance(size, int) else round(len(y) * size)
    if not 0 < count < len(y):
        raise DataError(
            f"{what}={size!r} of {len(y)} rows leaves {count} held out and {len(y) - count} to "
            "train on. Both sides need rows: give more rows or another fraction."
        )
    from sklearn.model_selection import train_test_split

    kept, held = train_test_split(
        np.arange(len(y)), test_size=count, random_state=seed, stratify=_classes(y, count)
    )
    return np.sort(kept), np.sort(held)


def _classes(y: np.ndarray, held: int) -> np.ndarray | None:
    """The labels to keep the shares of, if every class can be on both sides."""
    if y.ndim != 1 or y.dtype.kind not in "biuUS":
        return None
    _, counts = np.unique(y, return_counts=True)
    small = counts.min() < 2 or len(counts) > min(held, len(y) - held)
    return None if small else y
