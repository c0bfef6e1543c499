"""`justright sweep`: vary strengths, say which is best and how sure that is, draw the picture."""

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
    from justright.experiments.swept import Sweep

EXAMPLE_COMMANDS = """\b
Examples:
  justright sweep --over dropout=0,0.2,0.5,0.8
  justright sweep --over l2=0,1e-4,1e-3,1e-2,1e-1,1
  justright sweep --over dropout --over l2 --seeds 5
  justright sweep --over early_stopping --base dropout=0.2,l2=1e-3
  justright sweep --over elastic_net.l1 --base elastic_net=0:1e-4 --expand
"""


@click.command(epilog=EXAMPLE_COMMANDS, short_help="Vary strengths and find the sweet spot.")
@click.option(
    "--over",
    "texts",
    multiple=True,
    required=True,
    metavar="TEXT",
    help="A strength and its values, such as dropout=0,0.2,0.5; a name alone tries usual values. "
    "Repeat to vary several. The value that changes nothing is always among them.",
)
@click.option(
    "--base",
    default="",
    metavar="TEXT",
    help="A recipe that all trainings have beside what is varied, such as l2=1e-3.",
)
@click.option("--no-zero", is_flag=True, help="Leave out the value that changes nothing.")
@click.option(
    "--expand", is_flag=True, help="Widen the grid while the best lies at its edge, up to 8 times."
)
@click.option(
    "--on",
    type=click.Choice(["val_metric", "val_loss"]),
    default="val_metric",
    show_default=True,
    help="What chooses: the metric or the loss on the validation rows.",
)
@report_option()
@job_options("sweep.png", drawn="the picture", trained="each point", chooses=True)
def sweep(
    texts: tuple[str, ...],
    base: str,
    no_zero: bool,
    expand: bool,
    on: Any,
    page: Path | None,
    job: Job,
) -> None:
    """Vary strengths and find the sweet spot, with its uncertainty.

    Says which values are best, how often each one would be with other seeds, the
    strongest that is as good within one standard error, where the network
    underfits, and whether any of it is needed.
    """
    check_writable(job.figure)
    check_report(page)
    with loading():
        from justright.experiments.sweep import sweep as sweep_strengths
        from justright.regularizers.text import parse_over, parse_recipe

        over, recipe = parse_over(texts), parse_recipe(base)
        task = job.task()

    import_meanwhile("matplotlib.figure", "matplotlib.backends.backend_agg")
    with may_be_cut_short() as cut:
        found = sweep_strengths(
            job.network(),
            named_rows(task),
            over,
            base=recipe,
            zero=not no_zero,
            expand=expand,
            on=on,
            **job.training(task),
        )
    found.plot().savefig(job.figure, dpi=150)
    ending = ending_of(found, task.description)
    files = {"Figure": job.figure, **save_report(found, page), "Store": job.store}
    replace(ending, files=files, stopped=cut.said).tell(job.as_json)


def ending_of(found: Sweep, data: str) -> Ending:
    """What there is to say of a sweep."""
    from justright.report.sweep_table import sweep_table

    base = found.grid.base
    return Ending(
        "sweep",
        found.summary(),
        data,
        found.study.notes,
        record={
            "best": found.best.name,
            "one_standard_error": found.one_standard_error.name,
            "needed": found.needed,
            "optimism": None if found.optimism is None else found.optimism.optimism,
            "recipe": str(found.recipe),
            "sweet_spot": found.sweet_spot,
            "table": found.table,
            "trials": found.study.table,
        },
        lines=[f"With all of them: {base}"] if base.techniques else [],
        tables=[
            sweep_table(
                found.grid, found.table, found.spot, found.measure, found.on, found.study.metric
            )
        ],
    )
