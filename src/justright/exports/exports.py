"""The ways out of a study: a model, a script, scikit-learn's estimator, tables, loggers."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from justright.engine.program import Task
from justright.engine.trial import TrialResult
from justright.evidence.measure import Measure
from justright.exports.places import destination
from justright.exports.rows import is_standardized, write_rows
from justright.exports.tables import write_tables

if TYPE_CHECKING:
    import keras
    import pandas as pd

Framework = Literal["keras", "torch"]


class Exports(ABC):
    """What can be taken out of a study; `Study` has the rows, the trials and the models."""

    task: Task
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
        'justright[onnx]'`); its input is called `input` and its output `output`, and it
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
                `name.curves.csv` or `name.curves.parquet`. Numbers come back to the bit (CSV:
                `pandas.read_csv(path, float_precision="round_trip")`).

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
        those of another seed do. [docs/export.md](docs/export.md) says which techniques either
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
