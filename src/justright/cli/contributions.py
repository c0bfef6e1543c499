"""`justright contributions`: what each technique of a recipe brings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from justright.cli.common import check_writable, loading
from justright.cli.job import Job, job_options, records
from justright.cli.rows import named_rows
from justright.deferred import import_meanwhile

if TYPE_CHECKING:
    from justright.cli.rows import Divided
    from justright.report.contributions import Contributions

EXAMPLE_COMMANDS = """\b
Examples:
  justright contributions --recipe dropout=0.4,l2=1e-3,early_stopping=20
  justright contributions --recipe dropout=0.2,l2=1e-3 --data heart.csv --folds 5
"""


@click.command(epilog=EXAMPLE_COMMANDS)
@click.option(
    "--recipe",
    "text",
    required=True,
    metavar="TEXT",
    help="The recipe, such as dropout=0.4,l2=1e-3,early_stopping=20.",
)
@click.option(
    "--orders",
    type=int,
    metavar="N",
    help="Add the techniques in so many orders for each seed, an even number; without, all "
    "subsets of up to 6 techniques are trained, and 4 orders of more.",
)
@job_options("contributions.png", drawn="the picture", trained="each part of the recipe")
def contributions(text: str, orders: int | None, job: Job) -> None:
    """Say what each technique of a recipe brings.

    Trains the recipe without some of its techniques, and gives what each of them brings
    alone, what is lost without it, its Shapley share of the whole, and where two of them
    support or overlap each other, all with intervals over paired runs.
    """
    check_writable(job.figure)
    with loading():
        from justright.experiments.contributions import contributions as contributions_of
        from justright.regularizers.text import parse_recipe

        recipe = parse_recipe(text)
        task = job.task()
    import_meanwhile("matplotlib.figure", "matplotlib.backends.backend_agg")
    found = contributions_of(
        job.network(), named_rows(task), recipe, orders=orders, **job.training(task)
    )
    found.plot().savefig(job.figure, dpi=150)
    if job.as_json:
        click.echo(json.dumps(_as_json(found, task, job), indent=1))
    else:
        _print(found, task, job)


def _as_json(found: Contributions, task: Divided, job: Job) -> dict[str, Any]:
    whole = found.whole
    return {
        "data": task.description,
        "notes": list(found.study.notes),
        "summary": found.summary(),
        "figure": str(job.figure),
        "recipe": found.recipe,
        "whole": whole and {"mean": whole.mean, "low": whole.low, "high": whole.high},
        "contributions": records(found.table),
        "interactions": records(found.interactions),
        "trials": records(found.study.table),
    }


def _print(found: Contributions, task: Divided, job: Job) -> None:
    from rich.console import Console
    from rich.markup import escape

    from justright.report.contributions_table import contributions_table

    console = Console(highlight=False)
    console.print(f"\n{escape(task.description)}. {escape(' '.join(found.study.notes))}")
    console.print(contributions_table(found.table, found.figure, found.measure))
    console.print(escape(found.summary()))
    console.print(f"\nPicture: [bold]{escape(str(job.figure))}[/]")
