"""A study: trials on one task, and what they gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from justright.data.arrays import check_count, fitting_rows
from justright.data.asked import Asked
from justright.data.preparation import transformed
from justright.engine.outcome import Outcome
from justright.engine.program import Task
from justright.engine.sampling import predicted, predicted_by_moments
from justright.engine.trial import TrialResult
from justright.engine.versions import Versions
from justright.errors import DataError, did_you_mean
from justright.evidence.inputs import inputs_table, some_are_out
from justright.evidence.measure import Measure
from justright.evidence.overlap import ONE_SPLIT, Overlap
from justright.evidence.prediction import Prediction
from justright.evidence.tables import curves_table, trials_table
from justright.evidence.verdict import figure_of
from justright.exports.exports import Exports
from justright.network.ensemble import exported
from justright.network.inputs import outgoing_norms, reading_layers
from justright.network.network import Network
from justright.network.randomness import random_numbers_kept
from justright.regularizers.exports import PredictsByMoments
from justright.regularizers.learned import settled
from justright.regularizers.places import ActsOnUpdate
from justright.regularizers.recipe import Recipe
from justright.report.contributions import Contributions
from justright.report.page.study_page import Reported

if TYPE_CHECKING:
    import keras
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class Study(Reported, Exports):
    """Trials on one task and what they gave.

    Attributes:
        task: network, objective, optimizer and rows.
        results: one for each trial, recipe by recipe.
        notes: what was decided on the way, in sentences: the loss that was read off
            the network, rows that were held out, regularization that the model has of its own.
        features: the names of the inputs; empty where they have none.
        preparations: the transformer of each split, fitted on its training rows; none
            without preprocessing.
        overlap: what the splits have in common, which intervals allow for.
        asked: how the rows were asked for, as Python; None where nothing says so.
    """

    task: Task
    results: Sequence[TrialResult]
    notes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    preparations: tuple[Any, ...] = ()
    overlap: Overlap = ONE_SPLIT
    asked: Asked | None = None

    @property
    def metric(self) -> Measure:
        """The metric of this study."""
        objective = self.task.objective
        return Measure(objective.metric_name, objective.higher_is_better)

    @property
    def has_test(self) -> bool:
        """Whether there are test rows that judge."""
        return bool(self.task.rows.test.shape[1])

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a trial.

        Columns: recipe, seed, split, epochs_run, best_epoch, outcome (finished,
        stopped, failed), train, val and test loss and metric at the chosen weights
        (NaN for a failed trial, and for test without test rows), loss_gap and gap
        (positive: better on the rows it was trained on), and one column for each
        strength, such as `Dropout.rate` (NaN where the recipe has none).
        """
        return trials_table(self.results, self.metric)

    @cached_property
    def curves(self) -> pd.DataFrame:
        """One row an epoch of a trial: recipe, seed, split, epoch, and the logged figures.

        Train and validation figures are the data loss and the metric alone, without
        dropout or noise, from the same weights at the end of the epoch; the penalty
        stands apart.
        """
        return curves_table(self.results)

    def __repr__(self) -> str:
        names = ", ".join(self.recipes)
        return f"<Study of {len(self.results)} trainings: {names}>"

    @property
    def classes(self) -> np.ndarray | None:
        """The labels in the order of a model's outputs; None for numbers."""
        return self.task.objective.classes

    @property
    def versions(self) -> tuple[Versions, ...]:
        """What the trainings were trained with; several where a store holds those of others."""
        return tuple(dict.fromkeys(result.versions for result in self.results))

    @property
    def recipes(self) -> tuple[str, ...]:
        """The names of the recipes, in order."""
        return tuple(dict.fromkeys(result.trial.name for result in self.results))

    def contributions(self, recipe: str | None = None, on: str | None = None) -> Contributions:
        """What each technique of a recipe brings, as far as the study holds parts of it.

        Args:
            recipe: its name; the one with most techniques if None.
            on: as in `verdict`.

        Raises:
            DataError: an unknown recipe or column, or a study without parts of the recipe.
        """
        recipes = {result.trial.name: result.trial.recipe for result in self.results}
        full = recipe or max(recipes, key=lambda name: len(recipes[name].techniques))
        self._of(full)
        column, measure = figure_of(on, self.has_test, self.metric)
        return Contributions.of(recipes, self.table, full, column, measure, self)

    def plot(self) -> Figure:
        """The metric's train and validation curves, one panel a recipe."""
        from justright.report.curves import draw_curves

        seeds = self.table["seed"].nunique()
        title = f"{self.metric.words.capitalize()} by epoch, {seeds} seed{'s' * (seeds > 1)}"
        return draw_curves(self.curves, self.table, self.metric, title)

    def inputs(self, recipe: str) -> pd.DataFrame:
        """Which inputs survive a recipe: L1, ElasticNet and GroupLasso make weights exactly zero.

        Args:
            recipe: its name.

        Returns:
            One row an input. Columns: input (its name, `x0` where the rows came without),
            survives (in how many trials some weight leaves it that is not zero), trials
            (those that failed do not count), norm (of the weights that leave it, the mean).

        Raises:
            DataError: an unknown recipe, or one whose trials all failed.
            ModelError: a network whose inputs go into anything but dense layers.
        """
        blueprint = self.task.blueprint
        good = self._good(self._of(recipe), recipe)
        trials = [[one.values for one in result.members] for result in good]
        norms = outgoing_norms(blueprint, trials)
        names = self.features or tuple(f"x{i}" for i in range(norms.shape[1]))
        return inputs_table(names, norms)

    def pruned(self) -> dict[str, pd.DataFrame]:
        """`inputs` of the recipes that are made to switch inputs off, where they did."""
        if not reading_layers(self.task.blueprint):
            return {}
        able = dict.fromkeys(
            r.trial.name
            for r in self.results
            if r.outcome is not Outcome.FAILED
            and any(one.makes_zeros for one in r.trial.recipe.filling(ActsOnUpdate))
        )
        tables = ((name, self.inputs(name)) for name in able)
        return {name: table for name, table in tables if some_are_out(table)}

    @random_numbers_kept()
    def model(self, recipe: str, seed: int | None = None, split: int | None = None) -> keras.Model:
        """A plain Keras model of a recipe with trained weights, compiled to be trained on.

        Args:
            recipe: its name.
            seed, split: which trial; the one with the lowest validation loss, of those that
                are meant, if None.

        Returns:
            A model of standard Keras layers that predicts what the trial did, from rows as
            `prepared` gives them where the study has preprocessing. Its outputs are in the
            order of `classes`. Of a schedule it has the number of the epoch whose weights it
            has. Networks that predict together stand in it as models of their own.

        Raises:
            DataError: an unknown recipe, seed or split, or one whose trials all failed.
        """
        chosen, task = self._chosen(recipe, seed, split), self.task
        given = chosen.trial.recipe
        trained = [(given.in_epoch(one.epoch), one.values) for one in chosen.members]
        return exported(task.blueprint, trained, task.objective, task.optimizer)

    def predict(
        self,
        X: object,
        recipe: str,
        samples: int = 0,
        seed: int = 0,
        trial_seed: int | None = None,
        split: int | None = None,
    ) -> Prediction:
        """What a recipe's trained network predicts for rows, and how sure it is of it.

        With samples the recipe's noise stays on (Monte-Carlo dropout): each sample is a pass
        with masks of its own, while batch normalization keeps its running statistics and
        layers of the model itself rest. Of `SnapshotEnsemble` each sample is the members' joint
        prediction, each with masks of its own. Without samples,
        `DropConnect(inference="gaussian")` predicts by its moments, drawn from `seed`.

        Args:
            X: rows (rows, …) like those that were given to train; preprocessing is applied.
            recipe: its name.
            samples: how many draws of the noise, 0 for none, else at least 2.
            seed: of the draws: the same seed gives the same numbers.
            trial_seed, split: which trial; the one with the lowest validation loss, of those
                that are meant, if None.

        Returns:
            Mean, spread and draws of the outputs, in the order of `classes`, with intervals and
            the likelihood of targets; without samples the outputs alone.

        Raises:
            DataError: an unknown recipe, seed or split, rows that do not fit, or a number of
                samples that is none.
            RecipeError: samples of a recipe without noise.
        """
        blueprint = self.task.blueprint
        check_count("samples", samples)
        check_count("seed", seed)
        if samples == 1:
            raise DataError("samples=1 has no spread. Draw at least 2, or 0 for no noise.")
        chosen = self._chosen(recipe, trial_seed, split)
        rows = fitting_rows(self.prepared(X, chosen.trial.split), blueprint.model.input_shape[1:])
        given = chosen.trial.recipe
        trained = [(given.in_epoch(one.epoch).in_program(), one.values) for one in chosen.members]
        if not samples and given.filling(PredictsByMoments):
            drawn = predicted_by_moments(self.task, trained, rows, int(seed))
            if drawn:
                return Prediction(*drawn)
        network, objective = Network(blueprint, given.in_program()), self.task.objective
        return Prediction(*predicted(network, objective, trained, rows, int(samples), int(seed)))

    def prepared(self, X: object, split: int = 0) -> object:
        """Rows as the networks of a split take them; as they are without preprocessing.

        Args:
            X: rows like those that were given to train.
            split: whose training rows the transformer was fitted on.

        Raises:
            DataError: an unknown split, or rows that the transformer does not take.
        """
        known = range(len(self.task.rows.train))
        if split not in known:
            raise DataError(f"Split {split} is not among those of the study: {list(known)}.")
        return transformed(self.preparations[split], X) if self.preparations else X

    def settled(self, recipe: str, seed: int | None = None) -> Recipe:
        """The recipe of a trial with what it has learned in its place.

        `ConcreteDropout` stands as `Dropout` with the learned rate of each layer; a recipe
        that learns no strength comes back as it is. Of networks that predict together it is
        the newest's.

        Args:
            recipe: its name.
            seed: which trial; the one with the lowest validation loss if None.

        Raises:
            DataError: an unknown recipe or seed, or one whose trials all failed.
        """
        chosen = self._chosen(recipe, seed)
        return settled(chosen.trial.recipe, self.task.blueprint.anatomy.sites, chosen.values)

    def _of(self, recipe: str) -> list[TrialResult]:
        if recipe not in self.recipes:
            raise DataError(
                f"The study has no recipe {recipe!r}. {did_you_mean(recipe, self.recipes)}"
            )
        return [r for r in self.results if r.trial.name == recipe]

    def _good(self, results: Sequence[TrialResult], recipe: str) -> list[TrialResult]:
        good = [r for r in results if r.outcome not in (Outcome.FAILED, Outcome.PRUNED)]
        if not good:
            raise DataError(f"{recipe!r} gave no model. {Outcome.FAILED.sentence}")
        return good

    def _chosen(self, recipe: str, seed: int | None, split: int | None = None) -> TrialResult:
        wanted = self._of(recipe)
        for what, given in (("seed", seed), ("split", split)):
            known = list(dict.fromkeys(getattr(r.trial, what) for r in wanted))
            if given is not None and given not in known:
                raise DataError(
                    f"{what.capitalize()} {given} is not among those of {recipe!r}: {known}."
                )
            wanted = [r for r in wanted if given in (None, getattr(r.trial, what))]
        return min(self._good(wanted, recipe), key=lambda r: r.at_chosen("val_loss"))
