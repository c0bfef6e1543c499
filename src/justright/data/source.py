"""From what a user gives to a source: which of it is read piece by piece."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from justright.data.frames import is_frame
from justright.data.parquet import ParquetFile, is_of_numbers
from justright.data.piece import Source
from justright.data.py_dataset import DatasetBatches
from justright.data.stored_arrays import StoredArrays, is_stored
from justright.errors import DataError


def source_of(
    given: Any, part: str, target: str | None = None, like: Source | None = None
) -> Source | None:
    """The source that a user has given, or None where the rows are in memory.

    Args:
        given: a pair `(X, y)`, a frame, the path of a file, a `keras.utils.PyDataset`. A Parquet
            file of numbers is a source; another file is read into memory.
        part: what it is for: train, validation or test.
        target: the column to predict, in a table; the last one if None.
        like: the source of the training rows, for the columns of further Parquet files.

    Raises:
        DataError: a generator, a target without columns, or what the source refuses.
    """
    if isinstance(given, ParquetFile):
        return given
    if isinstance(given, str | Path):
        same = like if isinstance(like, ParquetFile) else None
        of_numbers = same is not None or is_of_numbers(Path(given), target)
        return ParquetFile.of(Path(given), target, same) if of_numbers else None
    if target is not None and like is None and not is_frame(given):
        raise DataError(
            f"target={target!r} names a column of a table that holds it, a frame or a file, and "
            f"{part} is none. Leave it out, and give y beside X."
        )
    if isinstance(given, keras.utils.PyDataset):
        return DatasetBatches.of(given, part)
    if hasattr(given, "__next__"):
        raise DataError(
            f"{part} is a {type(given).__name__}, which can be read only once, and every epoch "
            "reads the rows anew. Make a keras.utils.PyDataset, whose __getitem__(i) returns batch "
            "i as (X, y) and whose __len__ says how many there are."
        )
    pair = isinstance(given, tuple | list) and len(given) == 2
    return StoredArrays.of((given[0], given[1]), part) if pair and is_stored(given[0]) else None
