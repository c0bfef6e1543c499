"""The data sets with their fixed splits, standardized on what trains in each split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

FILES = {
    "boston": "bostonHousing",
    "concrete": "concrete",
    "energy": "energy",
    "kin8nm": "kin8nm",
    "naval": "naval-propulsion-plant",
    "power": "power-plant",
    "protein": "protein-tertiary-structure",
    "wine": "wine-quality-red",
    "yacht": "yacht",
}
# The shipped results are of a hundred times the number of epochs that the files name.
EPOCHS = 100


@dataclass(frozen=True)
class Table:
    """One data set.

    Attributes:
        name: of `FILES`.
        X, y: (rows, features), (rows,).
        splits: (train, test) positions, in the published order.
        rates: dropout rates of the published grid.
        precisions: its τ.
        epochs: of a training.
        hidden: units of the hidden layer.
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    splits: list[tuple[np.ndarray, np.ndarray]]
    rates: tuple[float, ...]
    precisions: tuple[float, ...]
    epochs: int
    hidden: int

    @classmethod
    def read(cls, folder: Path, name: str) -> Table:
        """Read one file: X, y, n_splits, train_0, test_0, …, and the published grid."""
        with np.load(folder / f"{FILES[name]}.npz") as file:
            count = int(file["n_splits"])
            return cls(
                name=name,
                X=file["X"],
                y=file["y"],
                splits=[(file[f"train_{i}"], file[f"test_{i}"]) for i in range(count)],
                rates=tuple(map(float, file["dropout_rates"])),
                precisions=tuple(map(float, file["tau_values"])),
                epochs=EPOCHS * int(file["n_epochs"].ravel()[0]),
                hidden=int(file["n_hidden"].ravel()[0]),
            )

    def inner(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The training rows of each split divided: the first 80 % train, the others select."""
        cuts = [int(0.8 * len(train)) for train, _ in self.splits]
        return [(train[:n], train[n:]) for n, (train, _) in zip(cuts, self.splits, strict=True)]


@dataclass(frozen=True)
class Blocks:
    """The rows of some folds, each standardized by its own training rows, one after the other.

    Attributes:
        X, y: the pool, (pool, features) and (pool,).
        folds: positions in the pool, (train, held).
        center, scale: of the targets of each fold, (folds,).
        means, spreads: of the inputs of each fold, (folds, features).
    """

    X: np.ndarray
    y: np.ndarray
    folds: list[tuple[np.ndarray, np.ndarray]]
    center: np.ndarray
    scale: np.ndarray
    means: np.ndarray
    spreads: np.ndarray

    @classmethod
    def of(cls, table: Table, folds: list[tuple[np.ndarray, np.ndarray]]) -> Blocks:
        """Standardize; a constant column becomes 0."""
        X, y, placed, center, scale, start = [], [], [], [], [], 0
        means, spreads = [], []
        for train, held in folds:
            rows = np.concatenate([train, held])
            spread = table.X[train].std(axis=0)
            means.append(table.X[train].mean(axis=0))
            spreads.append(np.where(spread == 0, 1, spread))
            X.append((table.X[rows] - means[-1]) / spreads[-1])
            center.append(table.y[train].mean())
            scale.append(table.y[train].std())
            y.append((table.y[rows] - center[-1]) / scale[-1])
            positions = np.arange(start, start + len(rows))
            placed.append((positions[: len(train)], positions[len(train) :]))
            start += len(rows)
        pool = np.concatenate(X).astype(np.float32)
        targets = np.concatenate(y)
        return cls(pool, targets, placed, *map(np.array, (center, scale, means, spreads)))

    @property
    def training_rows(self) -> int:
        """How many rows a fold trains on."""
        return len(self.folds[0][0])

    def standardized(self, X: np.ndarray, fold: int) -> np.ndarray:
        """Other rows as a fold's training rows ask for."""
        return ((X - self.means[fold]) / self.spreads[fold]).astype(np.float32)

    def held(self, fold: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets of the rows that a fold holds out, standardized."""
        rows = self.folds[fold][1]
        return self.X[rows], self.y[rows]
