"""The course of the default strategy: candidates on some folds, the best of them on all."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from justright.data.pieces import Pieces
from justright.engine.outcome import Outcome
from justright.engine.outputs import outputs_for
from justright.engine.trial import Trial, TrialResult
from justright.errors import DataError
from justright.evidence.blend import blend
from justright.experiments.budget import Budget, Clock
from justright.experiments.plan import Candidate, Plan
from justright.experiments.setup import Setup
from justright.network.objective import Objective

if TYPE_CHECKING:
    import pandas as pd

Structure = tuple[tuple[int, ...], bool]
Fold = tuple[np.ndarray, np.ndarray]
_SCOUTING = 0.6  # Of a budget in seconds.
_LEAST = 1e-7  # Probabilities are at least this where their logarithm is taken.


class Trained(NamedTuple):
    """A network of one fold, and its outputs for all rows (rows, outputs).

    Attributes:
        held: those of the rows that it has not been trained on, (held, outputs).
    """

    result: TrialResult
    outputs: np.ndarray
    held: np.ndarray


class Course:
    """What is trained so far, and what it says.

    Args:
        X, y: rows (rows, columns) of float32, and their targets.
        folds: (train, held) positions.
        plan: how much to try.
        seed: of the trainings.
        score: `(positions, outputs) → score` by which shares are chosen, higher is better; None
            for the loss.
        training: further arguments of `Setup.of`.

    Attributes:
        setups: by structure.
        results: all trainings by structure.
        trained: by candidate and fold.
        pieces: how columns are cut, or None.
    """

    def __init__(
        self,
        X: np.ndarray,
        y: np.ndarray,
        folds: Sequence[Fold],
        plan: Plan,
        seed: int,
        score: Callable[[np.ndarray, np.ndarray], float] | None,
        training: Mapping[str, Any],
    ) -> None:
        self._X, self._y, self._folds = X, y, folds
        self._plan = plan.with_folds(len(folds))
        self._seed, self._score, self._training = seed, score, training
        wanted = any(one.pieces for one in plan.candidates)
        self.pieces = Pieces.of(X, plan.pieces) if wanted else None
        self.setups: dict[Structure, Setup] = {}
        self.results: dict[Structure, list[TrialResult]] = {}
        self.trained: dict[Candidate, dict[int, Trained]] = {}

    def run(self, budget: Budget, progress: bool | None) -> list[Candidate]:
        """Compare all candidates, train the best on the other folds, and say which these are."""
        clock, plan = Clock(), self._plan
        scouted, rest = range(plan.scouted), range(plan.scouted, plan.used)
        for structure in dict.fromkeys(one.structure for one in plan.candidates):
            if self.setups and budget.seconds and clock.seconds > _SCOUTING * budget.seconds:
                break
            mine = [one for one in plan.candidates if one.structure == structure]
            self._train(structure, mine, scouted, progress)
        finalists = self._finalists()
        if rest and not (budget.seconds and clock.seconds > budget.seconds):
            for structure in dict.fromkeys(one.structure for one in finalists):
                mine = [one for one in finalists if one.structure == structure]
                self._train(structure, mine, rest, progress)
        whole = max(len(self.trained[one]) for one in finalists)
        return [one for one in finalists if len(self.trained[one]) == whole]

    def shares(self, candidates: Sequence[Candidate]) -> np.ndarray:
        """Their shares in the joint prediction."""
        folds = sorted(set.intersection(*(set(self.trained[one]) for one in candidates)))
        held = [
            np.concatenate([self.trained[one][fold].held for fold in folds]) for one in candidates
        ]
        if self._score is None:
            return blend(held, self._loss(folds))
        rows, score = self._held(folds), self._score
        return blend(held, lambda told: -score(rows, told))

    def joint(
        self, candidates: Sequence[Candidate], shares: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The joint prediction (rows, outputs) of networks not trained on a row, and of the others.

        NaN where there are none.
        """
        told = [(one, part) for one, part in zip(candidates, shares, strict=True) if part > 0]
        shape = len(self._y), *self._objective.output_shape
        unseen, seen, count = np.full(shape, np.nan), np.zeros(shape), np.zeros(len(self._y))
        for fold in self.trained[told[0][0]]:
            train, held = self._folds[fold]
            mean = np.sum([part * self.trained[one][fold].outputs for one, part in told], axis=0)
            unseen[held] = mean[held]
            seen[train] += mean[train]
            count[train] += 1
        none = np.where(count, count, np.nan).reshape(-1, *[1] * (len(shape) - 1))
        return unseen, seen / none

    def table(self, shares: Mapping[Candidate, float]) -> pd.DataFrame:
        """One row a candidate, the largest share first, then the lowest loss."""
        import pandas as pd

        rows = [
            {
                "network": one.network,
                "recipe": str(one.acting(self._plan.epochs)),
                "folds": len(folds),
                "loss": self._loss_of(one, folds),
                "train_loss": float(
                    np.mean([fold.result.at_chosen("train_loss") for fold in folds.values()])
                ),
                "share": float(shares.get(one, 0.0)),
            }
            for one, folds in self.trained.items()
        ]
        table = pd.DataFrame(rows).sort_values(["share", "loss"], ascending=[False, True])
        return table.reset_index(drop=True)

    def notes(self, networks: int) -> tuple[str, ...]:
        """What was decided on the way, in sentences."""
        tried, folds = len(self.trained), len(self._folds)
        trainings = sum(map(len, self.results.values()))
        setup = next(iter(self.setups.values()))
        return (
            *setup.notes[-1:],
            f"{tried} recipes and networks were compared in {trainings} trainings on rows of "
            f"{folds} folds that each held out, by the loss; {networks} networks predict together.",
        )

    @property
    def _objective(self) -> Objective:
        return next(iter(self.setups.values())).task.objective

    def _train(
        self,
        structure: Structure,
        candidates: Sequence[Candidate],
        folds: Iterable[int],
        progress: bool | None,
    ) -> None:
        if structure not in self.setups:
            self.setups[structure], self.results[structure] = self._setup(structure), []
        setup, plan = self.setups[structure], self._plan
        trials = [
            Trial(one.name, one.recipe(plan.epochs), self._seed, fold, plan.epochs, one.rate)
            for one in candidates
            for fold in folds
        ]
        study = setup.train(trials, progress)
        self.results[structure] += study.results
        wanted = [(one, fold) for one in candidates for fold in folds]
        outputs = outputs_for(setup.task, trials[0].recipe)
        for (one, fold), result in zip(wanted, study.results, strict=True):
            if result.outcome is not Outcome.FAILED:
                told = outputs(result.values, self._rows(structure)).astype(np.float64)
                trained = Trained(result, told, told[self._folds[fold][1]])
                self.trained.setdefault(one, {})[fold] = trained

    def _setup(self, structure: Structure) -> Setup:
        hidden, _ = structure
        return Setup.of(
            None,
            (self._rows(structure), self._y),
            splits=[tuple(fold) for fold in self._folds],
            epochs=self._plan.epochs,
            batch_size=min(self._plan.batch, *(len(train) for train, _ in self._folds)),
            hidden=hidden,
            **{"optimizer": "adam", **self._training},
        )

    def _rows(self, structure: Structure) -> np.ndarray:
        return self.pieces.beside(self._X) if self.pieces and structure[1] else self._X

    def _finalists(self) -> list[Candidate]:
        """Those with the largest shares in a joint prediction, or with the lowest losses."""
        if not self.trained:
            raise DataError(
                "All trainings failed: their losses were not finite. Are there numbers in X or y "
                "that are too large? Standardize them."
            )
        most = max(map(len, self.trained.values()))
        whole = [one for one, folds in self.trained.items() if len(folds) == most]
        shares = dict(zip(whole, self.shares(whole), strict=True))
        losses = {one: self._loss_of(one, self.trained[one]) for one in whole}
        ordered = sorted(whole, key=lambda one: (-shares[one], losses[one]))
        if self._plan.used == self._plan.scouted:
            return ordered
        return ordered[: self._plan.finalists]

    def _loss_of(self, one: Candidate, folds: Mapping[int, Trained]) -> float:
        held = np.concatenate([folds[fold].held for fold in sorted(folds)])
        return self._loss(sorted(folds))(held)

    def _held(self, folds: Sequence[int]) -> np.ndarray:
        """The rows that these folds hold out, one fold after the other."""
        return np.concatenate([self._folds[fold][1] for fold in folds])

    def _loss(self, folds: Sequence[int]) -> Callable[[np.ndarray], float]:
        """The loss of outputs for what these folds hold out, one after the other."""
        rows = self._held(folds)
        objective = self._objective
        of_rows = row_losses(objective, objective.encode(self._y[rows], "y"))
        given = self._training.get("sample_weight")
        weights = None if given is None else np.asarray(given, np.float64)[rows]
        return lambda told: float(np.average(of_rows(told), weights=weights))


