"""A Parquet file, read one row group after the other with pyarrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from justright.data.arrays import checked_targets
from justright.data.damaged import DAMAGED, reason_of
from justright.data.piece import Piece, rows_in_piece
from justright.errors import DataError, did_you_mean

SUFFIXES = (".parquet", ".pq")
# The name that pandas gives to the column of an index.
_PANDAS_INDEX = "__index_level_"


def is_of_numbers(path: Path, target: str | None = None, without: Sequence[str] = ()) -> bool:
    """Whether this is a Parquet file of numbers alone, which can be read in each epoch.

    Args:
        path: of any file.
        target: the name of the target's column; the last one if None.
        without: columns that do not count.

    Returns:
        Whether it ends as a Parquet file does, and holds no features of text, dates or other types
        and, as far as it says, no missing values. A file that cannot be read counts: reading it
        says what is wrong.
    """
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        return path.suffix.lower() in SUFFIXES
    arrow = pyarrow_for(path)
    with _reading(path):
        schema = arrow.parquet.read_schema(path)
    chosen = target if target is not None else schema.names[-1] if schema.names else ""
    features = [name for name in schema.names if name not in (chosen, *without)]
    if not all(
        _is_numeric(arrow, schema.field(name).type)
        for name in set(features)
        if schema.names.count(name) == 1
    ):
        return False
    return not _gaps(path) & {chosen, *features}


@dataclass(frozen=True)
class ParquetFile:
    """A table of numbers in a Parquet file.

    Attributes:
        path: the file.
        target: the name of the target's column.
        features: the names of the other columns, in order.
        rows: how many the file has.
        standardize: whether columns are to have mean 0 and deviation 1 over the training rows.
    """

    path: Path
    target: str
    features: tuple[str, ...]
    rows: int
    standardize: bool = False
    keeps_batches: bool = False

    @classmethod
    def of(
        cls,
        path: Path,
        target: str | None,
        like: ParquetFile | None = None,
        standardize: bool = False,
        without: Sequence[str] = (),
    ) -> ParquetFile:
        """Read the file's description; no row is read.

        Args:
            path: the file.
            target: the name of the target's column; the last one if None.
            like: a file whose target and features are to be found here; `target` is
                then without meaning.
            standardize: as the attribute.
            without: columns to leave out.

        Raises:
            DataError: no such file, no such column, columns of text, no pyarrow.
        """
        arrow = pyarrow_for(path)
        if not path.is_file():
            raise DataError(f"There is no file {str(path)!r}. Check the path.")
        with _reading(path):
            described = arrow.parquet.read_metadata(path)
            schema = arrow.parquet.read_schema(path)
        if not described.num_rows or len(schema.names) < 2:
            raise DataError(
                f"{path.name} has {described.num_rows} rows and {len(schema.names)} columns. At "
                "least two columns, features and a target, and some rows are wanted."
            )
        wanted = like.target if like else schema.names[-1] if target is None else target
        others = (
            like.features
            if like
            else [name for name in schema.names if name not in (wanted, *without)]
        )
        _check_columns(path.name, schema, wanted, others)
        _check_types(path.name, arrow, schema, others)
        return cls(path, wanted, tuple(others), described.num_rows, standardize)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def row_shape(self) -> tuple[int, ...]:
        """As many numbers as there are features."""
        return (len(self.features),)

    def pieces(self, order: np.random.Generator | None) -> Iterator[Piece]:
        """Parts of a row group, one row group after the other."""
        with _reading(self.path), pyarrow_for(self.path).parquet.ParquetFile(self.path) as file:
            sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
            starts = np.cumsum([0, *sizes])
            groups = np.arange(len(sizes))
            for group in groups if order is None else order.permutation(groups):
                first = int(starts[group])
                for batch in file.iter_batches(
                    rows_in_piece(self.row_shape), [int(group)], [*self.features, self.target]
                ):
                    yield self._piece(batch, first)
                    first += batch.num_rows

    def _piece(self, batch: Any, first: int) -> Piece:
        X = np.empty((batch.num_rows, len(self.features)), np.float32)
        with np.errstate(over="ignore"):
            for i, name in enumerate(self.features):
                X[:, i] = batch.column(name).to_numpy(zero_copy_only=False)
        if not np.isfinite(X).all():
            raise self._not_finite(batch, X, first)
        column = batch.column(self.target)
        if hasattr(column, "dictionary_decode"):
            column = column.dictionary_decode()
        y = column.to_numpy(zero_copy_only=False)
        where = f"The column {self.target!r}"
        return Piece(first, X, checked_targets(y, len(X), where, self.name, first))

    def _not_finite(self, batch: Any, X: np.ndarray, first: int) -> DataError:
        row, i = (int(at) for at in np.argwhere(~np.isfinite(X))[0])
        value = batch.column(self.features[i])[row].as_py()
        where = f"{self.name}: the column {self.features[i]!r}"
        if value is None or np.isnan(value):
            return DataError(
                f"{where} misses a value (NaN) in row {first + row}. Fill them in, or drop the "
                "rows."
            )
        return DataError(
            f"{where} holds {value} in row {first + row}: infinity, or beyond the range of 32-bit "
            "floats (about 3e38). Scale the column, or leave it out."
        )


def pyarrow_for(path: Path) -> Any:
    """The library that reads a file, with its parts for Parquet and Arrow.

    Raises:
        DataError: it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.feather
        import pyarrow.parquet
    except ImportError as error:
        raise DataError(
            f"{path.name} is read with pyarrow, which is not installed. Install it, in "
            "justright's folder: pip install '.[parquet]'."
        ) from error
    return pyarrow


