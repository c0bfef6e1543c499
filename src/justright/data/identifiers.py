"""Columns that name rows, as numbers and codes of patients do, and tell nothing of new ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

# Fewer rows may have 1, 2, 3, or different values throughout, by chance.
FEWEST = 10
# Distinct numbers that are drawn from so narrow a range would repeat, in 19 of 20 cases.
_REPEATS = 6
# Values of which each stands in one row alone, as a share of the rows, name rows or are text.
_MOSTLY_OWN = 0.5
# The length of codes differs by a few characters, as 9 and 1000 do.
_LENGTHS = 4
_CODE = re.compile(r"[\w.:#/-]*\d[\w.:#/-]*")
_HEX = re.compile(r"[0-9a-fA-F]+(?:-[0-9a-fA-F]+)*")


def names_rows(words: list[str]) -> bool:
    """Whether texts name rows: each another one, of one token, with digits, of about one length.

    >>> names_rows([f"P{i:04d}" for i in range(40)]), names_rows(["red", "green"] * 20)
    (True, False)
    """
    if len(words) < FEWEST or len(set(words)) < len(words):
        return False
    lengths = [len(word) for word in words]
    if max(lengths) - min(lengths) > _LENGTHS:
        return False
    return all(_CODE.fullmatch(one) or _HEX.fullmatch(one) for one in words)


def reads_as_text(words: list[str]) -> bool:
    """Whether texts are free text: several words each, and mostly another one in each row.

    >>> reads_as_text([f"patient {i} felt well" for i in range(20)]), reads_as_text(["no", "yes"])
    (True, False)
    """
    wordy = sum(len(word.split()) > 1 for word in words)
    if len(words) < 2 or 2 * wordy <= len(words):
        return False
    return len(set(words)) > _MOSTLY_OWN * len(words) and len({len(word) for word in words}) > 1


def doubts_of(frame: pd.DataFrame) -> tuple[str, ...]:
    """What is odd about columns of whole numbers that may name rows, a sentence each.

    Args:
        frame: the inputs of a table.
    """
    found = (_doubt_of_numbers(column) for _, column in frame.items())
    return tuple(one for one in found if one is not None)


def _doubt_of_numbers(column: pd.Series[Any]) -> str | None:
    """What is odd about one of them.

    It counts them in order; or no number stands twice, though the range is so narrow that
    quantities would repeat.

    Args:
        column: of a table, an input.
    """
    if column.dtype.kind not in "iu" or len(column) < FEWEST:
        return None
    values = column.to_numpy()
    if (np.diff(values) == 1).all():
        return f"{column.name!r} counts the rows, which says nothing of new ones: leave it out."
    span = float(values.max()) - float(values.min())
    if span >= len(values) ** 2 / _REPEATS or len(np.unique(values)) < len(values):
        return None
    return (
        f"{column.name!r} holds another whole number in each row, as what numbers patients or "
        "orders does: if it is that, leave it out."
    )
