"""The ways out of a study: a model, a script, scikit-learn's estimator, tables, loggers."""

from __future__ import annotations

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from justright.engine.program import Task
from justright.engine.trial import TrialResult
from justright.evidence.measure import Measure
from justright.exports.logged import logged
from justright.exports.places import destination
from justright.exports.rows import is_standardized, write_rows
from justright.exports.tables import write_tables

if TYPE_CHECKING:
    import keras
    import pandas as pd
    from matplotlib.figure import Figure

Framework = Literal["keras", "torch"]


class Exports(ABC):
    """What can be taken out of a study; `Study` has the rows, the trials and the models."""

    task: Task
    results: Sequence[TrialResult]
    preparations: tuple[Any, ...]

    @property
    @abstractmethod
    def table(self) -> pd.DataFrame:
        """One row a trial."""

    @property
    @abstractmethod
    def curves(self) -> pd.DataFrame:
        """One row an epoch of a trial."""

    @property
    @abstractmethod
    def metric(self) -> Measure:
        """The metric of the trials."""

    @abstractmethod
    def plot(self) -> Figure:
        """The metric's train and validation curves, one panel a recipe."""

    @abstractmethod
    def summary(self, margin: float | None = None) -> str:
        """One paragraph on what the recipes changed."""

    @abstractmethod
    def _chosen(self, recipe: str, seed: int | None, split: int | None = None) -> TrialResult:
        """The trial that is meant: of those left open the one with the lowest validation loss."""

    @abstractmethod
    def model(self, recipe: str, seed: int | None = None, split: int | None = None) -> keras.Model:
        """A plain Keras model of a recipe with trained weights."""

    def save_model(
        self,
        path: str | os.PathLike[str],
        recipe: str,
        seed: int | None = None,
        split: int | None = None,
    ) -> Path:
        """Write the model of a recipe to a file: `.keras`, or `.onnx` for other runtimes.

        The ONNX model is written layer by layer without TensorFlow (`pip install
        '.[onnx]'`); its input is called `input` and its output `output`, and it
        predicts what the Keras model does to float32's rounding. Several networks that predict
        together are one file in either format.

        Args:
            path: `name.keras` or `name.onnx`.
            recipe, seed, split: as in `model`.

        Returns:
            The path.

        Raises:
            DataError: another suffix, no such folder, an unknown recipe, seed or split, or the
                library onnx is missing.
            ModelError: a layer that ONNX cannot be written for.
        """
        place = destination(path, (".keras", ".onnx"))
        model = self.model(recipe, seed, split)
        if place.suffix.lower() == ".keras":
            model.save(place)
        else:
            from justright.exports.onnx_model import onnx_of

            place.write_bytes(onnx_of(model, f"Recipe: {recipe}").SerializeToString())
        return place

    def write(self, path: str | os.PathLike[str]) -> tuple[Path, Path]:
        """Write the study's figures: `table` to a file, and `curves` to one beside it.

        Args:
            path: of the table, `name.csv` or `name.parquet`; the curves go to
                `name.curves.csv` or `name.curves.parquet`. Parquet gives numbers back to the bit,
                and CSV holds all their digits.

        Returns:
            Both paths.

        Raises:
            DataError: another suffix, no such folder, or no pyarrow for Parquet.
        """
        return write_tables(path, self.table, self.curves)

    def script(
        self,
        recipe: str,
        framework: Framework = "keras",
        seed: int | None = None,
        split: int | None = None,
        rows: str = "rows.npz",
    ) -> str:
        """A script that trains a recipe's network without justright, ready to paste.

        It builds the network with the recipe in the framework's own terms, standardizes where
        the study did, trains as the trial was trained, and prints loss and metric of each part.
        Weights and batches are drawn by the framework, so its figures differ from the trial's as
        those of another seed do. docs/export.md says which techniques either
        framework's script is written for, and how.

        Args:
            recipe, seed, split: which trial, as in `model`.
            framework: `"keras"` or `"torch"`.
            rows: the name of the file of rows that the script reads where it is given none;
                `save_script` writes it.

        Raises:
            DataError: an unknown framework, recipe, seed or split.
            RecipeError: a technique that the framework's script is not written for.
            ModelError: a layer, an optimizer or a loss that it is not written for.
        """
        from justright.exports.scripts import script_of

        chosen = self._chosen(recipe, seed, split)
        standardized = is_standardized(self.preparations)
        return script_of(self.task, chosen, standardized, rows, framework)

    def save_script(
        self,
        path: str | os.PathLike[str],
        recipe: str,
        framework: Framework = "keras",
        seed: int | None = None,
        split: int | None = None,
    ) -> tuple[Path, Path]:
        """Write `script` to a file, and the rows of the trial's split beside it.

        Args:
            path: `name.py`; the rows go to `name.npz`: inputs before standardization, or as
                other preprocessing gave them, and targets as they were given.
            recipe, framework, seed, split: as in `script`.

        Returns:
            Both paths.

        Raises:
            DataError: another suffix, no such folder, rows that stay on disk, or what `script`
                refuses.
            RecipeError, ModelError: as `script`.
        """
        place = destination(path, (".py",))
        beside = place.with_suffix(".npz")
        chosen = self._chosen(recipe, seed, split)
        trial = chosen.trial
        text = self.script(recipe, framework, trial.seed, trial.split, beside.name)
        write_rows(beside, self.task, self.preparations, trial.split)
        place.write_text(text, encoding="utf-8")
        return place, beside

    def to_sklearn(self, recipe: str, seed: int | None = None, split: int | None = None) -> Any:
        """An unfitted scikit-learn network that trains as a recipe did, where there is one.

        scikit-learn has dense networks with L2 (`alpha`) and early stopping. Its `alpha` is
        2·λ·batch size for classes and λ·batch size for numbers, since it divides the penalty by
        the batch and halves the squared error. It takes rows that are prepared (`prepared`), and
        draws validation rows for early stopping from those that it is given.

        Args:
            recipe, seed, split: which trial, as in `model`.

        Returns:
            An `MLPClassifier` or `MLPRegressor`; `get_params()` gives the settings.

        Raises:
            DataError: an unknown recipe, seed or split.
            RecipeError: a technique that scikit-learn does not have, or strengths by layer.
            ModelError: a network, an optimizer or a loss that it does not have.
        """
        from justright.exports.scripts import check_repeatable
        from justright.exports.sklearn_mlp import sklearn_mlp
        from justright.exports.training import Training

        chosen = self._chosen(recipe, seed, split)
        check_repeatable(self.task, chosen)
        return sklearn_mlp(Training.of(self.task, chosen, False, ""))

    def log_to_tensorboard(self, folder: str | os.PathLike[str]) -> Path:
        """Write the study as TensorBoard's event files: a run for each trial.

        A run holds loss and metric of training and validation rows by epoch, and its settings
        and figures at the chosen weights for the HParams tab; the run `study` holds the figure
        and the paragraph. Needs `pip install '.[tensorboard]'`; `tensorboard --logdir
        folder` shows it.

        Args:
            folder: a new or an empty one.

        Returns:
            The folder.

        Raises:
            DataError: tensorboardX is missing, or the folder holds something already.
        """
        from justright.exports.tensorboard import write_events

        trials = logged(self.task, self.results, self.metric)
        return write_events(folder, trials, self.plot(), self.summary())

    def log_to_mlflow(self, experiment: str = "justright", tracking_uri: str | None = None) -> str:
        """Write the study to MLflow: a run for the study, and one inside it for each trial.

        A trial's run has its settings as parameters, and loss and metric of each epoch as
        metrics; the study's has the figure, the paragraph, both tables as CSV and the model with
        the lowest validation loss (`.keras`). Needs `pip install '.[mlflow]'`. MLflow's
        telemetry is switched off (`MLFLOW_DISABLE_TELEMETRY`) unless you have set that yourself.

        Args:
            experiment: its name in MLflow; made if it is not there.
            tracking_uri: where MLflow keeps runs, such as `"sqlite:///mlflow.db"`; MLflow's own
                setting if None.

        Returns:
            The id of the study's run.

        Raises:
            DataError: mlflow is missing.
        """
        from justright.exports.mlflow import write_runs

        def save(folder: Path) -> list[Path]:
            good = [r for r in self.results if math.isfinite(r.at_chosen("val_loss")) and r.values]
            models = []
            if good:
                best = min(good, key=lambda r: r.at_chosen("val_loss")).trial
                place = folder / "best.keras"
                models.append(self.save_model(place, best.name, best.seed, best.split))
            return [*models, *self.write(folder / "study.csv")]

        trials = logged(self.task, self.results, self.metric)
        figures = self.plot(), self.summary()
        return write_runs(trials, *figures, save, experiment, tracking_uri)
