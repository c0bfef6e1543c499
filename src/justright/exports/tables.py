"""A study's tables as CSV or Parquet files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from justright.exports.extras import extra
from justright.exports.places import destination

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".parquet")


def write_tables(
    path: str | os.PathLike[str], trials: pd.DataFrame, curves: pd.DataFrame
) -> tuple[Path, Path]:
    """Write a table of trials, and that of their epochs beside it.

    Args:
        path: of the trials, `.csv` or `.parquet`; `.curves` comes before the suffix of the
            other: `study.curves.csv`.
        trials, curves: as `Study` has them.

    Returns:
        The two paths.

    Raises:
        DataError: another suffix, a folder that is not there, or no pyarrow for Parquet.
    """
    place = write_table(path, trials)
    return place, write_table(place.with_name(f"{place.stem}.curves{place.suffix}"), curves)


def write_table(path: str | os.PathLike[str], table: pd.DataFrame) -> Path:
    """Write a table, and return its path.

    Args:
        path: `.csv` or `.parquet`.
        table: of any columns.

    Raises:
        DataError: another suffix, a folder that is not there, or no pyarrow for Parquet.
    """
    place = destination(path, SUFFIXES)
    if place.suffix.lower() == ".parquet":
        extra("pyarrow", "parquet", "Writing Parquet")
        table.to_parquet(place, engine="pyarrow", index=False)
    else:
        table.to_csv(place, index=False)
    return place
