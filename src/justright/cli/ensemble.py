"""`justright ensemble`: weight scaling against the ensemble of networks that dropout stands for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from justright.cli.common import check_writable, loading
from justright.cli.job import Job, job_options, records
from justright.cli.rows import named_rows
from justright.deferred import import_meanwhile
from justright.errors import DataError

if TYPE_CHECKING:
    from justright.cli.rows import Divided
    from justright.experiments.ensemble import DropoutEnsemble

EXAMPLE_COMMANDS = """\b
Examples:
  justright ensemble
  justright ensemble --recipe dropout=0.2,l2=1e-3 --units 12
  justright ensemble --units 128,64 --samples 500
"""


@click.command(epilog=EXAMPLE_COMMANDS)
@click.option(
    "--recipe",
    "text",
    default="dropout=0.5",
    show_default=True,
    metavar="TEXT",
    help="What to train with; dropout among it.",
)
@click.option(
    "--units",
    default="8,4",
    show_default=True,
    metavar="N,N,…",
    help="Units of each hidden layer of the default network. Up to 16 in all, every mask is tried.",
)
@click.option(
    "--samples", default=100, show_default=True, help="Average up to so many sampled masks."
)
@click.option("--repeats", default=20, show_default=True, help="Draw them so many times.")
@job_options("ensemble.png", drawn="the picture", trained="it", units="of --units units")
def ensemble(text: str, units: str, samples: int, repeats: int, job: Job) -> None:
    """See dropout as an ensemble of thinned networks.

    Trains with dropout, then predicts by weight scaling (all units, one pass), by the
    average over sampled masks, and over all masks of a small network, and says on rows
    that did not train which is better, and how many masks it takes.
    """
    check_writable(job.figure)
    hidden = _hidden(units)
    with loading():
        from justright.experiments.ensemble import dropout_ensemble
        from justright.regularizers.text import parse_recipe

        recipe = parse_recipe(text)
        task = job.task()
    import_meanwhile("matplotlib.figure", "matplotlib.backends.backend_agg")
    found = dropout_ensemble(
        job.network(),
        named_rows(task),
        recipe,
        samples=samples,
        repeats=repeats,
        hidden=hidden,
        **job.training(task),
    )
    found.plot().savefig(job.figure, dpi=150)
    if job.as_json:
        click.echo(json.dumps(_as_json(found, task, job), indent=1))
    else:
        print_ensemble(found, task.description, job.figure)


def _hidden(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) for part in parts):
        raise DataError(f"--units {text}: give whole numbers of at least 1 by comma, as in 8,4.")
    return [int(part) for part in parts]


def _as_json(found: DropoutEnsemble, task: Divided, job: Job) -> dict[str, Any]:
    return {
        "data": task.description,
        "notes": list(found.study.notes),
        "summary": found.summary(),
        "figure": str(job.figure),
        "units": found.units,
        "exact": found.exact,
        "table": records(found.table),
    }


def print_ensemble(found: DropoutEnsemble, head: str, figure: Path) -> None:
    """Print the table and the words."""
    from rich.console import Console
    from rich.markup import escape

    from justright.report.ensemble import ensemble_table

    console = Console(highlight=False)
    console.print(f"\n{escape(head)}. {escape(' '.join(found.study.notes))}")
    console.print(ensemble_table(found.table, found.study.metric))
    console.print(escape(found.summary()))
    console.print(f"\nPicture: [bold]{escape(str(figure))}[/]")
