"""A study: trials on one task, and what they gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from justright.data.arrays import check_count, fitting_rows
from justright.engine.outcome import Outcome
from justright.engine.program import Task
from justright.engine.sampling import Prediction, predicted
from justright.engine.trial import CURVES, TrialResult
from justright.errors import DataError, did_you_mean
from justright.evidence.contributions import worths_of
from justright.evidence.inputs import inputs_table, some_are_out
from justright.evidence.measure import Measure
from justright.evidence.summary import summarize
from justright.evidence.verdict import Verdict, figure_in_words, paired_verdict
from justright.network.export import plain_model
from justright.network.inputs import outgoing_norms, reading_layers
from justright.network.network import Network
from justright.network.weights import random_numbers_kept
from justright.regularizers.learned import settled
from justright.regularizers.places import ActsOnUpdate
from justright.regularizers.recipe import Recipe
from justright.report.contributions import Contributions

if TYPE_CHECKING:
    import keras
    import pandas as pd
    from matplotlib.figure import Figure

_FIGURES = ("train_loss", "val_loss", "test_loss", "train_metric", "val_metric", "test_metric")


@dataclass(frozen=True, repr=False)
class Study:
    """Trials on one task and what they gave.

    Attributes:
        task: network, objective, optimizer and rows.
        results: one for each trial, recipe by recipe.
        notes: what was decided on the way, in sentences: the loss that was read off
            the network, rows that were held out, regularization that the model has of its own.
        features: the names of the inputs; empty where they have none.
    """

    task: Task
    results: Sequence[TrialResult]
    notes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()

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
        import pandas as pd

        return pd.DataFrame([self._row(result) for result in self.results])

    @cached_property
    def curves(self) -> pd.DataFrame:
        """One row an epoch of a trial: recipe, seed, split, epoch, and the logged figures.

        Train and validation figures are the data loss and the metric alone, without
        dropout or noise, from the same weights at the end of the epoch; the penalty
        stands apart.
        """
        import pandas as pd

        frames = []
        for result in self.results:
            frame = pd.DataFrame(result.curves, columns=list(CURVES))
            trial = result.trial
            frame.insert(0, "epoch", np.arange(1, len(frame) + 1))
            frame.insert(0, "split", trial.split)
            frame.insert(0, "seed", trial.seed)
            frame.insert(0, "recipe", trial.name)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def __repr__(self) -> str:
        names = ", ".join(self.recipes)
        return f"<Study of {len(self.results)} trainings: {names}>"

    @property
    def classes(self) -> np.ndarray | None:
        """The labels in the order of a model's outputs; None for numbers."""
        return self.task.objective.classes

    @property
    def recipes(self) -> tuple[str, ...]:
        """The names of the recipes, in order."""
        return tuple(dict.fromkeys(result.trial.name for result in self.results))

    def verdict(self, a: str, b: str, on: str | None = None) -> Verdict:
        """What the paired runs allow one to say of two recipes.

        Args:
            a, b: names of recipes; the verdict says whether `a` is better than `b`.
            on: a column of the table; the test metric if None, or the validation
                metric without test rows.

        Raises:
            DataError: an unknown recipe or column.
        """
        return paired_verdict(self.table, a, b, *self._figure(on))

    def contributions(self, recipe: str | None = None, on: str | None = None) -> Contributions:
        """What each technique of a recipe brings, from recipes that are parts of it.

        `contributions` trains them all; here it is what the study holds.

        Args:
            recipe: its name; the one with most techniques if None.
            on: as in `verdict`.

        Raises:
            DataError: an unknown recipe or column, or a study without parts of the recipe.
        """
        recipes = {result.trial.name: result.trial.recipe for result in self.results}
        full = recipe or max(recipes, key=lambda name: len(recipes[name].techniques))
        self._of(full)
        column, measure = self._figure(on)
        worths = worths_of(recipes, self.table, recipes[full], column, measure)
        return Contributions(full, worths, figure_in_words(column, measure), measure, self)

    def summary(self) -> str:
        """One paragraph on what the recipes changed, generated from the numbers."""
        return summarize(self.table, self.metric, self.has_test)

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
        trials = [result.values for result in self._good(self._of(recipe), recipe)]
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
    def model(self, recipe: str, seed: int | None = None) -> keras.Model:
        """A plain Keras model of a recipe with trained weights, compiled to be trained on.

        Args:
            recipe: its name.
            seed: which trial; the one with the lowest validation loss if None.

        Returns:
            A model of standard Keras layers that predicts what the trial did. Its outputs
            are in the order of `classes`. Of a schedule it has the number of the epoch whose
            weights it has.

        Raises:
            DataError: an unknown recipe or seed, or one whose trials all failed.
        """
        chosen = self._chosen(recipe, seed)
        return plain_model(
            self.task.blueprint,
            chosen.trial.recipe.in_epoch(chosen.chosen_epoch),
            chosen.values,
            self.task.objective,
            self.task.optimizer,
        )

    def predict(
        self,
        X: object,
        recipe: str,
        samples: int = 0,
        seed: int = 0,
        trial_seed: int | None = None,
    ) -> Prediction:
        """What a recipe's trained network predicts for rows, and how sure it is of it.

        With samples the recipe's noise stays on (Monte-Carlo dropout): each sample is a pass
        with masks of its own, while batch normalization keeps its running statistics and
        layers of the model itself rest.

        Args:
            X: rows (rows, …) like those it was trained on.
            recipe: its name.
            samples: how many draws of the noise, 0 for none, else at least 2.
            seed: of the draws: the same seed gives the same numbers.
            trial_seed: which trial; the one with the lowest validation loss if None.

        Returns:
            Mean and spread of the outputs, in the order of `classes`; without samples the
            outputs themselves, and None.

        Raises:
            DataError: an unknown recipe or seed, rows that do not fit, or a number of samples
                that is none.
            RecipeError: samples of a recipe without noise.
        """
        blueprint = self.task.blueprint
        rows = fitting_rows(X, blueprint.model.input_shape[1:])
        check_count("samples", samples)
        check_count("seed", seed)
        if samples == 1:
            raise DataError("samples=1 has no spread. Draw at least 2, or 0 for no noise.")
        chosen = self._chosen(recipe, trial_seed)
        technique = chosen.trial.recipe.in_program().at(chosen.chosen_epoch - 1)
        network = Network(blueprint, technique)
        objective = self.task.objective
        return predicted(
            network, objective, technique, chosen.values, rows, int(samples), int(seed)
        )

    def settled(self, recipe: str, seed: int | None = None) -> Recipe:
        """The recipe of a trial with what it has learned in its place.

        `ConcreteDropout` stands as `Dropout` with the learned rate of each layer; a recipe
        that learns no strength comes back as it is.

        Args:
            recipe: its name.
            seed: which trial; the one with the lowest validation loss if None.

        Raises:
            DataError: an unknown recipe or seed, or one whose trials all failed.
        """
        chosen = self._chosen(recipe, seed)
        return settled(chosen.trial.recipe, self.task.blueprint.anatomy.sites, chosen.values)

    def trained(self, recipe: str) -> list[TrialResult]:
        """The trials of a recipe that gave a model.

        Raises:
            DataError: an unknown recipe, or one whose trials all failed.
        """
        return self._good(self._of(recipe), recipe)

    def judging_rows(self, split: int) -> np.ndarray:
        """Positions of the rows that judge: the test rows, or those of validation without such."""
        rows = self.task.rows
        return np.asarray((rows.test if self.has_test else rows.validation)[split])

    def _figure(self, on: str | None) -> tuple[str, Measure]:
        """A column of the table that runs are compared on, and how it reads."""
        column = on or ("test_metric" if self.has_test else "val_metric")
        if column not in _FIGURES:
            raise DataError(f"on={column!r} is no figure. {did_you_mean(column, _FIGURES)}")
        return column, Measure("loss", False) if column.endswith("_loss") else self.metric

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

    def _chosen(self, recipe: str, seed: int | None) -> TrialResult:
        results = self._of(recipe)
        seeds = [r.trial.seed for r in results]
        if seed is not None and seed not in seeds:
            raise DataError(f"Seed {seed} is not among those of {recipe!r}: {seeds}.")
        wanted = [r for r in results if seed is None or r.trial.seed == seed]
        return min(self._good(wanted, recipe), key=lambda r: r.at_chosen("val_loss"))

    def _row(self, result: TrialResult) -> dict[str, object]:
        trial, failed = result.trial, result.outcome is Outcome.FAILED
        figures = {
            name: float("nan") if failed else result.at_chosen(name)
            for name in ("train_loss", "val_loss", "train_metric", "val_metric")
        }
        test_loss, test_metric = (float("nan"),) * 2 if failed else result.test
        return {
            "recipe": trial.name,
            "seed": trial.seed,
            "split": trial.split,
            "epochs_run": result.epochs_run,
            "best_epoch": result.best_epoch,
            "outcome": result.outcome.name.lower(),
            "train_loss": figures["train_loss"],
            "val_loss": figures["val_loss"],
            "test_loss": test_loss,
            "train_metric": figures["train_metric"],
            "val_metric": figures["val_metric"],
            "test_metric": test_metric,
            "loss_gap": figures["val_loss"] - figures["train_loss"],
            "gap": self.metric.advantage(figures["train_metric"], figures["val_metric"]),
            **trial.recipe.strengths(),
        }
