"""`justright contributions`: what each technique of a recipe brings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from justright.cli.common import check_writable, loading
from justright.cli.ending import Ending
from justright.cli.job import Job, job_options
from justright.cli.rows import named_rows
from justright.cli.saved import check_report, report_option, save_report
from justright.deferred import import_meanwhile

if TYPE_CHECKING:
    from justright.report.contributions import Contributions

EXAMPLE_COMMANDS = """\b
Examples:
  justright contributions --recipe dropout=0.4,l2=1e-3,early_stopping=20
  justright contributions --recipe dropout=0.2,l2=1 --data heart.csv --folds 5
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
@report_option()
@job_options("contributions.png", drawn="the picture", trained="each part of the recipe")
def contributions(text: str, orders: int | None, page: Path | None, job: Job) -> None:
    """Say what each technique of a recipe brings.

    Trains the recipe without some of its techniques, and gives what each of them brings
    alone, what is lost without it, its Shapley share of the whole, and where two of them
    support or overlap each other, all with intervals over paired runs.
    """
    check_writable(job.figure)
    check_report(page)
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
    files = {"Figure": job.figure, **save_report(found, page), "Store": job.store}
    replace(ending_of(found, task.description), files=files).tell(job.as_json)


def ending_of(found: Contributions, data: str) -> Ending:
    """What there is to say of contributions."""
    from justright.report.contributions_table import contributions_table

    whole = found.whole
    return Ending(
        "contributions",
        found.summary(),
        data,
        found.study.notes,
        record={
            "recipe": found.recipe,
            "whole": whole and {"mean": whole.mean, "low": whole.ends[0], "high": whole.ends[1]},
            "contributions": found.table,
            "interactions": found.interactions,
            "trials": found.study.table,
        },
        tables=[contributions_table(found.table, found.figure, found.measure)],
    )
