"""From what the command line names to rows and a model: what the commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from justright.errors import DataError, did_you_mean

if TYPE_CHECKING:
    from justright.data.examples import Example
    from justright.data.parquet import ParquetFile

EXAMPLES = ("breast_cancer",)


@dataclass(frozen=True)
class Streamed:
    """A Parquet file, divided as a CSV file is: a fifth to validate, a fifth to test."""

    train: ParquetFile
    validation: float = 0.25  # Of what the test leaves.
    test: float = 0.2

    @property
    def description(self) -> str:
        """Where the rows come from, in a sentence."""
        file = self.train
        return (
            f"{file.name}, {len(file.features)} features, target {file.target}: {file.rows} rows; "
            "columns standardized on the training rows"
        )


def task_of(data: str, target: str | None) -> Example | Streamed:
    """The rows of a data set that ships, of a CSV file or of a Parquet file, divided.

    Raises:
        DataError: no such file or set, or one that cannot be read.
    """
    from justright.data.examples import example
    from justright.data.parquet import SUFFIXES, ParquetFile
    from justright.data.table import read_table

    path = Path(data)
    if data in EXAMPLES:
        if target is not None:
            raise DataError(
                f"--target {target}: {data} has a target of its own. Leave --target out, or name "
                "a CSV or Parquet file with --data."
            )
        return example(data)
    if not path.suffix and not path.exists():
        raise DataError(
            f"{data!r} is neither a file nor a data set that ships. {did_you_mean(data, EXAMPLES)}"
        )
    if path.suffix.lower() in SUFFIXES:
        return Streamed(ParquetFile.of(path, target, standardize=True))
    return read_table(path, target)


def model_of(path: Path) -> Any:
    """The model of a .keras file."""
    from justright.network.files import read_model

    return read_model(path)


def named_rows(task: Example | Streamed) -> Any:
    """What trains, with the names of the inputs."""
    if isinstance(task, Streamed):
        return task.train
    import pandas as pd

    X, y = task.train
    return pd.DataFrame(X, columns=list(task.features)), y
