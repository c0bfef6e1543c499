"""`justright ensemble`: weight scaling against the ensemble of networks that dropout stands for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from justright.cli.common import check_writable, loading
from justright.cli.ending import Ending
from justright.cli.job import Job, job_options
from justright.cli.options import units_of
from justright.cli.rows import named_rows
from justright.cli.saved import check_report, report_option, save_report
from justright.deferred import import_meanwhile

if TYPE_CHECKING:
    from justright.experiments.ensemble import DropoutEnsemble

EXAMPLE_COMMANDS = """\b
Examples:
  justright ensemble
  justright ensemble --recipe dropout=0.2,l2=1e-3 --hidden 12
  justright ensemble --hidden 128,64 --samples 500
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
    "--hidden",
    "--units",
    "units",
    default="8,4",
    show_default=True,
    metavar="N,N,…",
    help="Units of each hidden layer of the default network. Up to 16 in all, every mask is tried.",
)
@click.option(
    "--samples", default=100, show_default=True, help="Average up to so many sampled masks."
)
@click.option("--repeats", default=20, show_default=True, help="Draw them so many times.")
@report_option()
@job_options(
    "ensemble.png", drawn="the picture", trained="it", units="of --hidden units", hidden=None
)
def ensemble(
    text: str, units: str, samples: int, repeats: int, page: Path | None, job: Job
) -> None:
    """See dropout as an ensemble of thinned networks.

    Trains with dropout, then predicts by weight scaling (all units, one pass), by the
    average over sampled masks, and over all masks of a small network, and says on rows
    that did not train which is better, and how many masks it takes.
    """
    check_writable(job.figure)
    check_report(page)
    hidden = units_of("--hidden", units)
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
    files = {"Figure": job.figure, **save_report(found, page), "Store": job.store}
    replace(ending_of(found, task.description), files=files).tell(job.as_json)


def ending_of(found: DropoutEnsemble, data: str) -> Ending:
    """What there is to say of an ensemble."""
    from justright.report.ensemble import ensemble_table

    return Ending(
        "ensemble",
        found.summary(),
        data,
        found.study.notes,
        record={"units": found.units, "exact": found.exact, "table": found.table},
        tables=[ensemble_table(found.table, found.study.metric)],
    )
