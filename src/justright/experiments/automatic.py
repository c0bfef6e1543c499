"""The default strategy: recipes chosen by cross-validation, whose networks predict together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from justright.data.arrays import checked_inputs, checked_targets
from justright.data.pieces import Pieces
from justright.engine.outputs import outputs_for
from justright.engine.trial import TrialResult
from justright.errors import DataError
from justright.experiments.budget import Budget, budget_of
from justright.experiments.course import Course, Structure, folds_of
from justright.experiments.plan import Candidate, Plan
from justright.experiments.setup import Setup
from justright.network.export import compiled, network_of
from justright.network.joint import Steps, Voice, joined
from justright.network.objective import Objective
from justright.network.randomness import random_numbers_kept
from justright.regularizers.recipe import Recipe
from justright.study import Study

if TYPE_CHECKING:
    import keras
    import pandas as pd


@dataclass(frozen=True)
class Part:
    """A trained network's share in the joint prediction.

    Attributes:
        candidate: network and recipe.
        fold: which one it has stopped early on, and not trained on.
        share: of the joint prediction.
        result: of its training.
    """

    candidate: Candidate
    fold: int
    share: float
    result: TrialResult


@dataclass(frozen=True)
class Automatic:
    """What the default strategy gives.

    Attributes:
        parts: the networks that predict together.
        held: (rows, outputs) of float64: for each row the joint prediction of networks that
            were not trained on it; NaN for a row on which no fold was spent.
        seen: the same of networks that were trained on it; NaN where there are none.
        table: one row a candidate, best first: network, recipe, folds, loss (on held-out rows),
            train_loss, share.
        notes: what was decided on the way, in sentences.
        setups: of each structure, its task and what its trainings start from.
        results: of each structure, all that was trained.
        pieces: how columns are cut, where networks read pieces.
        epochs: of a training, at most.
    """

    parts: tuple[Part, ...]
    held: np.ndarray
    seen: np.ndarray
    table: pd.DataFrame
    notes: tuple[str, ...]
    setups: dict[Structure, Setup]
    results: dict[Structure, list[TrialResult]]
    pieces: Pieces | None
    epochs: int

    @property
    def objective(self) -> Objective:
        """What the networks are trained for; its `classes` are in the order of the outputs."""
        return self._leading[0].task.objective

    @property
    def recipe(self) -> Recipe:
        """The recipe with the largest share."""
        return self._leader.acting(self.epochs)

    @property
    def study(self) -> Study:
        """All trainings of the network whose recipe has the largest share."""
        setup, results = self._leading
        return setup.study(results, self.notes)

    @property
    def history(self) -> pd.DataFrame:
        """One row an epoch of the training with the largest share, as in `Study.curves`."""
        best = max(self.parts, key=lambda one: (one.share, -one.result.at_chosen("val_loss")))
        return self.setups[best.candidate.structure].study([best.result]).curves

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Probabilities or values (rows, outputs) of float64 for prepared rows (rows, columns)."""
        rows = checked_inputs(X)
        wide = rows if self.pieces is None else self.pieces.beside(rows)
        total: Any = 0.0
        for structure in self.setups:
            parts = [one for one in self.parts if one.candidate.structure == structure]
            if parts:
                recipe = parts[0].candidate.recipe(self.epochs)
                outputs = outputs_for(self.setups[structure].task, recipe)
                given = wide if structure[1] else rows
                total = total + sum(
                    one.share * outputs(one.result.values, given).astype(np.float64)
                    for one in parts
                )
        return np.asarray(total)

    @random_numbers_kept()
    def model(self) -> keras.Model:
        """One plain Keras model that predicts as `predict` does, from prepared rows."""
        cut = self.pieces
        steps = None if cut is None else Steps(cut.columns, cut.low, cut.width)
        voices = []
        for one in self.parts:
            blueprint = self.setups[one.candidate.structure].task.blueprint
            recipe = one.candidate.recipe(self.epochs)
            network = network_of(blueprint, recipe, one.result.values)
            voices.append(Voice(network, one.share, steps if one.candidate.pieces else None))
        setup = next(setup for (_, cut), setup in self.setups.items() if not cut)
        made = joined(voices, tuple(setup.task.blueprint.model.input_shape[1:]))
        return compiled(made, Recipe(), self.objective, setup.task.optimizer)

    @cached_property
    def _leader(self) -> Candidate:
        shares: dict[Candidate, float] = {}
        for one in self.parts:
            shares[one.candidate] = shares.get(one.candidate, 0.0) + one.share
        return max(shares, key=lambda one: shares[one])

    @property
    def _leading(self) -> tuple[Setup, list[TrialResult]]:
        structure = self._leader.structure
        return self.setups[structure], self.results[structure]


