"""`justright evidence`: choose the strength of L2 on all rows, without a validation set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from justright.cli.common import check_writable, loading
from justright.cli.ending import Ending
from justright.cli.job import Job, job_options
from justright.cli.rows import EXAMPLES
from justright.deferred import import_meanwhile
from justright.errors import DataError

if TYPE_CHECKING:
    from justright.experiments.strength_evidence import StrengthEvidence

EXAMPLE_COMMANDS = """\b
Examples:
  justright evidence --seeds 3
  justright evidence --data heart.csv --target disease --batch-size 32
  justright evidence --base ema=0.99 --curvature full
"""


@click.command(epilog=EXAMPLE_COMMANDS)
@click.option(
    "--base",
    default="",
    metavar="TEXT",
    help="A recipe that L2 is added to, such as ema=0.99. What disturbs training, such as "
    "dropout, makes the evidence doubtful.",
)
@click.option(
    "--curvature",
    type=click.Choice(["kron", "full", "diag", "last_layer"]),
    default="kron",
    show_default=True,
    help="What is kept of the curvature.",
)
@job_options("evidence.png", drawn="the picture", trained="each strength")
def evidence(base: str, curvature: Any, job: Job) -> None:
    """Choose the strength of L2 without holding rows out.

    Trains on all rows at each strength, and takes the one under which the targets
    are most probable, the weights integrated out. Says when not to trust it.
    """
    check_writable(job.figure)
    if not job.divides_once:
        raise DataError(
            "--splits, --folds and --group divide the rows, and the evidence is that of all of "
            "them. Leave them out."
        )
    with loading():
        from justright.experiments.evidence_strength import evidence_strength
        from justright.regularizers.text import parse_recipe

        recipe = parse_recipe(base)
        train, described, parts = _rows(job)

    import_meanwhile("matplotlib.figure", "matplotlib.backends.backend_agg")
    found = evidence_strength(
        job.network(),
        train,
        recipe,
        curvature=curvature,
        seeds=job.seeds,
        epochs=job.epochs,
        batch_size=job.rows_a_step(len(train[1])),
        optimizer=job.trained_by,
        progress=not job.quiet,
        store=job.store,
        workers=job.workers,
        **parts,
    )
    found.plot().savefig(job.figure, dpi=150)
    files = {"Figure": job.figure, "Store": job.store}
    replace(ending_of(found, described), files=files).tell(job.as_json)


def _rows(job: Job) -> tuple[Any, str, dict[str, Any]]:
    """What trains, what it is, and what else the experiment is to know of it."""
    from justright.data.examples import example

    if job.data in EXAMPLES and job.kind is None:
        task = example(job.data)
        return task.train, task.description, {"validation": task.validation}
    table = job.asked.dataset()
    described = f"{table.head}: {len(table.y)} rows, all of which train"
    return (table.X, table.y), described, {"preprocess": table.preprocess, "task": job.kind}


def ending_of(found: StrengthEvidence, data: str) -> Ending:
    """What there is to say of the evidence."""
    from justright.report.evidence import evidence_table

    return Ending(
        "evidence",
        found.summary(),
        data,
        found.study.notes,
        record={
            "strength": found.strength,
            "deviation": found.deviation,
            "noise": found.noise,
            "fixed_point": found.fixed_point,
            "trusted": found.trusted,
            "doubts": found.doubts,
            "curve": found.curve,
            "layers": found.layers,
            "table": found.table,
        },
        tables=[evidence_table(found.curve, found.strength)],
    )
