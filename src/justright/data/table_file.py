"""A file with a table, read as a pandas frame."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from justright.data.arrays import as_number
from justright.data.damaged import DAMAGED, UNREADABLE, reason_of
from justright.data.frames import as_frame
from justright.data.parquet import pyarrow_for
from justright.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

TEXT = (".csv", ".tsv", ".txt")
PACKED = (".gz", ".bz2", ".xz", ".zip")
PARQUET = (".parquet", ".pq")
ARROW = (".feather", ".arrow", ".ipc")

_SEPARATORS = (",", ";", "\t", "|")
# How tables at large write a missing value, beside what pandas takes for one.
_MISSING = ("?",)
_DECIMAL_COMMA = r"[+-]?\d+(?:,\d+)?"


def is_table_file(path: Path) -> bool:
    """Whether the name of a file ends as a table's does."""
    return _ending(path) in (*TEXT, *PARQUET, *ARROW)


def read_table_file(path: Path, least: int = 2) -> pd.DataFrame:
    """Read a table with named columns.

    Args:
        path: text with a header (`.csv`, `.tsv`, `.txt`, also packed as `.gz`, `.bz2`, `.xz` or
            `.zip`), separated by commas, semicolons, tabs or bars; Parquet; or Arrow (`.feather`,
            `.arrow`, `.ipc`). In text an empty cell, `?`, and what pandas takes for it is missing,
            and beside semicolons a comma may be the decimal point.
        least: how many columns there must be: features and a target.

    Raises:
        DataError: no such file, one that is empty, has no header, two columns of one name, or
            cannot be read.
    """
    if not path.is_file():
        raise DataError(f"There is no file {str(path)!r}. Check the path.")
    if _ending(path) in TEXT:
        frame = _read_text(path)
    else:
        frame = _read_arrow(path)
        _check_no_index(path.name, frame)
    if frame.empty or frame.shape[1] < least:
        wanted = "Some rows are wanted."
        if least > 1:
            wanted = "At least two columns, features and a target, and some rows are wanted."
        raise DataError(
            f"{path.name} has {frame.shape[0]} rows and {frame.shape[1]} columns. {wanted}"
        )
    return frame


def _ending(path: Path) -> str:
    """`.csv` of `table.csv` and of `table.CSV.gz`."""
    endings = [one.lower() for one in path.suffixes]
    if endings and endings[-1] in PACKED:
        endings.pop()
    return endings[-1] if endings else ""


def _read_text(path: Path) -> pd.DataFrame:
    import pandas as pd

    with _reading(path, "CSV"):
        header, separator = _header(path)
        _check_header(header, path.name)
        settings: dict[str, Any] = {"sep": separator, "na_values": list(_MISSING)}
        frame = pd.read_csv(path, **settings)
        if separator == ";" and _has_decimal_commas(frame):
            frame = pd.read_csv(path, decimal=",", **settings)
    return as_frame(frame, path.name)


def _header(path: Path) -> tuple[list[Any], str]:
    """The cells of the first row, by the separator that makes most of it."""
    import pandas as pd

    found = {}
    for separator in _SEPARATORS:
        options: dict[str, Any] = {"quoting": csv.QUOTE_MINIMAL, "dtype": str}
        row = pd.read_csv(path, sep=separator, header=None, nrows=1, **options)
        found[separator] = list(row.iloc[0])
    best = max(_SEPARATORS, key=lambda one: len(found[one]))
    return found[best], best


def _has_decimal_commas(frame: pd.DataFrame) -> bool:
    text = frame.select_dtypes(["object", "string"])
    return any(
        present.str.fullmatch(_DECIMAL_COMMA).all() and present.str.contains(",").any()
        for name in text
        if len(present := text[name].dropna().astype(str))
    )


def _read_arrow(path: Path) -> pd.DataFrame:
    pyarrow = pyarrow_for(path)
    kind, read = (
        ("Parquet", pyarrow.parquet.read_table)
        if _ending(path) in PARQUET
        else ("Arrow", pyarrow.feather.read_table)
    )
    # What pandas has written into the file about its columns may be damaged as well.
    with _reading(path, kind, DAMAGED):
        table = read(path)
        # An Arrow file is mapped, not decoded: offsets that lead elsewhere would be followed.
        table.validate(full=True)
        return as_frame(table, path.name)


@contextmanager
def _reading(
    path: Path, kind: str, faults: tuple[type[Exception], ...] = UNREADABLE
) -> Iterator[None]:
    import pandas as pd

    try:
        yield
    except DataError:
        raise
    except pd.errors.EmptyDataError:
        raise DataError(f"{path.name} is empty. A header and rows are wanted.") from None
    except faults as error:
        raise DataError(f"{path.name} cannot be read as {kind}: {reason_of(error)}") from error


def _check_header(header: list[Any], file: str) -> None:
    """Refuse what would be read without complaint and be wrong."""
    names = [str(name) for name in header]
    if header and not isinstance(header[0], str):
        raise DataError(
            f"{file} begins with a column without a name, which looks like row numbers and is no "
            "feature. Leave it out: to_csv(index=False)."
        )
    if names and None not in map(as_number, names):
        raise DataError(
            f"{file} has no header: its first row holds numbers ({', '.join(names[:3])}, …). Put "
            "the names of the columns into the first row."
        )
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise DataError(f"{file} has two columns {twice[0]!r}. Give each its own name.")


def _check_no_index(file: str, frame: pd.DataFrame) -> None:
    if any(name.startswith("__index_level_") for name in frame.columns):
        raise DataError(
            f"{file} has a column of row labels of pandas, which is no feature. Leave it out: "
            "to_parquet(index=False)."
        )
