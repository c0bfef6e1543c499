"""What commands that train have in common: which data and network, how to train, what to write."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from justright.cli.options import hidden_option, json_option, network_of, quiet_option
from justright.errors import DataError, did_you_mean

if TYPE_CHECKING:
    from justright.data.examples import Example, Table
    from justright.data.parquet import ParquetFile

    Divided: TypeAlias = "Example | Streamed | Redrawn"

EXAMPLES = ("breast_cancer", "digits")


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
    splits: int
    folds: int | None
    group: str | None
    figure: Path
    as_json: bool
    quiet: bool
    chooses: bool
    hidden: str | None = None

    @property
    def divides_anew(self) -> bool:
        """Whether the rows are to be divided otherwise than once."""
        return self.splits != 1 or self.folds is not None or self.group is not None

    def network(self) -> Any:
        """The model in the file, units of hidden layers, or None for the default network.

        Raises:
            DataError: both, or units that are none.
            ModelError: a file that is no network.
        """
        return network_of(self.model, self.hidden)

    def training(self, task: Divided) -> dict[str, Any]:
        """Arguments of an experiment."""
        return {
            **(task.division if isinstance(task, Redrawn) else _parts(task)),
            "seeds": self.seeds,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "optimizer": self.optimizer,
            "progress": not self.quiet,
        }

    def task(self) -> Divided:
        """The rows, divided or to be divided.

        Raises:
            DataError: no such file or data set, or one that cannot be read.
        """
        if not self.divides_anew:
            return task_of(self.data, self.target)
        from justright.data.examples import whole_example
        from justright.data.parquet import SUFFIXES
        from justright.data.table import read_columns

        path = Path(self.data)
        if self.data in EXAMPLES:
            for option, given in (("--target", self.target), ("--group", self.group)):
                _check_none(option, given, self.data)
            return self._redrawn(whole_example(self.data))
        _check_named(self.data)
        if path.suffix.lower() in SUFFIXES:
            raise DataError(
                f"--splits, --folds and --group want rows in memory, and {path.name} is read "
                "anew in each epoch. Leave them out, or give a CSV file."
            )
        return self._redrawn(read_columns(path, self.target, self.group))

    def _redrawn(self, table: Table) -> Redrawn:
        from justright.data.preparation import STANDARDIZE
        from justright.data.splits import folds

        if self.splits < 1:
            raise DataError(f"--splits {self.splits}: at least 1 is wanted.")
        shares = {"validation": 0.25, "test": 0.2}
        splits: Any = self.splits
        if self.folds is not None:
            del shares["validation" if self.chooses else "test"]  # The folds are that part.
            splits = folds(table.y, self.folds, self.splits, table.groups)
        division = {"splits": splits, "groups": table.groups, "preprocess": STANDARDIZE}
        return Redrawn(table, shares | division)


def task_of(data: str, target: str | None) -> Example | Streamed:
    """The rows that --data names, divided once: what ships, a CSV file, or a Parquet file.

    Args:
        data: a name or a path.
        target: the column to predict; the last one if None.

    Raises:
        DataError: no such file or data set, or one that cannot be read.
    """
    from justright.data.examples import example
    from justright.data.parquet import SUFFIXES, ParquetFile
    from justright.data.table import read_table

    path = Path(data)
    if data in EXAMPLES:
        _check_none("--target", target, data)
        return example(data)
    _check_named(data)
    if path.suffix.lower() in SUFFIXES:
        return Streamed(ParquetFile.of(path, target, standardize=True))
    return read_table(path, target)


def _check_none(option: str, given: str | None, data: str) -> None:
    if given is not None:
        raise DataError(
            f"{option} {given}: {data} has a target of its own and no groups. Leave {option} out, "
            "or name a CSV or Parquet file with --data."
        )


def _check_named(data: str) -> None:
    if not Path(data).suffix and not Path(data).exists():
        raise DataError(
            f"{data!r} is neither a file nor a data set that ships. {did_you_mean(data, EXAMPLES)}"
        )


@dataclass(frozen=True)
class Redrawn:
    """A table that is divided several times, or by groups.

    Attributes:
        table: the rows.
        division: arguments of an experiment: parts, splits, groups, preprocessing.
    """

    table: Table
    division: dict[str, Any]

    @property
    def description(self) -> str:
        """Where the rows come from, in a sentence."""
        return f"{self.table.head}: {len(self.table.y)} rows; columns standardized"


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


def _parts(task: Example | Streamed) -> dict[str, Any]:
    return {"validation": task.validation, "test": task.test}


def named_rows(task: Divided) -> Any:
    """What trains, with the names of the inputs."""
    if isinstance(task, Streamed):
        return task.train
    import pandas as pd

    if isinstance(task, Redrawn):
        return pd.DataFrame(task.table.X, columns=list(task.table.features)), task.table.y
    X, y = task.train
    return pd.DataFrame(X, columns=list(task.features)), y


def job_options(
    figure: str,
    drawn: str,
    trained: str = "each recipe",
    units: str = "of 128 and 64 units",
    seeds: int = 10,
    chooses: bool = False,
    hidden: str | None = "128,64",
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command these options, gathered in its argument `job`.

    Args:
        figure: the default file of the figure.
        drawn: what is on it, for the help.
        trained: of what there is a training for each seed, for the help.
        seeds: how many by default.
        units: of the default network, for the help.
        chooses: whether the command chooses by validation rows: then folds validate, and the
            rows that test are the same for all.
        hidden: units of the default network's hidden layers, for the help; None where the command
            has an option of its own for them.
    """
    options = [
        click.option(
            "--data",
            default="breast_cancer",
            show_default=True,
            metavar="NAME|FILE",
            help="A data set that ships (breast_cancer, digits), a CSV file of numbers with a "
            "header, or a Parquet file, which is read anew in each epoch and may be larger than "
            "memory.",
        ),
        click.option(
            "--target", metavar="COLUMN", help="What to predict; the last column if not given."
        ),
        click.option(
            "--model",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help=f"A .keras file; a dense network {units} if not given.",
        ),
        *(() if hidden is None else (hidden_option(hidden),)),
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
            "--splits",
            default=1,
            show_default=True,
            help="How often the rows are divided anew; a fifth validates and a fifth tests"
            + (", the same fifth in all." if chooses else "."),
        ),
        click.option(
            "--folds",
            type=int,
            metavar="K",
            help="Divide into so many folds, each of which "
            + (
                "validates once (with --splits, so many times); a fifth of the rows tests."
                if chooses
                else "tests once (with --splits, so many times); a quarter of the others validates."
            ),
        ),
        click.option(
            "--group",
            metavar="COLUMN",
            help="Rows with the same value in this column stay on one side. It is no feature.",
        ),
        click.option(
            "--figure",
            type=click.Path(path_type=Path),
            default=Path(figure),
            show_default=True,
            metavar="FILE",
            help=f"Where to write {drawn}: .png, .svg or .pdf.",
        ),
        json_option(),
        quiet_option(),
    ]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def with_job(**given: Any) -> None:
            asked = {
                field.name: given.pop(field.name) for field in fields(Job) if field.name in given
            }
            job = Job(**asked, chooses=chooses)
            command(job=job, **given)

        for option in reversed(options):
            with_job = option(with_job)
        return with_job

    return decorate
