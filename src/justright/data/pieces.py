"""Inputs cut into pieces: what lets a small network bend sharply along one column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# A piece is at least this share of its column's range: float32 tells no finer ones apart.
_NARROWEST = 1e-3


@dataclass(frozen=True)
class Pieces:
    """A piecewise linear encoding of columns: of each piece, how much of it lies below a value.

    The quantiles of a column cut it into pieces. Beside the columns themselves a row then has,
    for each piece from `low` to `low + width`, the number `clip((x - low) / width, 0, 1)` on the
    scale from -1 to 1. A linear layer on these is any function that is linear between the cuts.

    Attributes:
        columns: (pieces,) whose pieces they are.
        low, width: (pieces,) where each begins, and how wide it is.

    Source: Gorishniy, Rubachev, Babenko, "On embeddings for numerical features in tabular deep
    learning", NeurIPS 2022, section 3.2 (quantile-based bins).
    """

    columns: np.ndarray
    low: np.ndarray
    width: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray, most: int) -> Pieces:
        """Read the cuts off rows (rows, columns).

        Args:
            X: what trains.
            most: pieces a column. One of at most two different values has none: it is its own.
        """
        columns: list[int] = []
        low: list[float] = []
        width: list[float] = []
        for column, values in enumerate(np.asarray(X, np.float64).T):
            cuts = _cuts(values, most)
            columns += [column] * (len(cuts) - 1)
            low += cuts[:-1].tolist()
            width += np.diff(cuts).tolist()
        return cls(np.array(columns, int), np.array(low), np.array(width))

    def __len__(self) -> int:
        return len(self.columns)

    def beside(self, X: np.ndarray) -> np.ndarray:
        """The columns and behind them the pieces, (rows, columns + pieces) of float32."""
        shares = np.clip((X[:, self.columns] - self.low) / self.width, 0, 1)
        return np.concatenate([X, 2 * shares - 1], axis=1, dtype=np.float32)


def _cuts(values: np.ndarray, most: int) -> np.ndarray:
    """Where a column is cut, its ends among them; no more than its start if it has no pieces."""
    different = np.unique(values)
    if len(different) <= 2:
        return different[:1]
    cuts = different
    if len(different) > most + 1:
        cuts = np.unique(np.quantile(values, np.linspace(0, 1, most + 1)))
    narrowest = _NARROWEST * (different[-1] - different[0])
    kept = [cuts[0]]
    for cut in cuts[1:]:
        if cut - kept[-1] >= narrowest:
            kept.append(cut)
    return np.array(kept)
