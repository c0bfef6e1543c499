"""Tables from a folder, and how their rows are divided."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold

from tabular.published import FIGURES

MOST_CLASSES = 30
# Tables whose rows come in blocks of so many, each of one animal: blocks stay together.
BLOCKS = {"mice-protein": 15}
_FOLDS = 5


class Division(NamedTuple):
    """Positions of the 60 % that train, the 20 % that select, and the 20 % that judge."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """The rows that do not judge."""
        return np.concatenate([self.train, self.validation])


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        name: of its file.
        X: its columns.
        y: (rows,) the classes counted from 0, or numbers.
        is_class: which of the two.
        groups: (rows,) what stays on one side, or None.
    """

    name: str
    X: pd.DataFrame
    y: np.ndarray
    is_class: bool
    groups: np.ndarray | None = None

    @classmethod
    def of(cls, name: str, frame: pd.DataFrame, task: str | None = None) -> Table:
        """A frame whose last column is the target; text and few whole numbers are classes."""
        y = frame.iloc[:, -1]
        few = y.dtype.kind not in "f" and y.nunique() <= MOST_CLASSES
        is_class = few if task is None else task == "classification"
        targets = pd.factorize(y, sort=True)[0] if is_class else y.to_numpy(np.float64)
        groups = np.arange(len(y)) // BLOCKS[name] if name in BLOCKS else None
        return cls(name, frame.iloc[:, :-1], targets, is_class, groups)

    def division(self, seed: int) -> Division:
        """Rows by class where there are classes: of five folds one judges and one selects."""
        kinds = {True: StratifiedKFold, False: KFold}
        kind = kinds[self.is_class] if self.groups is None else StratifiedGroupKFold
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The least populated class")
            splitter = kind(_FOLDS, shuffle=True, random_state=seed)
            folds = [held for _, held in splitter.split(self.X, self.y, self.groups)]
        return Division(np.concatenate(folds[2:]), folds[1], folds[0])


def tables(folder: Path, only: list[str] | None = None) -> Iterator[Table]:
    """The tables of a folder, those with published figures first.

    A `manifest.csv` with columns `name` and `task`, if there is one, says which are regressions.
    """
    paths = {path.name.split(".")[0]: path for path in sorted(folder.glob("*.csv*"))}
    manifest = paths.pop("manifest", None)
    tasks = {} if manifest is None else pd.read_csv(manifest).set_index("name")["task"].to_dict()
    for name in only or sorted(paths, key=lambda name: (name not in FIGURES, name)):
        yield Table.of(name, pd.read_csv(paths[name]), tasks.get(name))
