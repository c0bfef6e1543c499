"""What a training logged, epoch by epoch: from a Keras history, a table or a CSV file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from justright.data.arrays import as_number
from justright.data.damaged import UNREADABLE, reason_of
from justright.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_TRAIN = {"train", "training", "trn", "tr"}
_VALIDATION = {"val", "valid", "validation", "dev", "eval", "test"}
_ACCURACIES = {
    "accuracy",
    "acc",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
}
_BLANK = {"", "na", "n/a", "<na>", "none", "null", "-"}
_LAST_EPOCH = 2**53
_LOSSES = {
    "train_loss": "training loss (loss, train_loss)",
    "val_loss": "validation loss (val_loss, valid_loss)",
}


@dataclass(frozen=True)
class Epochs:
    """One training by epoch.

    Attributes:
        train_loss, val_loss: (epochs,); NaN or infinite where the training diverged.
        train_accuracy, val_accuracy: (epochs,) in [0, 1]; None where they were not logged.
        numbers: (epochs,) what the log calls each epoch.
        kept: how many epochs lie up to the one whose weights are used: all, if no earlier ones
            were restored.
    """

    train_loss: np.ndarray
    val_loss: np.ndarray
    train_accuracy: np.ndarray | None
    val_accuracy: np.ndarray | None
    numbers: np.ndarray
    kept: int

    def __len__(self) -> int:
        return len(self.train_loss)

    @property
    def has_accuracy(self) -> bool:
        """Whether accuracies were logged."""
        return self.train_accuracy is not None and self.val_accuracy is not None


@dataclass(frozen=True)
class _Column:
    """Numbers (rows,), where nothing was logged, and where that or NaN may be meant."""

    values: np.ndarray
    blank: np.ndarray
    unsure: np.ndarray

    def at(self, rows: np.ndarray) -> _Column:
        return _Column(self.values[rows], self.blank[rows], self.unsure[rows])

    @property
    def holes(self) -> np.ndarray:
        return self.blank | self.unsure


def read_epochs(path: Path, kept_epoch: int | None = None) -> Epochs:
    """Read a CSV file with a header, one row an epoch.

    Args:
        path: the file.
        kept_epoch: as in `epochs_of`.

    Raises:
        DataError: no such file, an empty one, or what `epochs_of` refuses.
    """
    import pandas as pd

    if not path.is_file():
        raise DataError(f"There is no file {str(path)!r}. Check the path.")
    try:
        # As text: a blank cell (not logged) is not a NaN (diverged).
        table = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    except pd.errors.EmptyDataError:
        raise DataError(f"{path.name} is empty. A header and a row an epoch are wanted.") from None
    except UNREADABLE as error:
        raise DataError(f"{path.name} cannot be read as CSV: {reason_of(error)}") from error
    return epochs_of(table, kept_epoch, path.name)


def epochs_of(
    table: pd.DataFrame | Mapping[str, Any], kept_epoch: int | None = None, where: str = "The table"
) -> Epochs:
    """The curves in a table of epochs, found by their usual names.

    Names are those of Keras (`loss`, `val_loss`, `accuracy`, `val_accuracy`), or say the part
    before or after (`train_loss`, `Loss/validation`, `valid_acc`). An epoch may have several
    rows, each with some of the figures, if a column `epoch` says which belong together. Epochs
    without a training or a validation loss are left out.

    Args:
        table: columns by name, one row an epoch.
        kept_epoch: the epoch whose weights are used, where they are not those of the last one;
            counted as in the column `epoch`, or from 1 without one.
        where: what to call the table in an error message.

    Raises:
        DataError: no column for a loss, text among numbers, figures that no training gives,
            or fewer than two epochs (unless the first one diverged already).
    """
    given = {str(name): _cells(one, str(name), where) for name, one in table.items()}
    names: dict[str, str] = {}
    # Test figures stand for validation only where there are no others.
    for name in sorted(given, key=lambda one: "test" in one.lower()):
        if meaning := _meaning(name):
            names.setdefault(meaning, name)
    _check_names(names, given, where)
    columns = _of_one_length({key: given[name] for key, name in names.items()}, where)
    if "epoch" in columns:
        columns = _row_an_epoch(columns, where)
    logged = _logged(columns["train_loss"], columns["val_loss"])
    columns = {key: column.at(logged) for key, column in columns.items()}
    _check_losses(columns, names, where)
    numbers = columns["epoch"].values if "epoch" in columns else np.flatnonzero(logged) + 1
    accuracies = [
        _shares(columns[key], names[key], where)
        for key in ("train_accuracy", "val_accuracy")
        if key in columns and not columns[key].blank.any()
    ]
    train_accuracy, val_accuracy = accuracies if len(accuracies) == 2 else (None, None)
    return Epochs(
        columns["train_loss"].values,
        columns["val_loss"].values,
        train_accuracy,
        val_accuracy,
        numbers.astype(int),
        _kept(kept_epoch, numbers, where),
    )


def _meaning(name: str) -> str:
    """Which figure a column holds: `"val_loss"`, `"epoch"`, or `""` for none that is read."""
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    if words in (["epoch"], ["epochs"]):
        return "epoch"
    part = "train"
    for position in (0, -1):
        if len(words) > 1 and words[position] in _TRAIN | _VALIDATION:
            part = "val" if words.pop(position) in _VALIDATION else "train"
            break
    if words and words[-1] == "epoch":  # Lightning's train_loss_epoch, beside train_loss_step.
        words.pop()
        return _meaning("_".join([part, *words])) if words else ""
    if words == ["loss"]:
        return f"{part}_loss"
    return f"{part}_accuracy" if "_".join(words) in _ACCURACIES else ""


def _cells(values: Any, name: str, where: str) -> _Column:
    array = np.atleast_1d(np.asarray(values, object))
    words = (str(v).strip().lower() for v in array)
    blank = np.array([word in _BLANK for word in words], bool)
    numbers = [np.nan if b else as_number(v) for v, b in zip(array, blank, strict=True)]
    if None in numbers and _meaning(name):
        row = numbers.index(None)
        raise DataError(
            f"{where}: the column {name!r} holds {array[row]!r} in row {row}, which is not a "
            "number. Leave the cell blank where nothing was logged."
        )
    values_read = np.array([np.nan if n is None else n for n in numbers], float)
    # A NaN that is no text may be what pandas puts into a blank cell.
    text = np.array([isinstance(v, str) for v in array], bool)
    unsure = np.isnan(values_read) & ~blank & ~text
    return _Column(values_read, blank, unsure)


def _logged(train: _Column, val: _Column) -> np.ndarray:
    """Where both losses were logged: of a training that diverged, both are NaN."""
    one_unsure = train.unsure ^ val.unsure
    return ~(train.blank | val.blank | one_unsure)


def _check_names(names: dict[str, str], given: Mapping[str, _Column], where: str) -> None:
    if not given or not any(len(column.values) for column in given.values()):
        raise DataError(f"{where} has no epochs. A row an epoch is wanted, with losses in columns.")
    lacking = [words for key, words in _LOSSES.items() if key not in names]
    if lacking:
        hint = " Train with validation_data to have one." if "val_loss" not in names else ""
        raise DataError(
            f"{where} has no column for the {' and the '.join(lacking)}. Its columns: "
            f"{', '.join(given)}.{hint}"
        )


def _of_one_length(columns: dict[str, _Column], where: str) -> dict[str, _Column]:
    lengths = {len(column.values) for column in columns.values()}
    if len(lengths) > 1:
        raise DataError(
            f"{where} has columns of different lengths ({', '.join(map(str, sorted(lengths)))}). "
            "Give one value an epoch in each."
        )
    return columns


def _row_an_epoch(columns: dict[str, _Column], where: str) -> dict[str, _Column]:
    """Put the rows of an epoch together: of each figure the last that was logged."""
    epoch = columns["epoch"].values
    if not (np.abs(epoch) <= _LAST_EPOCH).all() or (epoch != np.round(epoch)).any():
        raise DataError(f"{where}: the column of epochs holds what is no whole number.")
    steps = np.diff(epoch)
    if (steps < 0).any():
        row = int((steps < 0).argmax()) + 1
        raise DataError(
            f"{where} goes back from epoch {epoch[row - 1]:g} to {epoch[row]:g} in row {row}: it "
            "holds several trainings. Give one at a time."
        )
    if (steps > 0).all():
        return columns
    groups = np.split(np.arange(len(epoch)), np.flatnonzero(steps > 0) + 1)
    return {key: _last_logged(column, groups) for key, column in columns.items()}


def _last_logged(column: _Column, groups: list[np.ndarray]) -> _Column:
    # Where nothing was logged in any row, the last one says in which way.
    last = np.array([[*rows, *rows[~column.holes[rows]]][-1] for rows in groups])
    return column.at(last)


def _check_losses(columns: dict[str, _Column], names: dict[str, str], where: str) -> None:
    count = len(columns["val_loss"].values)
    diverged = count == 1 and not np.isfinite([columns[key].values for key in _LOSSES]).all()
    if count < 2 and not diverged:
        raise DataError(
            f"{where} has {count} epoch{'s' * (count != 1)} with a training and a validation "
            "loss. A diagnosis reads how they change: give at least two."
        )
    for key in _LOSSES:
        values = columns[key].values
        if (values < 0).any():
            raise DataError(
                f"{where}: the column {names[key]!r} holds a negative loss ({values.min():g}). "
                "Sizes of losses are compared here, so log one that cannot be negative, such as "
                "cross-entropy or the mean squared error."
            )


def _shares(column: _Column, name: str, where: str) -> np.ndarray:
    """Accuracies as shares, also where they were logged in percent."""
    values = column.values
    largest = np.nanmax(values, initial=0)
    if np.nanmin(values, initial=0) < 0 or largest > 100:
        raise DataError(
            f"{where}: the column {name!r} holds {values.min():g} to {largest:g}; accuracies are "
            "shares in [0, 1], or percentages."
        )
    return values / 100 if largest > 1 else values


def _kept(epoch: int | None, numbers: np.ndarray, where: str) -> int:
    if epoch is None:
        return len(numbers)
    if epoch not in numbers:
        raise DataError(
            f"kept_epoch={epoch}: {where} has epochs {numbers[0]:g} to {numbers[-1]:g}, and the "
            "one whose weights are used must be among them."
        )
    return int(np.flatnonzero(numbers == epoch)[0]) + 1
