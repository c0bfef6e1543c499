"""The seeds that a user asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from justright.errors import DataError
from justright.whole import is_whole

MOST_SEEDS = 2**20


def checked_seeds(seeds: Any) -> list[int]:
    """Seeds as a list: of a count, or as they are listed."""
    if is_whole(seeds):
        if seeds < 1:
            raise DataError(f"seeds={seeds}: at least one is wanted.")
        if seeds > MOST_SEEDS:
            raise DataError(f"seeds={seeds}: at most {MOST_SEEDS} can be counted.")
        return list(range(int(seeds)))
    given: list[Any] = list(seeds) if isinstance(seeds, Iterable) else [None]
    if not all(map(is_whole, given)):
        raise DataError(f"seeds={seeds!r}: give a count or a list of whole numbers.")
    listed = [int(seed) for seed in given]
    if not listed or min(listed) < 0 or len(set(listed)) < len(listed):
        raise DataError(f"seeds={listed}: give distinct whole numbers of at least 0.")
    return listed
