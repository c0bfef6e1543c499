"""The rows that `justright predict` is given: a table, pictures, arrays, or what ships."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from justright.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from justright.experiments.saved import SavedModel

TAKEN = (
    "a table (CSV, Parquet, Arrow), a picture or a folder of pictures, arrays (.npz), or a data "
    "set that ships"
)


@dataclass(frozen=True)
class Rows:
    """Rows to predict.

    Attributes:
        X: a frame, or an array (rows, …).
        name: what to call them.
        truth: (rows,) what they are, where that is known; its name says whence.
        truth_is: a column or an array.
        files: of pictures, their files; else empty.
        told: what was decided on the way, in sentences.
    """

    X: Any
    name: str
    truth: pd.Series[Any] | None = None
    truth_is: str = "column"
    files: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def rows_of(data: str, saved: SavedModel, target: str | None) -> Rows:
    """What lies at a path, or ships, as the network takes it.

    Args:
        data: a name or a path.
        saved: the network.
        target: of a table, the column with the truth; that of the network if None.

    Raises:
        DataError: no such file, one that cannot be read, or rows that have no such column.
    """
    from justright.cli.rows import EXAMPLES
    from justright.data.pictures import PICTURES
    from justright.data.read import ARRAYS

    path = Path(data)
    if data in EXAMPLES:
        return _shipped(data, saved, target)
    if not path.exists():
        raise DataError(f"There is no file {data!r}. Check the path. What is taken: {TAKEN}.")
    if path.is_dir() or path.suffix.lower() in PICTURES:
        _refuse_target(target, path.name, "pictures, which are judged by the names of folders")
        return _pictures(path, saved)
    if path.suffix.lower() == ARRAYS:
        _refuse_target(target, path.name, "arrays, which are judged by y or y_test")
        return _arrays(path, saved)
    return _of_table(_table(path), path.name, saved, target)


def _refuse_target(target: str | None, name: str, what: str) -> None:
    if target is not None:
        raise DataError(f"--target {target}: {name} holds {what}. Leave --target out.")


def _shipped(data: str, saved: SavedModel, target: str | None) -> Rows:
    import pandas as pd

    from justright.data.examples import whole_example

    table = whole_example(data)
    frame = pd.DataFrame(table.X, columns=list(table.features)).assign(target=table.y)
    rows = _of_table(frame, data, saved, target)
    if rows.truth is not None or not saved.kind:
        return rows
    return Rows(rows.X, data, frame["target"], told=rows.told)


def _pictures(path: Path, saved: SavedModel) -> Rows:
    import pandas as pd

    from justright.data.pictures import pictures_to_predict

    X, files, labels = pictures_to_predict(path, saved.model.input_shape[1:])
    name = path.resolve().name
    # PART/CLASS/PICTURE
    part, _, rest = files[0].partition("/")
    told = [f"Of its parts that is {part}."] if "/" in rest else []
    truth = None
    if labels is not None and saved.classes is not None:
        odd = sorted(set(labels) - set(map(str, saved.classes)))
        if len(odd) == len(set(labels)):
            known = _listed(saved.classes)
            told.append(f"No folder is named as a class of the network ({known}): no accuracy.")
        else:
            truth = pd.Series(labels, name="class")
            if odd:
                told.append(f"Of {_listed(odd)} the network knows nothing: these are errors.")
    return Rows(X, name, truth, files=tuple(files), told=tuple(told))


def _listed(names: Any, most: int = 5) -> str:
    shown = ", ".join(map(str, names[:most]))
    return f"{shown}, …" if len(names) > most else shown


def _arrays(path: Path, saved: SavedModel) -> Rows:
    import pandas as pd

    from justright.data.array_file import rows_to_predict

    X: Any
    X, y, inputs, targets = rows_to_predict(path)
    name = f"{inputs} in {path.name}"
    if saved.columns and X.ndim == 2:
        # The network knows its inputs by name, and an array has its columns in their order.
        if X.shape[1] != len(saved.columns):
            raise DataError(
                f"{name} has {X.shape[1]} columns, and the network was trained on "
                f"{len(saved.columns)}: {_listed(saved.columns)}."
            )
        X = pd.DataFrame(X, columns=list(saved.columns))
    if y is None or not saved.kind:
        return Rows(X, name)
    classes = () if saved.classes is None else saved.classes
    if y.ndim == 2 and saved.kind == "categorical" and y.shape[1] == len(classes):
        y = np.asarray(classes)[y.argmax(axis=1)]
    if y.ndim > 1 or (saved.classes is None and y.dtype.kind not in "biuf"):
        return Rows(X, name)
    return Rows(X, name, pd.Series(y, name=targets), "array")


def _of_table(frame: pd.DataFrame, name: str, saved: SavedModel, target: str | None) -> Rows:
    """Where the network names no columns, all but the target go in, in their order."""
    if target is not None and target not in frame.columns:
        known = map(str, frame.columns)
        raise DataError(f"{name} has no column {target!r}. {did_you_mean(target, known)}")
    column = target or saved.target
    judges = bool(column) and column in frame.columns and column not in saved.columns
    truth = frame[column] if judges else None
    if saved.columns:
        return Rows(frame, name, truth, told=_unread(frame, saved))
    left_out = [column] if judges else ["target"]
    return Rows(frame.drop(columns=left_out, errors="ignore"), name, truth)


def _unread(frame: pd.DataFrame, saved: SavedModel) -> tuple[str, ...]:
    """Cells that go in as missing though they hold something: text where dates were."""
    inner = getattr(saved.preparation, "fitted", saved.preparation)
    kinds = getattr(inner, "kinds_", {})
    dates = [str(name) for name, kind in kinds.items() if kind == "date"]
    counts = {
        name: int((inner.dates(name, frame).isna() & frame[name].notna()).sum())
        for name in dates
        if name in frame.columns
    }
    return tuple(
        f"{count} of {len(frame)} cells of {name!r} are no dates and went in as missing."
        for name, count in counts.items()
        if count
    )


def _table(path: Path) -> pd.DataFrame:
    import pandas as pd

    from justright.data.damaged import UNREADABLE, reason_of
    from justright.data.table_file import is_table_file, read_table_file

    if is_table_file(path):
        return read_table_file(path, least=1)
    try:
        frame = pd.read_csv(path)
    except pd.errors.EmptyDataError:
        raise DataError(f"{path.name} is empty. A header and rows are wanted.") from None
    except (*UNREADABLE, ImportError) as error:
        raise DataError(
            f"{path.name} cannot be read as a table: {reason_of(error)}. What is taken: {TAKEN}."
        ) from error
    if frame.empty:
        raise DataError(f"{path.name} has no rows.")
    return frame
