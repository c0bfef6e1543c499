"""A table of numbers from a CSV file, divided and scaled."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from justright.data.arrays import as_number, checked_targets
from justright.data.examples import Example, Table, divided
from justright.data.holdout import held_count, hold_out
from justright.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

SHARE = 0.2
# The square of a larger number does not fit into a float, so it has no standard deviation.
LARGEST = 1e150


def read_table(
    path: Path,
    target: str | None,
    *,
    validation: float = SHARE,
    without: Sequence[str] = (),
    distinct: bool = False,
) -> Example:
    """Read a CSV file with a header; hold out a fifth to validate and a fifth to test.

    Args:
        path: the file; `.csv`, also compressed (`.csv.gz`).
        target: the name of the target's column; the last one if None.
        validation: the share of all rows to validate on.
        without: names of columns to leave out.
        distinct: whether rows that are alike in all columns count once.

    Returns:
        The divided data, columns standardised on the training rows.

    Raises:
        DataError: as `read_columns` does, or too few rows to divide.
    """
    table = read_columns(path, target, without=without, distinct=distinct)
    y = table.y
    rest, test = hold_out(y, SHARE, "test rows")
    count = held_count(validation, len(y), "validation")
    inner, selecting = hold_out(y[rest], count, "validation rows")
    parts = rest[inner], rest[selecting], test
    return divided(table.name, table.head, table.X, y, parts, table.features)


def read_columns(
    path: Path,
    target: str | None,
    group: str | None = None,
    *,
    without: Sequence[str] = (),
    distinct: bool = False,
) -> Table:
    """Read a CSV file with a header.

    Args:
        path: the file; `.csv`, also compressed (`.csv.gz`).
        target: the name of the target's column; the last one if None.
        group: the name of a column that says which rows belong together, or None.
        without: names of columns to leave out.
        distinct: whether rows that are alike in all columns count once.

    Raises:
        DataError: no such file, an empty one, no such column, text or missing
            values among the features.
    """
    import pandas as pd

    if not path.is_file():
        raise DataError(f"There is no file {str(path)!r}. Check the path.")
    try:
        frame = pd.read_csv(path)
    except pd.errors.EmptyDataError:
        raise DataError(f"{path.name} is empty. A header and rows are wanted.") from None
    except (ValueError, OSError, EOFError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"{path.name} cannot be read as CSV: {reason}") from error
    _check_header(frame, path.name)
    if frame.empty or frame.shape[1] < 2:
        raise DataError(
            f"{path.name} has {frame.shape[0]} rows and {frame.shape[1]} columns. At least two "
            "columns, features and a target, and some rows are wanted."
        )
    name = target if target is not None else str(frame.columns[-1])
    for column in (name, *without, *([] if group is None else [group])):
        if column not in frame.columns:
            known = map(str, frame.columns)
            raise DataError(f"{path.name} has no column {column!r}. {did_you_mean(column, known)}")
    if name in without or len(frame.columns) - len(set(without)) < 2:
        raise DataError(
            f"{path.name} without {', '.join(without)} has no target or no features left. Leave "
            "fewer columns out."
        )
    frame = frame.drop(columns=list(without))
    frame = frame.drop_duplicates(ignore_index=True) if distinct else frame
    y = checked_targets(frame[name].to_numpy(), len(frame), f"The column {name!r}", path.name)
    groups = None if group is None else _groups(frame, group, name, path.name)
    features = frame.drop(columns=[name] if group is None else [name, group])
    _check_numeric(features, path.name)
    X = features.to_numpy(np.float64)
    head = f"{path.name}, {X.shape[1]} features, target {name}"
    return Table(path.name, head, X, y, tuple(map(str, features.columns)), groups)


def _groups(frame: pd.DataFrame, group: str, target: str, file: str) -> np.ndarray:
    if group == target:
        raise DataError(f"{file}: {group!r} is the target, and cannot be the groups too.")
    missing = frame[group].isna().to_numpy()
    if missing.any():
        raise DataError(
            f"{file}: the column {group!r} says no group for {int(missing.sum())} of {len(frame)} "
            f"rows, the first in row {int(missing.argmax())}. Fill it in."
        )
    return frame[group].to_numpy()


def _check_header(frame: pd.DataFrame, file: str) -> None:
    """Refuse what would be read without complaint and be wrong."""
    names = [str(name) for name in frame.columns]
    if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        raise DataError(f"{file} has one column only: it is not separated by commas. Save it so.")
    if names and None not in map(as_number, names):
        raise DataError(
            f"{file} has no header: its first row holds numbers ({', '.join(names[:3])}, …). Put "
            "the names of the columns into the first row."
        )
    if names and names[0] == "Unnamed: 0":
        raise DataError(
            f"{file} begins with a column without a name, which looks like row numbers and is no "
            "feature. Leave it out: to_csv(index=False)."
        )


def _check_numeric(features: pd.DataFrame, file: str) -> None:
    import pandas as pd

    for column in features.columns:
        values, where = features[column], f"{file}: the column {column!r}"
        missing = values.isna().to_numpy()
        if missing.any():
            raise DataError(
                f"{where} misses {int(missing.sum())} of {len(values)} values, the first in row "
                f"{int(missing.argmax())}. Fill them in, or drop the rows."
            )
        if not pd.api.types.is_numeric_dtype(values):
            # The first cell that is no number; where all are, they are integers beyond 64 bits.
            unread = pd.to_numeric(values, errors="coerce").isna().to_numpy()
            row = int(unread.argmax())
            raise DataError(
                f"{where} holds {values.iloc[row]!r} in row {row}, which is not a number of 64 "
                "bits. Turn the column into numbers, or leave it out."
            )
        large = ~(np.abs(values.to_numpy(np.float64)) < LARGEST)
        if large.any():
            row = int(large.argmax())
            raise DataError(
                f"{where} holds {values.iloc[row]} in row {row}: infinity, or too large to be "
                "standardised. Leave the row or the column out."
            )
