"""The strength of L2 without a validation set: where the training rows' evidence is highest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from justright.data.arrays import check_count
from justright.engine.outcome import Outcome
from justright.engine.trial import TrialResult
from justright.errors import DataError, RecipeError, did_you_mean
from justright.evidence.curvature import Curvature, check_likelihood
from justright.evidence.doubts import doubts_of
from justright.evidence.laplace import Evidence, evidence_at
from justright.evidence.marginal import Readings, chosen, told
from justright.evidence.readings import layers_table, trainings_table
from justright.evidence.spectra import STRUCTURES, Structure
from justright.experiments.given import Given
from justright.experiments.parts import check_unweighted
from justright.experiments.seeds import checked_seeds
from justright.experiments.setup import Setup, Training
from justright.experiments.strength_evidence import StrengthEvidence
from justright.network.network import Network
from justright.network.randomness import random_numbers_kept
from justright.regularizers.l2 import L2
from justright.regularizers.places import ActsOnEnsemble
from justright.regularizers.prior import gaussian_deviation, likelihood_scale
from justright.regularizers.recipe import Recipe, as_recipe
from justright.regularizers.strength import PerLayer
from justright.regularizers.technique import Technique

if TYPE_CHECKING:
    import pandas as pd

STRENGTHS = tuple(float(f"{value:.3g}") for value in np.geomspace(1e-5, 1, 11))
"""The strengths that are tried: two a decade."""


@random_numbers_kept()
def evidence_strength(
    model: Any,
    train: Given,
    recipe: Recipe | Technique | None = None,
    *,
    strengths: Sequence[float] = STRENGTHS,
    curvature: Structure = "kron",
    refine: int = 1,
    seeds: int | Sequence[int] = 3,
    progress: bool | None = None,
    **training: Unpack[Training],
) -> StrengthEvidence:
    """Choose the strength of L2 on all rows, without holding any out.

    L2 is a Gaussian prior on the weights, and the evidence is the probability of the targets
    under it, the weights integrated out: it rises as long as a weaker prior buys a better fit,
    and falls where it pays for weights that the rows decide only to no avail. Networks are
    trained at each strength, side by side, and the integral is taken in Laplace's
    approximation at each (`evidence/laplace.py` has the equations).

    Args:
        model, train: as for `compare`; rows in memory. All of them train, unless `validation` is
            given, of which the loss is then told, and which decides nothing.
        recipe: what L2 is added to; nothing else if None. What disturbs training makes the
            evidence doubtful, and the result says so.
        strengths: at which λ to train, more than 0 each. (λ = 0 is no prior and has no evidence.)
        curvature: what is kept of it: `"kron"` (a Kronecker product for each layer), `"full"`
            (all of it, for small networks or few rows), `"diag"`, or `"last_layer"`, which
            chooses the strength of the output layer's L2 alone.
        refine: how often to train once more where a parabola through the highest evidence and
            its neighbors has its vertex.
        seeds: how many, or which; the evidence is their mean.
        progress: whether to show a progress bar; None for where someone watches.
        training: rows and training as for `compare`: `epochs`, `batch_size`, `optimizer`, ….

    Raises:
        DataError: rows that cannot be trained on, or are read in each epoch.
        ModelError: a network that cannot be read, or whose loss is no likelihood.
        RecipeError: a strength that is not more than 0, or a recipe that brings L2 itself.

    Source: MacKay, "A practical Bayesian framework for backpropagation networks", Neural
    Computation 4, 1992; Immer, Bauer, Fortuin, Rätsch, Khan, "Scalable marginal likelihood
    estimation for model selection in deep learning", ICML 2021.
    """
    base = _checked_base(recipe)
    grid = _checked_strengths(strengths)
    if curvature not in STRUCTURES:
        raise RecipeError(
            f"curvature={curvature!r} is not known. {did_you_mean(curvature, STRUCTURES)}"
        )
    check_count("refine", refine)
    for argument in ("splits", "groups"):
        if training.get(argument) is not None:
            raise DataError(
                "evidence_strength takes all training rows at once, and there are no splits. "
                f"Leave {argument} out; a sweep over L2.strength judges by splits."
            )
    validated = training.get("validation") is not None
    if not validated:
        # The engine wants a row to validate on; it decides nothing and is not told.
        training["validation"] = _first_row(train)
    setup = Setup.of(model, train, **training)
    _check_rows(setup)
    check_unweighted(setup.task.rows, "evidence_strength")
    check_likelihood(setup.task.objective)
    run = _Run(setup, base, curvature, tuple(checked_seeds(seeds)), validated, progress)
    run.train(grid)
    for _ in range(refine):
        vertex = run.readings().vertex
        if vertex is None:
            break
        run.train([vertex])
    return run.result()


@dataclass
class _Run:
    """The trainings so far and what was read off them."""

    setup: Setup
    base: Recipe
    structure: Structure
    seeds: tuple[int, ...]
    validated: bool
    progress: bool | None
    results: list[TrialResult] = field(default_factory=list)
    found: list[Evidence | None] = field(default_factory=list)

    def recipe(self, strength: float) -> Recipe:
        """The base with L2 where its curvature is read."""
        l2 = L2({"output": strength}) if self.structure == "last_layer" else L2(strength)
        return self.base + l2

    def train(self, strengths: Sequence[float]) -> None:
        """Train at further strengths with all seeds, and read the evidence of each."""
        trials = [
            trial
            for strength in strengths
            for trial in self.setup.trials(f"{strength:.4g}", self.recipe(strength), self.seeds)
        ]
        study = self.setup.train(trials, self.progress)
        of_each = [strength for strength in strengths for _ in self.seeds]
        for result, strength in zip(study.results, of_each, strict=True):
            failed = result.outcome is Outcome.FAILED
            mode = None if failed else self.curvature.mode(result.values, strength)
            self.results.append(result)
            self.found.append(None if mode is None else evidence_at(mode, strength))

    @cached_property
    def curvature(self) -> Curvature:
        """What reads it."""
        task, recipe = self.setup.task, self.recipe(1.0).in_program()
        rows = task.rows.train[0]
        return Curvature(
            Network(task.blueprint, recipe),
            recipe.at(self.setup.epochs - 1),
            task.objective,
            self.structure,
            task.rows.inputs[rows],
            task.rows.targets[rows],
        )

    def readings(self) -> Readings:
        """What was read, by strength and seed."""
        by_strength: dict[float, list[Evidence | None]] = {}
        for result, found in zip(self.results, self.found, strict=True):
            by_strength.setdefault(self._strength(result), []).append(found)
        rising = sorted(by_strength)

        def array(of: Callable[[Evidence], float]) -> np.ndarray:
            return np.array(
                [[np.nan if e is None else of(e) for e in by_strength[s]] for s in rising]
            )

        return Readings(
            strengths=np.array(rising),
            log_evidence=array(lambda e: e.log_evidence),
            effective=array(lambda e: float(e.effective.sum())),
            unsettled=array(lambda e: e.unsettled),
            update=array(lambda e: e.update),
            weights=int(self.curvature.weights.sum()),
            terms=self.curvature.count,
        )

    def result(self) -> StrengthEvidence:
        """The choice and what speaks against it."""
        setup, readings = self.setup, self.readings()
        if not np.isfinite(readings.mean).any():
            raise DataError(
                "At every strength some training failed: the loss became infinite or not a number. "
                "Use a smaller learning rate, or check the rows for odd values."
            )
        choice = chosen(readings)
        trained = float(readings.strengths[choice.index])
        found = [
            e
            for result, e in zip(self.results, self.found, strict=True)
            if e is not None and self._strength(result) == trained
        ]
        noise = None if found[0].noise is None else float(np.mean([e.noise for e in found]))
        deviation = gaussian_deviation(
            choice.strength, likelihood_scale(self.curvature.count, noise)
        )
        model, optimizer = setup.task.blueprint.model, setup.task.optimizer
        doubts = (*choice.doubts, *doubts_of(self.base, model, optimizer))
        return StrengthEvidence(
            strength=choice.strength,
            recipe=self.recipe(choice.strength),
            deviation=deviation,
            noise=noise,
            fixed_point=readings.fixed_point,
            trusted=not doubts,
            doubts=doubts,
            table=self._table(),
            layers=layers_table(self.curvature, found),
            study=setup.study(self.results, setup.known()),
            _words=told(readings, choice, deviation, noise, len(self.curvature.inputs)),
        )

    def _table(self) -> pd.DataFrame:
        losses = ("train_loss", "val_loss") if self.validated else ("train_loss",)
        return trainings_table(
            [
                (self._strength(r), r.trial.seed, e, {name: r.at_chosen(name) for name in losses})
                for r, e in zip(self.results, self.found, strict=True)
            ]
        )

    def _strength(self, result: TrialResult) -> float:
        (l2,) = (one for one in result.trial.recipe.techniques if isinstance(one, L2))
        value: Any = l2.strength
        return float(value.values[0] if isinstance(value, PerLayer) else value)


def _checked_base(recipe: Recipe | Technique | None) -> Recipe:
    base = Recipe() if recipe is None else as_recipe(recipe)
    if any(isinstance(one, L2) for one in base.techniques):
        raise RecipeError(
            "The recipe brings L2, whose strength is what is to be chosen. Leave it out; "
            "strengths=… says which are tried."
        )
    several = base.filling(ActsOnEnsemble)
    if several:
        raise RecipeError(
            f"With {type(several[0]).__name__} several networks predict together, and the evidence "
            "is read off one. Leave it out; the strength is one for each of them."
        )
    return base


def _checked_strengths(strengths: Sequence[float]) -> list[float]:
    listed = [L2(one).strength for one in strengths]
    numbers_only = [one for one in listed if isinstance(one, float) and one > 0]
    if not listed or len(numbers_only) < len(listed):
        raise RecipeError(
            f"strengths={list(strengths)!r}: numbers of more than 0 are wanted, at least one. λ = "
            "0 is no prior and has no evidence; a small number such as 1e-6 stands for it."
        )
    return sorted(set(numbers_only))


def _first_row(train: Given) -> Given:
    if isinstance(train, tuple | list) and len(train) == 2:
        return tuple(part[:1] for part in train)
    raise DataError(
        f"evidence_strength reads the curvature of all rows, and wants a pair (X, y) in memory; a "
        f"{type(train).__name__} was given."
    )


def _check_rows(setup: Setup) -> None:
    if setup.task.stream is not None:
        raise DataError(
            "evidence_strength takes all training rows at once, in memory. Give (X, y) arrays."
        )