def row_losses(objective: Objective, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The loss (rows,) of probabilities or values (rows, outputs) for encoded targets."""
    if objective.kind == "categorical":
        classes = y if objective.sparse else y.argmax(axis=-1)
        places = np.arange(len(classes)), classes
        return lambda told: -np.log(np.maximum(told[places], _LEAST))
    if objective.kind == "regression":
        return lambda told: np.square(told - y).mean(axis=-1)

    def crossentropy(told: np.ndarray) -> np.ndarray:
        p = np.clip(told, _LEAST, 1 - _LEAST)
        return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(axis=-1)

    return crossentropy


def folds_of(y: np.ndarray, count: int, groups: np.ndarray | None, seed: int) -> list[Fold]:
    """Folds (train, held), by class where there are classes, however few rows these have.

    Raises:
        DataError: a single row, or rows of a single group.
    """
    from sklearn import model_selection as ms

    labels = y if y.ndim == 1 and y.dtype.kind in "biuUS" else None
    most = len(y) if groups is None else len(np.unique(groups))
    if labels is not None:
        frequent = int(np.unique(labels, return_counts=True)[1].max())
        labels = None if frequent < 2 else labels
        most = min(most, frequent) if labels is not None else most
    if most < 2:
        raise DataError("At least two rows are wanted, of two groups where there are groups.")
    kinds = {
        (True, True): ms.StratifiedGroupKFold,
        (True, False): ms.StratifiedKFold,
        (False, True): ms.GroupKFold,
        (False, False): ms.KFold,
    }
    kind = kinds[labels is not None, groups is not None]
    splitter = kind(n_splits=min(count, most), shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class")
        return list(splitter.split(np.zeros(len(y)), y if labels is None else labels, groups))
