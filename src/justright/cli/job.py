"""What commands that train have in common: which data and network, how to train, what to write."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from justright.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from justright.data.examples import Example
    from justright.data.parquet import ParquetFile

EXAMPLES = ("breast_cancer",)


@dataclass(frozen=True)
class Job:
    """The options that say what to train on and how; those of `job_options`."""

    data: str
    target: str | None
    model: Path | None
    seeds: int
    epochs: int
    batch_size: int
    optimizer: str
    figure: Path
    as_json: bool

    def network(self) -> Any:
        """The model in the file, or None for the default one."""
        if self.model is None:
            return None
        from justright.network.files import read_model

        return read_model(self.model)

    def training(self, task: Example | Streamed) -> dict[str, Any]:
        """Arguments of an experiment."""
        return {
            "validation": task.validation,
            "test": task.test,
            "seeds": self.seeds,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "optimizer": self.optimizer,
            "progress": False if self.as_json else None,
        }

    def task(self) -> Example | Streamed:
        """The rows, divided.

        Raises:
            DataError: no such file or data set, or one that cannot be read.
        """
        from justright.data.examples import example
        from justright.data.parquet import SUFFIXES, ParquetFile
        from justright.data.table import read_table

        data, target, path = self.data, self.target, Path(self.data)
        if data in EXAMPLES:
            if target is not None:
                raise DataError(
                    f"--target {target}: {data} has a target of its own. Leave --target out, or "
                    "name a CSV or Parquet file with --data."
                )
            return example(data)
        if not path.suffix and not path.exists():
            raise DataError(
                f"{data!r} is neither a file nor a data set that ships. "
                f"{did_you_mean(data, EXAMPLES)}"
            )
        if path.suffix.lower() in SUFFIXES:
            return Streamed(ParquetFile.of(path, target, standardize=True))
        return read_table(path, target)


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


def named_rows(task: Example | Streamed) -> Any:
    """What trains, with the names of the inputs."""
    if isinstance(task, Streamed):
        return task.train
    import pandas as pd

    X, y = task.train
    return pd.DataFrame(X, columns=list(task.features)), y


def records(table: pd.DataFrame) -> Any:
    """A table as JSON has it, a record a row."""
    return json.loads(table.to_json(orient="records"))


def job_options(
    figure: str, drawn: str, trained: str = "each recipe", seeds: int = 10
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command these options, gathered in its argument `job`.

    Args:
        figure: the default file of the figure.
        drawn: what is on it, for the help.
        trained: of what there is a training for each seed, for the help.
        seeds: how many by default.
    """
    options = [
        click.option(
            "--data",
            default="breast_cancer",
            show_default=True,
            metavar="NAME|FILE",
            help="A data set that ships (breast_cancer), a CSV file of numbers with a header, or "
            "a Parquet file, which is read anew in each epoch and may be larger than memory.",
        ),
        click.option(
            "--target", metavar="COLUMN", help="What to predict; the last column if not given."
        ),
        click.option(
            "--model",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A .keras file; a dense network of 128 and 64 units if not given.",
        ),
        click.option("--seeds", default=seeds, show_default=True, help=f"Trainings of {trained}."),
        click.option(
            "--epochs", default=200, show_default=True, help="Epochs of a training, at most."
        ),
        click.option("--batch-size", default=8, show_default=True, help="Rows a step."),
        click.option(
            "--optimizer",
            default="adam",
            show_default=True,
            help="sgd, momentum, adam, adamw or rmsprop.",
        ),
        click.option(
            "--figure",
            type=click.Path(path_type=Path),
            default=Path(figure),
            show_default=True,
            metavar="FILE",
            help=f"Where to write {drawn}: .png, .svg or .pdf.",
        ),
        click.option(
            "--json", "as_json", is_flag=True, help="Print one JSON object instead of text."
        ),
    ]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def with_job(**given: Any) -> None:
            job = Job(**{field.name: given.pop(field.name) for field in fields(Job)})
            command(job=job, **given)

        for option in reversed(options):
            with_job = option(with_job)
        return with_job

    return decorate
