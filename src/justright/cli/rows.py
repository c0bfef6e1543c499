"""Which rows a command trains on: what ships, a table, pictures in folders, or arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from justright.cli.options import is_count
from justright.errors import DataError, did_you_mean

if TYPE_CHECKING:
    from justright.data.dataset import Dataset
    from justright.data.examples import Example
    from justright.data.parquet import ParquetFile

    Divided: TypeAlias = "Example | Streamed | Redrawn"

EXAMPLES = ("breast_cancer", "digits", "iris", "wine", "diabetes")
# A fifth tests, and of what that leaves a quarter, a fifth of all, validates.
TEST, VALIDATION = 0.2, 0.25


@dataclass(frozen=True)
class Asked:
    """The options that say what to train on; those of `data_options`.

    Attributes:
        data: a name or a path.
        target: of a table, the column to predict; the last one if None.
        kind: classification, regression, or None for what the targets look like.
        without: columns to leave out.
        category, as_text: columns to take as categories, or as text, whatever they hold.
        image_size: of pictures, as `HEIGHTxWIDTH`, or None for the size of most of them.
        group: the column that says which rows belong together, or None.
        distinct: whether rows that are alike in all columns count once.
    """

    data: str
    target: str | None = None
    kind: str | None = None
    without: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    image_size: str | None = None
    group: str | None = None
    distinct: bool = False
    as_text: tuple[str, ...] = ()

    def dataset(self) -> Dataset:
        """The rows, not divided; of what ships, all of them.

        Raises:
            DataError: no such file or data set, or one that cannot be read.
        """
        from justright.data.read import read_dataset

        if self.data in EXAMPLES:
            from justright.data.examples import whole_example

            self._check_example()
            return whole_example(self.data)
        self._check_named()
        read = read_dataset(
            Path(self.data),
            self.target,
            self.group,
            without=self.without,
            distinct=self.distinct,
            image_size=_size(self.image_size),
        )
        return self._with_kinds(read)

    def streamed(self) -> Streamed | None:
        """A Parquet file of numbers, which is read anew in each epoch; None for anything else."""
        from justright.data.parquet import ParquetFile, is_of_numbers

        path = Path(self.data)
        in_memory = any(
            (self.group, self.distinct, self.category, self.as_text, self.image_size, self.kind)
        )
        if in_memory or not is_of_numbers(path, self.target, self.without):
            return None
        file = ParquetFile.of(path, self.target, standardize=True, without=self.without)
        return Streamed(file)

    def _with_kinds(self, read: Dataset) -> Dataset:
        """With what the columns are said to hold."""
        from justright.data.preparation import TABLE
        from justright.data.table_preparation import TablePreparation

        for option, names in (("--category", self.category), ("--text", self.as_text)):
            if names and read.preprocess != TABLE:
                raise DataError(f"{option}: {read.name} is no table. Leave it out.")
            for name in names:
                if name not in read.features:
                    known = did_you_mean(name, read.features)
                    raise DataError(f"{read.name} has no feature {name!r}. {known}")
        if not (self.category or self.as_text):
            return read
        kinds = TablePreparation(categories=self.category, texts=self.as_text)
        return replace(read, preprocess=kinds)

    def _check_example(self) -> None:
        options = {"--target": self.target, "--without": self.without, "--group": self.group}
        options |= {"--category": self.category, "--text": self.as_text}
        options["--image-size"] = self.image_size
        options |= {"--distinct": "(repeated rows)" if self.distinct else ""}
        for option, given in options.items():
            if given:
                words = given if isinstance(given, str) else ", ".join(given)
                raise DataError(
                    f"{option} {words}: {self.data} has a target of its own and no groups. Leave "
                    f"{option} out, or name a file with --data."
                )

    def _check_named(self) -> None:
        if not Path(self.data).suffix and not Path(self.data).exists():
            raise DataError(
                f"{self.data!r} is neither a file nor a data set that ships. "
                f"{did_you_mean(self.data, EXAMPLES)}"
            )


@dataclass(frozen=True)
class Division:
    """How a command divides rows.

    Attributes:
        splits: how often.
        folds: into how many folds each time, or None.
        chooses: whether folds validate, and not test.
    """

    splits: int = 1
    folds: int | None = None
    chooses: bool = False

    @property
    def is_usual(self) -> bool:
        """Whether rows are divided once."""
        return self.splits == 1 and self.folds is None

    def arguments(self, read: Dataset, kind: str | None) -> dict[str, Any]:
        """Arguments of an experiment.

        Raises:
            DataError: fewer than one split, or folds that cannot be drawn.
        """
        if self.splits < 1:
            raise DataError(f"--splits {self.splits}: at least 1 is wanted.")
        shares: dict[str, Any] = {
            "validation": read.validation or VALIDATION,
            "test": read.test or TEST,
        }
        splits: Any = self.splits if self.splits > 1 else None
        if self.folds is not None:
            from justright.data.splits import folds

            del shares["validation" if self.chooses else "test"]  # The folds are that part.
            splits = folds(read.y, self.folds, self.splits, read.groups)
        return shares | {
            "splits": splits,
            "groups": read.groups,
            "preprocess": read.preprocess,
            "task": kind,
        }


@dataclass(frozen=True)
class Redrawn:
    """Rows in memory that an experiment divides.

    Attributes:
        table: the rows.
        division: arguments of an experiment: parts, splits, groups, preprocessing, task.
    """

    table: Dataset
    division: dict[str, Any] = field(default_factory=dict)

    @property
    def description(self) -> str:
        """Where the rows come from, in a sentence."""
        from justright.data.preparation import STANDARDIZE

        scaled = "; columns standardized" if self.table.preprocess == STANDARDIZE else ""
        return f"{self.table.head}: {len(self.table.y)} rows{scaled}"


@dataclass(frozen=True)
class Streamed:
    """A Parquet file, divided as a CSV file is: a fifth to validate, a fifth to test."""

    train: ParquetFile
    validation: float = VALIDATION
    test: float = TEST

    @property
    def description(self) -> str:
        """Where the rows come from, in a sentence."""
        file = self.train
        return (
            f"{file.name}, {len(file.features)} features, target {file.target}: {file.rows} rows; "
            "columns standardized on the training rows"
        )


def divided(asked: Asked, division: Division) -> Divided:
    """The rows that a command trains on, divided or to be divided.

    Raises:
        DataError: no such file or data set, or one that cannot be read.
    """
    if division.is_usual and asked.data in EXAMPLES and asked == Asked(asked.data):
        from justright.data.examples import example

        return example(asked.data)
    streamed = asked.streamed() if division.is_usual else None
    if streamed is not None:
        return streamed
    read = asked.dataset()
    return Redrawn(read, division.arguments(read, asked.kind))


def arguments(task: Divided) -> dict[str, Any]:
    """What an experiment is to know of the rows beside those that train."""
    if isinstance(task, Redrawn):
        return task.division
    return {"validation": task.validation, "test": task.test}


def training_rows(task: Divided) -> int:
    """How many rows train, nearly."""
    if isinstance(task, Streamed):
        count = task.train.rows
    elif isinstance(task, Redrawn):
        count = len(task.table.y)
    else:
        return len(task.train[1])
    return round(count * (1 - TEST) * (1 - VALIDATION))


def named_rows(task: Divided) -> Any:
    """What trains, with the names of the inputs."""
    if isinstance(task, Streamed):
        return task.train
    if isinstance(task, Redrawn):
        return task.table
    import pandas as pd

    X, y = task.train
    return pd.DataFrame(X, columns=list(task.features)), y


def data_options(default: str | None = "breast_cancer") -> list[Callable[..., Any]]:
    """The options that say what to train on.

    Args:
        default: what --data is where it is not given.
    """
    return [
        click.option(
            "--data",
            default=default,
            show_default=default is not None,
            metavar="NAME|PATH",
            help=f"A data set that ships ({', '.join(EXAMPLES)}); a table with a header (CSV, "
            "Parquet, Arrow); a folder of pictures, with a folder for each class; or arrays, .npz. "
            "A Parquet file of numbers is read anew in each epoch and may be larger than memory.",
        ),
        click.option(
            "--target", metavar="COLUMN", help="What to predict; the last column if not given."
        ),
        click.option(
            "--task",
            "kind",
            type=click.Choice(["classification", "regression"]),
            help="What the target is, if it is not what it looks like.",
        ),
        click.option(
            "--without", multiple=True, metavar="COLUMN", help="Leave a column out. Repeatable."
        ),
        click.option(
            "--category",
            multiple=True,
            metavar="COLUMN",
            help="Take a column as categories, such as codes that are numbers. Repeatable.",
        ),
        click.option(
            "--text",
            "as_text",
            multiple=True,
            metavar="COLUMN",
            help="Take a column as text. Repeatable.",
        ),
        click.option(
            "--distinct", is_flag=True, help="Take rows that are alike in all columns once."
        ),
        click.option(
            "--image-size",
            metavar="HEIGHTxWIDTH",
            help="What pictures are brought to; the size of most of them if not given.",
        ),
    ]


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(map(is_count, parts)):
        raise DataError(f"--image-size {text}: give pixels, as in 32 or 32x48.")
    return int(parts[0]), int(parts[-1])
