"""Dropout as an ensemble: weight scaling against averages over masks, sampled and all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from justright.data.arrays import check_count
from justright.engine.ensemble import (
    average,
    average_of_all,
    averages_of_samples,
    distance,
    judged,
    predictions,
)
from justright.engine.keys import mask_draws
from justright.engine.outcome import Outcome
from justright.engine.rows import Rows
from justright.engine.thinned import ThinnedNetworks, Thinner
from justright.engine.trial import TrialResult
from justright.errors import DataError, RecipeError
from justright.evidence.ensemble import (
    ALL,
    GEOMETRIC,
    POOLED,
    SAMPLED,
    SCALING,
    ensemble_in_words,
)
from justright.experiments.parts import check_unweighted
from justright.experiments.seeds import checked_seeds
from justright.experiments.setup import Setup, Training
from justright.network.network import Network
from justright.network.randomness import random_numbers_kept
from justright.regularizers.dropout import Dropout
from justright.regularizers.places import ActsOnEnsemble
from justright.regularizers.recipe import Recipe, as_recipe
from justright.regularizers.technique import Technique
from justright.report.ensemble import draw_ensemble
from justright.report.page.ensemble_page import ReportedEnsemble
from justright.study import Study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# All 2¹⁶ masks of a small network take seconds.
MOST_UNITS = 16
_MOST_OF_ALL = 24
SMALL = (8, 4)
_NAME = "dropout"
_STEPS = (1, 2, 5)


@dataclass(frozen=True, repr=False)
class DropoutEnsemble(ReportedEnsemble):
    """What networks that were trained with dropout predict, by weight scaling and by averages.

    Attributes:
        study: the trainings.
        units: on how many units dropout acts: there are 2 to that power masks.
        table: one row a training and prediction. Columns: seed, split; prediction (weight
            scaling, sampled masks, all masks and their geometric mean, or all sampled masks);
            masks (how many were averaged, 0 for weight scaling); loss and metric on the rows
            that judge, and their deviation over draws of the masks (loss_spread,
            metric_spread); distance (root mean square) of its probabilities or numbers to
            those of the average of all masks, or of all that were sampled; to_geometric, the
            same to the geometric mean of all masks (NaN where there is none).
        repeats: how often sampled masks were drawn anew.
    """

    study: Study
    units: int
    table: pd.DataFrame
    repeats: int

    def __repr__(self) -> str:
        return f"<DropoutEnsemble of {self.units} units, {len(self.study.results)} trainings>"

    @property
    def exact(self) -> bool:
        """Whether all masks were averaged."""
        return bool((self.table["prediction"] == ALL).any())

    def summary(self) -> str:
        """What weight scaling and the averages gave, in words."""
        ratio = self.study.overlap.ratio(self.part)
        return ensemble_in_words(self.table, self.units, self.part, self.study.metric, ratio)

    def plot(self) -> Figure:
        """Loss against how many sampled masks are averaged; weight scaling and all masks as lines.

        The band is the deviation over draws of the masks; all is the mean over trainings.
        """
        loss = self.study.task.objective.loss_name.replace("_", " ")
        title = f"Dropout on {self.units} units as an ensemble of thinned networks"
        return draw_ensemble(self.table, f"{self.part} loss ({loss})", title)

    @property
    def part(self) -> str:
        """Which rows judge: test or validation."""
        return "test" if self.study.has_test else "validation"


@random_numbers_kept()
def dropout_ensemble(
    model: Any,
    train: Any,
    recipe: Recipe | Technique | None = None,
    *,
    samples: int = 100,
    repeats: int = 20,
    most_units: int = MOST_UNITS,
    hidden: Sequence[int] = SMALL,
    seeds: int | Sequence[int] = 5,
    progress: bool | None = None,
    **training: Unpack[Training],
) -> DropoutEnsemble:
    """Train with dropout, then predict by weight scaling and by averages over masks.

    A network trained with dropout stands for an ensemble of thinned networks, one for each mask.
    Weight scaling (all units, one pass) is what is used in place of their average; here both
    are judged on rows that did not train: test rows, or validation rows without such.

    Args:
        model: as in `compare`; None for a dense network with `hidden` units.
        train: as in `compare`.
        recipe: with `Dropout`; `Dropout(0.5)` if None.
        samples: averages over 1, 2, 5, 10, … up to so many sampled masks are judged.
        repeats: how often they are drawn anew, at least 2: the spread is over these.
        most_units: all masks are averaged where dropout acts on at most so many units; from
            0 to 24. A unit more takes twice as long.
        hidden: units of each hidden layer, where no model is given; by default few enough for
            all masks.
        seeds: trainings, as in `compare`.
        progress: as in `compare`.
        training: how to train, as in `compare`: validation, test, epochs, batch_size, ….

    Raises:
        DataError, ModelError, RecipeError: as `compare`; a recipe without dropout.

    Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout: a simple way to
    prevent neural networks from overfitting", JMLR 15, 2014, section 7.5 and figure 11.
    """
    import pandas as pd

    chosen = Recipe(Dropout(0.5)) if recipe is None else as_recipe(recipe)
    _check(chosen, samples, repeats, most_units)
    setup = Setup.of(model, train, hidden=tuple(hidden), **training)
    check_unweighted(setup.task.rows, "dropout_ensemble")
    study = setup.train(setup.trials(_NAME, chosen, checked_seeds(seeds)), progress)
    blueprint, counts = setup.task.blueprint, _counts(samples)
    structure = chosen.in_program().in_epoch(1)
    thinner = Thinner(Network(blueprint, structure), structure, setup.task.rows.inputs.shape[1:])
    rows = [
        row
        for result in _good(study)
        for row in _of_trial(study, thinner, result, counts, repeats, most_units)
    ]
    return DropoutEnsemble(study, thinner.units, pd.DataFrame(rows), repeats)


def _of_trial(
    study: Study,
    thinner: Thinner,
    result: TrialResult,
    counts: list[int],
    repeats: int,
    most_units: int,
) -> list[dict[str, Any]]:
    """The rows of the table for one training."""
    trial, task = result.trial, study.task
    objective = task.objective
    judging = _judging(task.rows, trial.split)
    inputs, targets = task.rows.inputs[judging], task.rows.targets[judging]
    recipe = trial.recipe.in_program().in_epoch(result.chosen_epoch)
    networks = ThinnedNetworks(thinner, recipe, result.values, inputs)
    scaled = predictions(objective, networks.scaled())
    draws = mask_draws(trial.seed, trial.split)
    samples = np.stack(
        [averages_of_samples(networks, objective, draws, counts) for _ in range(repeats)], axis=1
    )
    exact = average_of_all(networks, objective) if networks.units <= most_units else None
    pooled = average(objective, samples[-1])
    reference = pooled if exact is None else exact.arithmetic
    geometric = None if exact is None else exact.geometric

    def row(prediction: str, masks: int, predicted: np.ndarray) -> dict[str, Any]:
        """One row; `predicted` is (draws, rows, …)."""
        found = judged(objective, predicted, targets)
        far = np.nan if geometric is None else distance(objective, predicted, geometric).mean()
        several = len(predicted) > 1
        return {
            "seed": trial.seed,
            "split": trial.split,
            "prediction": prediction,
            "masks": masks,
            "loss": found.loss.mean(),
            "loss_spread": found.loss.std(ddof=1) if several else 0.0,
            "metric": found.metric.mean(),
            "metric_spread": found.metric.std(ddof=1) if several else 0.0,
            "distance": distance(objective, predicted, reference).mean(),
            "to_geometric": far,
        }

    rows = [row(SCALING, 0, scaled[None])]
    rows += [row(SAMPLED, n, one) for n, one in zip(counts, samples, strict=True)]
    if exact is None:
        return [*rows, row(POOLED, counts[-1] * repeats, pooled[None])]
    rows.append(row(ALL, 2**networks.units, exact.arithmetic[None]))
    if geometric is not None:
        rows.append(row(GEOMETRIC, 2**networks.units, geometric[None]))
    return rows


def _good(study: Study) -> list[TrialResult]:
    good = [one for one in study.results if one.outcome is not Outcome.FAILED]
    if not good:
        raise DataError(f"No training gave a model. {Outcome.FAILED.sentence}")
    return good


def _judging(rows: Rows, split: int) -> np.ndarray:
    """Positions of the rows that judge: the test rows, or those of validation without such."""
    _, validation, test = rows.parts(split)
    part = test if len(test.index) else validation
    return np.asarray(part.index[: part.count])


def _counts(samples: int) -> list[int]:
    """1, 2, 5, 10, … up to a number, and that number."""
    steps = [step * 10**power for power in range(len(str(samples))) for step in _STEPS]
    return [*(step for step in steps if step < samples), samples]


def _check(recipe: Recipe, samples: int, repeats: int, most_units: int) -> None:
    if not recipe.filling(Dropout):
        raise RecipeError(
            f"recipe={recipe!s}: an ensemble of thinned networks wants Dropout in the recipe, as "
            "in Dropout(0.5) + L2(1e-3)."
        )
    if recipe.filling(ActsOnEnsemble):
        name = type(recipe.filling(ActsOnEnsemble)[0]).__name__
        raise RecipeError(
            f"{name} lets several networks predict together, and the masks here are of one. Take "
            f"{name} out of the recipe."
        )
    for name, value in (("samples", samples), ("repeats", repeats), ("most_units", most_units)):
        check_count(name, value)
    if samples < 1:
        raise DataError(f"samples={samples}: at least one mask is wanted.")
    if repeats < 2:
        raise DataError(f"repeats={repeats}: a spread wants at least two draws.")
    if most_units > _MOST_OF_ALL:
        raise DataError(
            f"most_units={most_units}: there would be 2^{most_units} masks. At most "
            f"{_MOST_OF_ALL} can be gone through; sampled masks stand for more."
        )
