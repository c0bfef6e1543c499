"""How many rows a step takes, and how many epochs there may be."""

from __future__ import annotations

from typing import Any

from justright.errors import DataError
from justright.experiments.parts import Parts
from justright.whole import is_whole

MOST_EPOCHS = 2**31 - 1
BATCH_SIZE = 32


def checked_batch_size(given: Any, parts: Parts) -> Any:
    """Rows a step: as given, or what fits the rows.

    Raises:
        DataError: a size for rows that bring their own batches.
    """
    own = parts.own_batch_size
    if given is None:
        return own or min(BATCH_SIZE, parts.training_rows)
    if own:
        raise DataError(
            f"batch_size={given!r}: a PyDataset brings its own batches, of {own} rows. Leave "
            "batch_size out, or change it in the PyDataset."
        )
    return given


def check_sizes(epochs: int, batch_size: int, rows: int) -> None:
    """Refuse numbers that nothing can be trained with.

    Raises:
        DataError: such numbers.
    """
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if not is_whole(value) or value < 1:
            raise DataError(f"{name}={value!r}: a whole number of at least 1 is wanted.")
    if epochs > MOST_EPOCHS:
        raise DataError(f"epochs={epochs}: at most {MOST_EPOCHS} can be counted.")
    if batch_size > rows:
        raise DataError(
            f"batch_size={batch_size} is larger than the {rows} training rows. Use at most {rows}."
        )
