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
    place = destination(path, SUFFIXES)
    beside = place.with_name(f"{place.stem}.curves{place.suffix}")
    if place.suffix.lower() == ".parquet":
        extra("pyarrow", "parquet", "Writing Parquet")
    for where, table in ((place, trials), (beside, curves)):
        if place.suffix.lower() == ".parquet":
            table.to_parquet(where, engine="pyarrow", index=False)
        else:
            table.to_csv(where, index=False)
    return place, beside
