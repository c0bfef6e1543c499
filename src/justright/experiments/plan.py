"""What the default strategy tries on rows of a size, and how it validates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from justright.regularizers import EMA, L2, Dropout, EarlyStopping, GroupLasso, WeightDecay
from justright.regularizers.recipe import Recipe
from justright.regularizers.technique import Technique

# Steps of a training, at most, and bounds of its epochs.
_STEPS, _EPOCHS = 4000, (20, 150)
_PATIENCE = 0.2
_LEAST = 4  # Candidates, as long as finalists and folds can be fewer.
_AVERAGE = 0.99
# A row has at most so many pieces.
_MOST_PIECES = 512
_FEWEST_A_COLUMN = 4
_SMALL, _LARGE, _HUGE = 1000, 4000, 12_000
# From so many columns on some may be noise; with more than this share of the rows, most are few.
_MANY, _WIDE = 40, 0.25


@dataclass(frozen=True)
class Candidate:
    """A network and a recipe; all but the network's shape and its inputs is data of one program.

    Attributes:
        hidden: units of the hidden layers; none of them is a linear model.
        pieces: whether it reads piecewise linear inputs beside the columns.
        drop_inputs, drop: dropout of inputs and of hidden units.
        decay, l2: strengths of decoupled weight decay and of L2.
        rate: the learning rate of Adam.
        group: strength of the group lasso, which switches inputs off.
    """

    hidden: tuple[int, ...]
    pieces: bool
    drop_inputs: float
    drop: float
    decay: float
    l2: float
    rate: float
    group: float = 0.0

    @property
    def structure(self) -> tuple[tuple[int, ...], bool]:
        """What wants a program of its own."""
        return self.hidden, self.pieces

    @property
    def network(self) -> str:
        """In words."""
        layers = "-".join(map(str, self.hidden)) or "linear"
        return f"{layers}{' on pieces' * self.pieces}"

    @property
    def name(self) -> str:
        """What tells it from the others, in words."""
        numbers = {
            "dropout of inputs": self.drop_inputs,
            "dropout": self.drop,
            "weight decay": self.decay,
            "L2": self.l2,
            "group lasso": self.group,
        }
        told = [f"{name} {number:g}" for name, number in numbers.items() if number]
        return ", ".join([self.network, *told])

    def recipe(self, epochs: int) -> Recipe:
        """What it is trained with.

        Args:
            epochs: of a training, at most.
        """
        rates = {"input": self.drop_inputs, "hidden": self.drop}
        return Recipe(
            Dropout(rates if self.hidden else {"input": self.drop_inputs}),
            L2(self.l2),
            WeightDecay(self.decay),
            *([GroupLasso(self.group)] if self.group else []),
            EMA(_AVERAGE),
            EarlyStopping(max(4, round(_PATIENCE * epochs))),
        )

    def acting(self, epochs: int) -> Recipe:
        """The recipe without what is there for the program's sake, at a strength of 0."""
        whole = self.recipe(epochs)
        off: dict[type[Technique], float] = {L2: self.l2, WeightDecay: self.decay}
        return Recipe(*(one for one in whole.techniques if off.get(type(one), 1)))


@dataclass(frozen=True)
class Plan:
    """How much to try.

    Attributes:
        candidates: in the order in which they are tried.
        folds: of the rows; each network stops early on one and trains on the others.
        scouted: on how many folds all candidates are compared.
        used: on how many the best are trained.
        finalists: how many these are.
        epochs, batch: of a training.
        pieces: a column, at most; 0 where no candidate wants any.
    """

    candidates: tuple[Candidate, ...]
    folds: int
    scouted: int
    used: int
    finalists: int
    epochs: int
    batch: int
    pieces: int

    @property
    def trainings(self) -> int:
        """How many there will be."""
        rest = min(self.finalists, len(self.candidates)) * (self.used - self.scouted)
        return len(self.candidates) * self.scouted + rest

    @classmethod
    def of(cls, X: np.ndarray) -> Plan:
        """The plan for rows (rows, columns): more networks where they are quickly trained."""
        rows = len(X)
        folds = 10 if rows < _SMALL // 4 else 5
        training = max(1, rows * (folds - 1) // folds)
        batch = 32 if training < _SMALL else 64 if training < _LARGE else 128
        batch = min(batch if rows < _HUGE else 256, training)
        epochs = int(np.clip(_STEPS * batch / training, *_EPOCHS))
        pieces = pieces_of(X)
        scouted = folds if rows < _SMALL else 2 if rows < _HUGE else 1
        candidates = _usual(pieces > 0, rows, X.shape[1])
        finalists = 4 if rows < _HUGE else 2
        return cls(candidates, folds, scouted, folds, finalists, epochs, batch, pieces)

    def within(self, trainings: int) -> Plan:
        """A smaller plan: fewer candidates, then fewer finalists, then fewer folds."""
        plan = self
        while plan.trainings > trainings and len(plan.candidates) > _LEAST:
            plan = replace(plan, candidates=plan.candidates[:-1])
        while plan.trainings > trainings and plan.finalists > 1:
            plan = replace(plan, finalists=plan.finalists - 1)
        while plan.trainings > trainings and plan.used > 1:
            used = plan.used - 1
            plan = replace(plan, used=used, scouted=min(used, plan.scouted))
        while plan.trainings > trainings and len(plan.candidates) > 1:
            plan = replace(plan, candidates=plan.candidates[:-1])
        return plan

    def with_folds(self, folds: int) -> Plan:
        """The same for as many folds as there are."""
        used = min(folds, self.used)
        return replace(self, folds=folds, used=used, scouted=min(used, self.scouted))


def pieces_of(X: np.ndarray) -> int:
    """How many pieces a column may have; 0 where none has more than two values, or too many."""
    columns = sum(len(np.unique(column)) > 2 for column in X.T)
    if not columns:
        return 0
    most = min(16 if len(X) < _LARGE else 24, _MOST_PIECES // columns)
    return most if most >= _FEWEST_A_COLUMN else 0


def _usual(pieces: bool, rows: int, columns: int) -> tuple[Candidate, ...]:
    """The most promising first, network by network."""
    small, large = (128, 64), (256, 128)
    light, strong = (0.0, 0.2, 0.1, 0.0, 1e-3), (0.1, 0.4, 0.3, 0.0, 2e-3)
    heavy, mild = (0.25, 0.5, 1.0, 0.0, 2e-3), (0.0, 0.1, 0.0, 1e-3, 1e-3)
    found = [Candidate(large, False, *one) for one in (light, heavy, strong)]
    if columns > _WIDE * rows:
        found.append(Candidate(large, False, 0.5, 0.5, 1.0, 0.0, 2e-3))
    if pieces:
        found += [Candidate(large, True, *one) for one in (light, heavy, strong)]
    if rows < _HUGE:
        found += [Candidate(small, False, *one) for one in (light, heavy, mild)]
        if columns > _MANY:
            found += [Candidate(small, False, *light, group=one) for one in (0.02, 0.05)]
        if pieces:
            found += [Candidate(small, True, *one) for one in (strong, mild)]
        found += [
            Candidate((), False, 0.0, 0.0, 0.0, 1e-4, 3e-3),
            Candidate((), False, 0.2, 0.0, 0.0, 1e-3, 3e-3),
        ]
    return tuple(found)
