"""One look at a source before training: what its targets are, and the rows to hold in memory.

The train figures of a stream are taken on a sample of its rows, and rows that are held out
select and judge. Both are drawn here, in one pass that checks every row on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from justright.data.distinct import Distinct
from justright.data.holdout import SPLIT_SEED, drawn_rows, held_count
from justright.data.piece import Piece, Source, bytes_of_row
from justright.data.scale import Moments, Scale
from justright.errors import DataError

Pair = tuple[np.ndarray, np.ndarray]

# What a part may hold in memory; the train figures' sample is such a part.
HELD_ROWS = 100_000
HELD_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Survey:
    """What a look at a source tells.

    Attributes:
        source: that was looked at.
        rows: how many of its rows train.
        batches: how many pieces they came in.
        largest: rows of the largest piece.
        targets: what stands for all targets: as many different values, of the same type.
        all_targets: whether no value is missing there.
        left_out: sorted positions of the rows that do not train.
        sample: training rows drawn at random, in the source's order; all where they are few.
        held: the rows held out, by part.
        scale: what standardizes columns on the training rows, or None to leave them as they are.
    """

    source: Source
    rows: int
    batches: int
    largest: int
    targets: np.ndarray
    all_targets: bool
    left_out: np.ndarray
    sample: Pair
    held: dict[str, Pair]
    scale: Scale | None

    def without_rows(self) -> Survey:
        """The same without the rows held in memory, once they have a place elsewhere."""
        none = np.zeros(0)
        return replace(self, sample=(none, none), held={})


def survey(source: Source, shares: Mapping[str, float]) -> Survey:
    """Read a source once.

    Args:
        source: what to read.
        shares: what fraction of its rows to hold out, by part.

    Raises:
        DataError: rows that cannot be trained on, a fraction that leaves a side empty, or
            one of a source that does not know its rows.
    """
    limit = held_limit(source.row_shape)
    positions = _held_positions(source, shares, limit)
    left_out = np.sort(np.concatenate([np.arange(0), *positions.values()]))
    held: dict[str, list[Pair]] = {part: [] for part in positions}
    sample, distinct, moments = _Sample(limit), Distinct(), Moments()
    rows = batches = largest = 0
    for piece in source.pieces(None):
        for part, chosen in positions.items():
            at = positions_within(piece, chosen)
            held[part].append((piece.X[at], piece.y[at]))
        X, y = without(piece, left_out)
        sample.add(X, y)
        distinct.add(y)
        if source.standardize:
            moments.add(X)
        rows, batches, largest = rows + len(X), batches + 1, max(largest, len(X))
    scale = moments.scale() if source.standardize else None
    return Survey(
        source=source,
        rows=rows,
        batches=batches,
        largest=largest,
        targets=distinct.standing_for(rows),
        all_targets=distinct.complete,
        left_out=left_out,
        sample=_scaled(sample.rows(), scale),
        held={part: _scaled(_joined(pairs), scale) for part, pairs in held.items()},
        scale=scale,
    )


def held_limit(row_shape: tuple[int, ...]) -> int:
    """How many rows a part holds at most: 100,000, or fewer where rows are large."""
    return min(HELD_ROWS, max(1, HELD_BYTES // bytes_of_row(row_shape)))


def without(piece: Piece, left_out: np.ndarray) -> Pair:
    """The rows of a piece that train.

    Args:
        piece: as it was read.
        left_out: sorted positions of those that do not.
    """
    at = positions_within(piece, left_out)
    if not len(at):
        return piece.X, piece.y
    return np.delete(piece.X, at, axis=0), np.delete(piece.y, at, axis=0)


def positions_within(piece: Piece, positions: np.ndarray) -> np.ndarray:
    """Which rows of a piece sorted positions of the source name."""
    start, end = np.searchsorted(positions, [piece.first, piece.first + len(piece.X)])
    return positions[start:end] - piece.first


def _held_positions(
    source: Source, shares: Mapping[str, float], limit: int
) -> dict[str, np.ndarray]:
    if not shares:
        return {}
    if source.rows is None:
        raise DataError(
            f"{' and '.join(shares)}: no rows can be held out of {source.name}, whose batches "
            "train as they are. Give validation (and test, if there is one) as a pair (X, y) or "
            "as another PyDataset."
        )
    counts, left = {}, source.rows
    for part, share in shares.items():
        counts[part] = min(limit, held_count(share, left, part))
        left -= counts[part]
    return drawn_rows(source.rows, counts)


class _Sample:
    """Rows drawn from however many come: each draws a number, and the lowest stay."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._random = np.random.default_rng(SPLIT_SEED)
        self._numbers = np.zeros(0)
        self._pairs: list[Pair] = []
        self._lowest = np.inf

    def add(self, X: np.ndarray, y: np.ndarray) -> None:
        drawn = self._random.random(len(X))
        low = drawn < self._lowest
        self._numbers = np.concatenate([self._numbers, drawn[low]])
        self._pairs.append((X[low], y[low]))
        if len(self._numbers) > 1.25 * self._limit:
            self._cut()

    def rows(self) -> Pair:
        self._cut()
        return self._pairs[0]

    def _cut(self) -> None:
        X, y = _joined(self._pairs)
        if len(X) > self._limit:
            self._lowest = np.partition(self._numbers, self._limit)[self._limit]
            stay = self._numbers < self._lowest
            self._numbers, X, y = self._numbers[stay], X[stay], y[stay]
        self._pairs = [(X, y)]


def _joined(pairs: list[Pair]) -> Pair:
    _check_form([y for _, y in pairs])
    return np.concatenate([X for X, _ in pairs]), np.concatenate([y for _, y in pairs])


def _check_form(targets: list[np.ndarray]) -> None:
    forms = {(y.dtype.kind in "US", y.shape[1:]) for y in targets}
    if len(forms) > 1:
        raise DataError(
            "Targets change their form from batch to batch: text and numbers, or rows of shape "
            f"{' and '.join(str(shape) for _, shape in sorted(forms))}. Give all in the same form."
        )


def _scaled(pair: Pair, scale: Scale | None) -> Pair:
    return pair if scale is None else (scale.applied(pair[0]), pair[1])
