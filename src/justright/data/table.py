"""A table with a target among its columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from justright.data.arrays import checked_targets
from justright.data.dataset import Dataset
from justright.data.identifiers import doubts_of
from justright.data.preparation import TABLE
from justright.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

# With more classes only the shares of the most and the least frequent one are told.
_TOLD_CLASSES = 6
# So many labels that occur once are names rather than classes.
_MOST_SINGLE = 0.5


def dataset_of(
    frame: pd.DataFrame,
    name: str,
    target: str | None,
    group: str | None = None,
    *,
    without: Sequence[str] = (),
    distinct: bool = False,
) -> Dataset:
    """Take the target out of a table.

    Rows without a target are left out, and that is said.

    Args:
        frame: the table.
        name: what to call it.
        target: the name of the target's column; the last one if None.
        group: the name of a column that says which rows belong together, or None.
        without: names of columns to leave out.
        distinct: whether rows that are alike in all columns count once.

    Raises:
        DataError: no such column, no features left, no targets, or targets that are neither labels
            nor numbers.
    """
    chosen = target if target is not None else str(frame.columns[-1])
    for column in (chosen, *without, *([] if group is None else [group])):
        if column not in frame.columns:
            known = map(str, frame.columns)
            raise DataError(f"{name} has no column {column!r}. {did_you_mean(column, known)}")
    if group == chosen:
        raise DataError(f"{name}: {group!r} is the target, and cannot be the groups too.")
    features = [one for one in frame.columns if one not in (chosen, group, *without)]
    if chosen in without or not features:
        raise DataError(
            f"{name} without {', '.join(without) or 'its target'} has no target or no features "
            "left. Leave fewer columns out."
        )
    frame, of = frame.drop(columns=list(without)), len(frame)
    kept = np.flatnonzero(~frame.duplicated()) if distinct else np.arange(of)
    frame = frame.iloc[kept].reset_index(drop=True) if distinct else frame
    told = [f"The target is {chosen!r}, the last column."] if target is None else []
    told += doubts_of(frame[features])
    kept = kept[frame[chosen].notna().to_numpy()]
    frame, dropped = _with_targets(frame, chosen, name)
    y = table_targets(frame[chosen], name)
    return Dataset(
        name=name,
        head=f"{name}, {len(features)} features, target {chosen}",
        X=frame[features],
        y=y,
        features=tuple(features),
        groups=None if group is None else _groups(frame, group, name),
        preprocess=TABLE,
        told=(*told, *dropped),
        target=chosen,
        kept=kept if len(kept) < of else None,
        of=of,
    )


def table_targets(column: pd.Series[Any], table: str) -> np.ndarray:
    """A column as targets: whole numbers as integers, even where the table holds floats.

    Raises:
        DataError: missing values, dates, or text that names rows instead of classes.
    """
    import pandas as pd

    where = f"The column {column.name!r}"
    if pd.api.types.is_datetime64_any_dtype(column):
        raise DataError(
            f"{where} of {table} holds dates, which are no target. Name another one, or turn "
            "them into numbers."
        )
    # A category of numbers, or text of pandas' own types, as plain labels.
    y = checked_targets(np.asarray(column), len(column), where, table)
    whole = y.dtype.kind == "f" and bool((y == np.round(y)).all())
    y = y.astype(np.int64) if whole and np.abs(y).max() < 2**53 else y
    if y.dtype.kind in "US":
        counts = np.unique(y, return_counts=True)[1]
        if len(y) > 2 and (counts == 1).sum() > _MOST_SINGLE * len(y):
            raise DataError(
                f"{where} of {table} holds {len(counts)} different texts in {len(y)} rows: most "
                "occur once, so they are no classes. Name another target."
            )
    return y


def targets_in_words(y: np.ndarray, name: str, numbers: bool) -> str:
    """What is predicted: `'class' has 2 classes: a 70.0 %, b 30.0 % of the training rows.`.

    Args:
        y: (rows,) or (rows, outputs), of the training rows.
        name: of the target.
        numbers: whether it is taken as numbers, and not as classes.
    """
    if y.ndim > 1:
        return f"{name!r} has {y.shape[1]} columns."
    if numbers:
        return f"{name!r} holds numbers, from {y.min():.4g} to {y.max():.4g}."
    labels, counts = np.unique(y, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    shares = [f"{labels[i]} {counts[i] / len(y):.1%}".replace("%", " %") for i in order]
    if len(labels) > _TOLD_CLASSES:
        ends = f"from {shares[0]} to {shares[-1]}"
        return f"{name!r} has {len(labels)} classes, {ends} of the training rows."
    return f"{name!r} has {len(labels)} classes: {', '.join(shares)} of the training rows."


def _with_targets(frame: pd.DataFrame, target: str, table: str) -> tuple[pd.DataFrame, list[str]]:
    missing = frame[target].isna().to_numpy()
    count = int(missing.sum())
    if not count:
        return frame, []
    if missing.all():
        raise DataError(f"{table}: the target {target!r} is missing in all rows. Name another one.")
    told = (
        f"{count} of {len(frame)} rows have no {target!r} and were left out, the first of them row "
        f"{int(missing.argmax())}."
    )
    return frame[~missing], [told]


def _groups(frame: pd.DataFrame, group: str, table: str) -> np.ndarray:
    missing = frame[group].isna().to_numpy()
    if missing.any():
        raise DataError(
            f"{table}: the column {group!r} says no group for {int(missing.sum())} of {len(frame)} "
            f"rows, the first in row {int(missing.argmax())}. Fill it in."
        )
    return frame[group].to_numpy()
