"""`justright path`: follow a penalty over its strengths, and say what is left at each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from justright.cli.common import check_writable, loading
from justright.cli.ending import Ending, may_be_cut_short
from justright.cli.job import Job, job_options
from justright.cli.rows import named_rows
from justright.cli.saved import check_report, report_option, save_report
from justright.deferred import import_meanwhile

if TYPE_CHECKING:
    from justright.experiments.traced import RegularizationPath

EXAMPLE_COMMANDS = """\b
Examples:
  justright path
  justright path --over group_lasso --base l2=1e-3
  justright path --over l2 --points 20 --seeds 3
  justright path --over elastic_net.l1 --base elastic_net=0:1e-3
"""


@click.command(epilog=EXAMPLE_COMMANDS, short_help="Follow a penalty until no weights are left.")
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
@report_option()
@job_options("path.png", drawn="the picture", trained="each strength", seeds=5, chooses=True)
def path(
    over: str, points: int, base: str, epochs_each: int | None, on: Any, page: Path | None, job: Job
) -> None:
    """Follow a penalty from the dense network to none of its weights, or back.

    Each strength is trained from the weights of the one before. Says how many
    weights and which inputs are left, which strength is best, and the strongest
    that is as good within one standard error.
    """
    check_writable(job.figure)
    check_report(page)
    with loading():
        from justright.experiments.path import path as follow
        from justright.regularizers.text import parse_recipe

        recipe, task = parse_recipe(base), job.task()

    import_meanwhile("matplotlib.figure", "matplotlib.backends.backend_agg")
    with may_be_cut_short() as cut:
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
    ending = ending_of(found, task.description)
    files = {"Figure": job.figure, **save_report(found, page), "Store": job.store}
    replace(ending, files=files, stopped=cut.said).tell(job.as_json)


def ending_of(found: RegularizationPath, data: str) -> Ending:
    """What there is to say of a path."""
    from justright.report.path_table import path_table

    base = found.sweep.grid.base
    return Ending(
        "path",
        found.summary(),
        data,
        found.study.notes,
        record={
            "zero_from": found.zero_from,
            "best": found.best.name,
            "one_standard_error": found.one_standard_error.name,
            "recipe": str(found.recipe),
            **({"inputs": found.inputs} if found.has_inputs else {}),
            "table": found.table,
        },
        lines=[f"With all of them: {base}"] if base.techniques else [],
        tables=[path_table(found.sweep.drawn(), found.table)],
    )
