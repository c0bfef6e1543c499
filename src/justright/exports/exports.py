"""The ways out of a study: a model, a script, scikit-learn's estimator, tables, loggers."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from justright.exports.places import destination
from justright.exports.tables import write_tables

if TYPE_CHECKING:
    import keras
    import pandas as pd


class Exports(ABC):
    """What can be taken out of a study; `Study` has the rows, the trials and the models."""

    @property
    @abstractmethod
    def table(self) -> pd.DataFrame:
        """One row a trial."""

    @property
    @abstractmethod
    def curves(self) -> pd.DataFrame:
        """One row an epoch of a trial."""

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