def _gaps(path: Path) -> set[str]:
    """The columns of which a file says that values are missing.

    Where it contradicts itself, pyarrow ends the process as soon as it is asked about a column.
    Reading a row of each group raises an error instead, for all contradictions but one.

    Raises:
        DataError: it contradicts itself.
    """
    gaps = set()
    with _reading(path), pyarrow_for(path).parquet.ParquetFile(path) as file:
        described = file.metadata
        kinds = [described.schema.column(i).physical_type for i in range(described.num_columns)]
        for i in range(described.num_row_groups):
            next(file.iter_batches(1, [i], use_threads=False), None)
            group = described.row_group(i)
            chunks = [group.column(k) for k in range(group.num_columns)]
            if [chunk.physical_type for chunk in chunks] != kinds:
                raise ValueError("what it says of its columns contradicts itself")
            told = [(chunk.path_in_schema, chunk.statistics) for chunk in chunks]
            gaps |= {name for name, one in told if one and one.has_null_count and one.null_count}
    return gaps


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except DAMAGED as error:
        reason = reason_of(error)
        raise DataError(f"{path.name} cannot be read as Parquet: {reason}") from error


def _check_columns(file: str, schema: Any, target: str, features: Any) -> None:
    for name in (target, *features):
        if name not in schema.names:
            raise DataError(f"{file} has no column {name!r}. {did_you_mean(name, schema.names)}")
        if schema.names.count(name) > 1:
            raise DataError(f"{file} has two columns {name!r}. Give each its own name.")
        if name.startswith(_PANDAS_INDEX):
            raise DataError(
                f"{file} has a column {name!r}, which holds row labels of pandas and is no "
                "feature. Leave it out: to_parquet(index=False)."
            )


def _check_types(file: str, arrow: Any, schema: Any, features: Any) -> None:
    for name in features:
        kind = schema.field(name).type
        if not _is_numeric(arrow, kind):
            raise DataError(
                f"{file}: the column {name!r} holds {kind}, which is not a type of numbers. Turn "
                "the column into numbers, or leave it out."
            )


def _is_numeric(arrow: Any, kind: Any) -> bool:
    types = arrow.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind))
