"""What commands that train have in common: which data and network, how to train, what to write."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from justright.cli.options import (
    hidden_option,
    json_option,
    learning_rate_option,
    network_of,
    optimizer_of,
    quiet_option,
)
from justright.cli.rows import (
    EXAMPLES,
    Asked,
    Division,
    arguments,
    data_options,
    divided,
    training_rows,
)

if TYPE_CHECKING:
    from justright.cli.rows import Divided


# Rows a step, where none are asked for; steps an epoch of rows that are many.
LEAST, MOST, STEPS = 8, 256, 100


@dataclass(frozen=True)
class Job:
    """The options that say what to train on and how; those of `job_options`."""

    data: str
    target: str | None
    kind: str | None
    without: tuple[str, ...]
    category: tuple[str, ...]
    as_text: tuple[str, ...]
    distinct: bool
    image_size: str | None
    model: Path | None
    seeds: int
    epochs: int
    batch_size: int | None
    optimizer: str
    learning_rate: float | None
    splits: int
    folds: int | None
    group: str | None
    figure: Path
    as_json: bool
    quiet: bool
    chooses: bool
    hidden: str | None = None
    store: Path | None = None
    workers: str | None = None

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
            **arguments(task),
            "seeds": self.seeds,
            "epochs": self.epochs,
            "batch_size": self.rows_a_step(training_rows(task)),
            "optimizer": self.trained_by,
            "progress": not self.quiet,
            "store": self.store,
            "workers": self.workers,
        }

    def rows_a_step(self, rows: int) -> int:
        """As many as are asked for, or as rows that train want: about 100 steps an epoch."""
        if self.batch_size is not None:
            return self.batch_size
        if self.data in EXAMPLES:
            return LEAST
        return usual_batch(rows)

    @property
    def trained_by(self) -> Any:
        """The optimizer, with its own learning rate or the one that is asked for.

        Raises:
            DataError: a rate that is none.
        """
        return optimizer_of(self.optimizer, self.learning_rate)

    @property
    def divides_once(self) -> bool:
        """Whether rows are to be divided once, and not by groups."""
        return self.splits == 1 and self.folds is None and self.group is None

    @property
    def asked(self) -> Asked:
        """The rows that the options name."""
        return Asked(
            self.data,
            self.target,
            self.kind,
            self.without,
            self.category,
            self.image_size,
            self.group,
            distinct=self.distinct,
            as_text=self.as_text,
        )

    def task(self) -> Divided:
        """The rows, divided or to be divided.

        Raises:
            DataError: no such file or data set, or one that cannot be read.
        """
        return divided(self.asked, Division(self.splits, self.folds, self.chooses))


def usual_batch(rows: int) -> int:
    """How many rows a step has where nobody says: a power of 2 for about `STEPS` steps an epoch.

    >>> usual_batch(80), usual_batch(5000), usual_batch(1_000_000)
    (8, 64, 256)
    """
    near = round(math.log2(max(1, rows) / STEPS))
    return max(LEAST, min(MOST, 2 ** max(0, near)))


def job_options(
    figure: str,
    drawn: str,
    trained: str = "each recipe",
    units: str = "of 128 and 64 units",
    seeds: int = 10,
    chooses: bool = False,
    file: tuple[str, str] = ("--figure", ".png, .svg or .pdf"),
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
        file: the option that names the file of the figure, and its endings, for the help.
        hidden: units of the default network's hidden layers, for the help; None where the command
            has an option of its own for them.
    """
    options = [
        *data_options(),
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
        click.option(
            "--batch-size",
            type=int,
            help=f"Rows a step.  [default: {LEAST}; of a file with many rows up to {MOST}, for "
            f"about {STEPS} steps an epoch]",
        ),
        click.option(
            "--optimizer",
            default="adam",
            show_default=True,
            help="sgd, momentum, adam, adamw or rmsprop.",
        ),
        learning_rate_option(),
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
            file[0],
            "figure",
            type=click.Path(path_type=Path),
            default=Path(figure),
            show_default=True,
            metavar="FILE",
            help=f"Where to write {drawn}: {file[1]}.",
        ),
        click.option(
            "--store",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Keep the study in this file while it is trained; if it exists, the same command "
            "goes on from it, and what has ended is not trained again.",
        ),
        click.option(
            "--workers",
            metavar="CLUSTER",
            help="Train on workers of a cluster that runs: dask or ray, or with its address, as in "
            "dask=tcp://10.0.0.1:8786.",
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
