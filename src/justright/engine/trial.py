"""What is trained, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from justright.engine.outcome import Outcome
from justright.engine.versions import Versions, present
from justright.network.weights import Arrays
from justright.regularizers.recipe import Recipe

CURVES = ("train_loss", "val_loss", "train_metric", "val_metric", "penalty")
"""What is logged at the end of each epoch, in this order."""


@dataclass(frozen=True)
class Trial:
    """One training: a recipe, a seed and a split.

    Attributes:
        name: what the study calls the recipe.
        seed: of initial weights, batch order, and all that the recipe draws.
        split: which division of the rows.
        epochs: at most so many.
        learning_rate: of the optimizer.
    """

    name: str
    recipe: Recipe
    seed: int
    split: int
    epochs: int
    learning_rate: float


class Member(NamedTuple):
    """A trained network: its variables by path, and the epoch that they are of, from 1."""

    values: Arrays
    epoch: int


@dataclass(frozen=True)
class TrialResult:
    """What a trial gave.

    Attributes:
        curves: (epochs_run, 5), the columns of `CURVES`, all from the weights that
            predict at the end of the epoch, dropout and noise off.
        best_epoch: counted from 1; the epoch of the best monitored figure.
        chosen_epoch: the epoch whose weights are given: the best, if the recipe
            restores it, or else the last.
        test: loss and metric on the test rows; NaN without such rows.
        values: the chosen variables by path; none of a trial that was given up (pruned).
        earlier: networks that predict together with these variables, oldest first.
        versions: of what trained it.
    """

    trial: Trial
    outcome: Outcome
    curves: np.ndarray
    best_epoch: int
    chosen_epoch: int
    test: tuple[float, float]
    values: Arrays
    earlier: tuple[Member, ...] = ()
    versions: Versions = field(default_factory=present)

    @property
    def members(self) -> tuple[Member, ...]:
        """All networks that predict together, oldest first; one of most recipes."""
        return (*self.earlier, Member(self.values, self.chosen_epoch))

    @property
    def epochs_run(self) -> int:
        """How many epochs were trained."""
        return len(self.curves)

    def at_chosen(self, curve: str) -> float:
        """A curve's value at the chosen epoch."""
        return float(self.curves[self.chosen_epoch - 1, CURVES.index(curve)])
