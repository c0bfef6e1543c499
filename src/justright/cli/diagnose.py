"""`justright diagnose`: what ails a training, by which sign, and what to try next."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from justright.cli.common import loading
from justright.cli.ending import Ending
from justright.cli.options import (
    hidden_option,
    json_option,
    learning_rate_option,
    network_of,
    optimizer_of,
    quiet_option,
)
from justright.cli.rows import Asked, Division, arguments, data_options, divided, named_rows
from justright.cli.shown import visible
from justright.errors import DataError

if TYPE_CHECKING:
    from justright.evidence.diagnosis import Diagnosis

_WIDTH = 79

EXAMPLE_COMMANDS = """\b
Examples:
  justright diagnose epochs.csv
  justright diagnose epochs.csv --validation-rows 200 --json
  justright diagnose --data heart.csv --target disease
  justright diagnose --data heart.csv --model mine.keras --epochs 50
"""


def rows_options(command: Any) -> Any:
    """Give a command the options that say what to train on."""
    for option in reversed(data_options(default=None)):
        command = option(command)
    return command


@click.command(epilog=EXAMPLE_COMMANDS, short_help="Say what ails a training, and what to try.")
@click.argument("epochs_file", metavar="[EPOCHS.csv]", required=False)
@rows_options
@click.option("--validation", type=float, metavar="SHARE", help="Of the rows.  [default: 0.2]")
@click.option("--model", metavar="FILE", help="A .keras file; 128 and 64 units if not given.")
@hidden_option("128,64")
@click.option("--recipe", metavar="TEXT", help="What regularizes it, as dropout=0.2,l2=1e-3.")
@click.option("--seeds", type=int, help="How many trainings.  [default: 3]")
@click.option("--epochs", type=int, help="Epochs of a training, at most.  [default: 100]")
@click.option("--batch-size", type=int, help="Rows a step.  [default: 32]")
@click.option("--optimizer", help="sgd, momentum, adam, adamw or rmsprop.  [default: adam]")
@learning_rate_option()
@click.option("--kept-epoch", type=int, help="Of EPOCHS.csv: whose weights early stopping kept.")
@click.option("--validation-rows", type=int, help="Of EPOCHS.csv: how many rows validated.")
@click.option("--classes", type=int, help="Of EPOCHS.csv: how many classes there are.")
@json_option()
@quiet_option()
def diagnose(
    epochs_file: str | None, data: str | None, as_json: bool, quiet: bool, **given: Any
) -> None:
    """Say what ails a training, by which sign, and what to try next.

    EPOCHS.csv has a row an epoch, with the training and validation loss in columns of their
    usual names (loss, val_loss, train_loss, valid_loss, …), and accuracies where there are any.
    With --data, the network is trained for it, three times, and helpers where they decide.
    """
    options = {name: value for name, value in given.items() if value not in (None, (), False)}
    if (epochs_file is None) == (data is None):
        raise click.UsageError("Give either a file of epochs or rows with --data.")
    if epochs_file is not None:
        head, found = "", _of_epochs(Path(epochs_file), options)
    else:
        head, found = _of_rows(str(data), options, quiet)
    if as_json:
        click.echo(Ending("diagnose", str(found), head, record=found.to_dict()).as_json())
    else:
        click.echo(visible(f"\n{found}" if not head else f"\n{fill(head, _WIDTH)}\n\n{found}"))


def _of_epochs(path: Path, options: dict[str, Any]) -> Diagnosis:
    _only(options, ("kept_epoch", "validation_rows", "classes"), "a file of epochs")
    with loading():
        from justright.experiments.diagnose import diagnose as diagnosed
    return diagnosed(path, **options)


def _of_rows(data: str, options: dict[str, Any], quiet: bool) -> tuple[str, Diagnosis]:
    kept = ("kept_epoch", "validation_rows", "classes")
    _only(options, tuple(name for name in options if name not in kept), "rows (--data)")
    with loading():
        from justright.experiments.diagnose import diagnose as diagnosed
        from justright.regularizers.text import parse_recipe
    settings = {
        name: options[name] for name in ("seeds", "epochs", "batch_size") if name in options
    }
    recipe = parse_recipe(options["recipe"]) if "recipe" in options else None
    file = Path(options["model"]) if "model" in options else None
    model = network_of(file, options.get("hidden"))
    head, train, parts = _rows(data, options)
    found = diagnosed(
        model,
        train,
        recipe=recipe,
        optimizer=optimizer_of(options.get("optimizer"), options.get("learning_rate")),
        options=_named(data, options),
        progress=not quiet,
        **parts,
        **settings,
    )
    return head, found


def _rows(data: str, options: dict[str, Any]) -> tuple[str, Any, dict[str, Any]]:
    """A description, the rows that train, and what else there is to know of them."""
    names = ("target", "kind", "without", "category", "as_text", "image_size", "distinct")
    given = {name: options[name] for name in names if name in options}
    task = divided(Asked(data, **given), Division())
    parts = arguments(task)
    share = options.get("validation")
    if share is not None:
        if isinstance(parts["validation"], tuple):
            raise DataError(
                f"--validation {share}: this works on a file of rows, and {data} has validation "
                "rows of its own."
            )
        # Of all rows, and so of those that the test leaves more.
        left = 1 - parts["test"] if isinstance(parts["test"], float) else 1
        if not 0 < share < left:
            raise DataError(
                f"validation={share}: a fraction of the rows lies between 0 and {left:g}, as 0.25."
            )
        parts = {**parts, "validation": share / left}
    return task.description, named_rows(task), parts


def _named(data: str, options: dict[str, Any]) -> list[str]:
    """All options that were given, for the commands of the advice."""
    named = ["--data", data]
    flags = {"kind": "--task", "as_text": "--text"}
    for name, given in options.items():
        flag = flags.get(name, f"--{name.replace('_', '-')}")
        if given is True:
            named.append(flag)
            continue
        for one in given if isinstance(given, tuple) else (given,):
            named += [flag, f"{one:g}" if isinstance(one, float) else str(one)]
    return named


def _only(options: dict[str, Any], known: tuple[str, ...], what: str) -> None:
    others = [f"--{name.replace('_', '-')}" for name in options if name not in known]
    if others:
        raise click.UsageError(f"{', '.join(others)} does not go with {what}.")
