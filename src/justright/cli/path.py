"""`justright path`: follow a penalty over its strengths, and say what is left at each."""

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
    from justright.experiments.traced import RegularizationPath

EXAMPLE_COMMANDS = """\b
Examples:
  justright path
  justright path --over group_lasso --base l2=1e-3
  justright path --over l2 --points 20 --seeds 3
  justright path --over elastic_net.l1 --base elastic_net=0:1e-3 --data heart.csv
"""


@click.command(epilog=EXAMPLE_COMMANDS)
@click.option(
    "--over",
    default="l1",
    show_default=True,
    metavar="NAME",
    help="The penalty to follow: l1, group_lasso, elastic_net.l1, l2 or weight_decay.",
)
@click.option("--points", default=40, show_default=True, help="How many strengths.")
@click.option(
    "--base",
    default="",
    metavar="TEXT",
    help="A recipe that all trainings have beside the penalty, such as dropout=0.2.",
)
@click.option(
    "--epochs-each",
    type=int,
    metavar="INTEGER",
    help="Epochs at each strength; a quarter of --epochs if not given.",
)
@click.option(
    "--on",
    type=click.Choice(["val_metric", "val_loss"]),
    default="val_metric",
    show_default=True,
    help="What chooses: the metric or the loss on the validation rows.",
)
@job_options("path.png", drawn="the picture", trained="each strength", seeds=5, chooses=True)
def path(over: str, points: int, base: str, epochs_each: int | None, on: Any, job: Job) -> None:
    """Follow a penalty from the dense network to none of its weights, or back.

    Each strength is trained from the weights of the one before. Says how many
    weights and which inputs are left, which strength is best, and the strongest
    that is as good within one standard error.
    """
    check_writable(job.figure)
    with loading():
        from justright.experiments.path import path as follow
        from justright.regularizers.text import parse_recipe

        recipe, task = parse_recipe(base), job.task()

    import_meanwhile("matplotlib.figure", "matplotlib.backends.backend_agg")
    found = follow(
        job.network(),
        named_rows(task),
        over,
        points=points,
        base=recipe,
        epochs_each=epochs_each,
        on=on,
        **job.training(task),
    )
    found.plot().savefig(job.figure, dpi=150)
    if job.as_json:
        click.echo(json.dumps(_as_json(found, task, job), indent=1))
    else:
        _print(found, task, job)


def _as_json(found: RegularizationPath, task: Divided, job: Job) -> dict[str, Any]:
    return {
        "data": task.description,
        "notes": list(found.study.notes),
        "summary": found.summary(),
        "figure": str(job.figure),
        "zero_from": found.zero_from,
        "best": found.best.name,
        "one_standard_error": found.one_standard_error.name,
        "recipe": str(found.recipe),
        **({"inputs": records(found.inputs)} if found.has_inputs else {}),
        "table": records(found.table),
    }


def _print(found: RegularizationPath, task: Divided, job: Job) -> None:
    from rich.console import Console
    from rich.markup import escape

    from justright.report.path_table import path_table

    console = Console(highlight=False)
    console.print(f"\n{escape(task.description)}. {escape(' '.join(found.study.notes))}")
    if found.sweep.grid.base.techniques:
        console.print(f"With all of them: {escape(str(found.sweep.grid.base))}", emoji=False)
    console.print(path_table(found.sweep.drawn(), found.table))
    console.print(escape(found.summary()))
    console.print(f"\nPicture: [bold]{escape(str(job.figure))}[/]")
