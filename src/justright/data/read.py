"""From a path to rows: a table, pictures in folders, or arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from justright.data.dataset import Dataset
from justright.data.table_file import ARROW, PACKED, PARQUET, TEXT, is_table_file
from justright.errors import DataError

ARRAYS = ".npz"


def read_dataset(
    path: Path,
    target: str | None = None,
    group: str | None = None,
    *,
    without: Sequence[str] = (),
    distinct: bool = False,
    image_size: tuple[int, int] | None = None,
) -> Dataset:
    """Read what lies at a path.

    Args:
        path: a table (`read_table_file` says which), a folder of pictures with a folder for each
            class (`read_pictures`), or an `.npz` file (`read_array_file`).
        target: of a table, the column to predict; the last one if None.
        group: of a table, the column that says which rows belong together, or None.
        without: of a table, columns to leave out.
        distinct: of a table, whether rows that are alike in all columns count once.
        image_size: of pictures, height and width to bring them to; those of most of them if None.

    Raises:
        DataError: no such file, one that cannot be read, or options that it has no use for.
    """
    of_table = {"target": target, "group": group, "without": tuple(without), "distinct": distinct}
    if is_table_file(path):
        _refuse({"image_size": image_size}, path.name, "a table")
        from justright.data.table import dataset_of
        from justright.data.table_file import read_table_file

        frame = read_table_file(path)
        return dataset_of(frame, path.name, target, group, without=without, distinct=distinct)
    if path.is_dir():
        _refuse(of_table, path.name, "a folder of pictures")
        from justright.data.pictures import read_pictures

        return read_pictures(path, image_size)
    if path.suffix.lower() == ARRAYS:
        _refuse({**of_table, "image_size": image_size}, path.name, "a file of arrays")
        from justright.data.array_file import read_array_file

        return read_array_file(path)
    if not path.exists():
        raise DataError(f"There is no file {str(path)!r}. Check the path.")
    known = ", ".join((*TEXT, *PARQUET, *ARROW, ARRAYS))
    raise DataError(
        f"{path.name} is none of what is read: {known} (text also packed as {', '.join(PACKED)}), "
        "or a folder of pictures."
    )


def _refuse(options: Mapping[str, object], name: str, what: str) -> None:
    given = [option.replace("_", " ") for option, value in options.items() if value]
    if given:
        raise DataError(f"{name} is {what}, which has no {given[0]}. Leave that out.")