@random_numbers_kept()
def automatic(
    X: np.ndarray,
    y: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    budget: int | str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    score: Callable[[np.ndarray, np.ndarray], float] | None = None,
    seed: int = 0,
    progress: bool | None = False,
    **training: Any,
) -> Automatic:
    """Find recipes for a table and train the networks that predict it, with nothing to decide.

    The rows are divided into folds. Candidates, dense networks of three sizes under several
    strengths of dropout, weight decay and L2, with averaged weights, train on all folds but one
    and stop early on that one. Those that lower the loss of a joint prediction on held-out rows
    most are trained on all folds, and their networks predict together: each row's loss is that of
    networks that have not trained on it. Of several columns with more than two values, some
    candidates read piecewise linear inputs beside the columns.

    Args:
        X: (rows, columns) of numbers, on about one scale.
        y: (rows,) of labels or numbers, or (rows, outputs), as in `compare`. Numbers are best
            standardized.
        groups: (rows,) rows of a group are never on two sides of a fold.
        budget: how many trainings at most, or a time such as `"60s"`, looked at between networks;
            None for a plan by the number of rows.
        epochs: of a training, at most; None for a plan by the number of rows.
        batch_size: rows a step, at most as many as train; None likewise.
        score: `(positions of rows, outputs for them) → score`, higher is better, by which shares
            are chosen; None for the loss.
        seed: of folds, initial weights and noise. The same one gives the same networks, unless
            the budget is a time.
        progress: whether to show a progress bar.
        **training: further arguments of `Setup.of`, such as `loss`.

    Returns:
        The networks, what they predict for rows that they have not seen, and the comparison.

    Raises:
        DataError: rows or targets that cannot be trained on, or no training that ended.

    Source: candidates and joint prediction are those of the replay in docs/ensembles.md;
    shares by Caruana et al., ICML 2004; pieces by Gorishniy et al., NeurIPS 2022.
    """
    rows = checked_inputs(X)
    if rows.ndim != 2:
        raise DataError(f"X has shape {rows.shape}; a table is wanted, (rows, columns).")
    targets = checked_targets(y, len(rows))
    asked = Budget(None, None) if budget is None else budget_of(budget)
    plan = Plan.of(rows)
    if asked.trainings is not None:
        plan = plan.within(asked.trainings)
    if epochs is not None:
        plan = replace(plan, epochs=min(epochs, plan.epochs))
    if batch_size is not None:
        plan = replace(plan, batch=batch_size)
    course = Course(
        rows, targets, folds_of(targets, plan.folds, groups, seed), plan, seed, score, training
    )
    finalists = course.run(asked, progress)
    shares = course.shares(finalists)
    parts = [
        Part(one, fold, share / len(course.trained[one]), trained.result)
        for one, share in zip(finalists, shares, strict=True)
        if share > 0
        for fold, trained in course.trained[one].items()
    ]
    return Automatic(
        tuple(parts),
        *course.joint(finalists, shares),
        course.table(dict(zip(finalists, shares, strict=True))),
        course.notes(len(parts)),
        course.setups,
        course.results,
        course.pieces,
        plan.epochs,
    )
