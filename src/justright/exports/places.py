"""Where an export is written to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from justright.errors import DataError


def destination(path: str | os.PathLike[str], suffixes: Sequence[str]) -> Path:
    """The path to write to, its suffix one of those that say a format.

    Args:
        path: what the user gives.
        suffixes: in small letters, with the dot.

    Raises:
        DataError: another suffix, or a folder that is not there.
    """
    place = Path(path)
    if place.suffix.lower() not in suffixes:
        raise DataError(
            f"{place.name!r}: the suffix says the format, and is one of {', '.join(suffixes)}."
        )
    if not place.parent.is_dir():
        raise DataError(f"There is no folder {str(place.parent)!r} to write {place.name} to.")
    return place
