"""`justright evidence`: choose the strength of L2 on all rows, without a validation set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from justright.cli.common import check_writable, loading
from justright.cli.job import Job, job_options, records
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
        batch_size=job.batch_size,
        optimizer=job.optimizer,
        progress=False if job.as_json else None,
        **parts,
    )
    found.plot().savefig(job.figure, dpi=150)
    if job.as_json:
        click.echo(json.dumps(_as_json(found, described, job), indent=1))
    else:
        _print(found, described, job)


def _rows(job: Job) -> tuple[Any, str, dict[str, Any]]:
    """What trains, what it is, and what else the experiment is to know of it."""
    from justright.data.examples import example

    if job.data in EXAMPLES and job.kind is None:
        task = example(job.data)
        return task.train, task.description, {"validation": task.validation}
    table = job.asked.dataset()
    described = f"{table.head}: {len(table.y)} rows, all of which train"
    return (table.X, table.y), described, {"preprocess": table.preprocess, "task": job.kind}


def _as_json(found: StrengthEvidence, described: str, job: Job) -> dict[str, Any]:
    return {
        "data": described,
        "summary": found.summary(),
        "figure": str(job.figure),
        "strength": found.strength,
        "deviation": found.deviation,
        "noise": found.noise,
        "fixed_point": found.fixed_point,
        "trusted": found.trusted,
        "doubts": list(found.doubts),
        "curve": records(found.curve),
        "layers": records(found.layers),
        "table": records(found.table),
    }


def _print(found: StrengthEvidence, described: str, job: Job) -> None:
    from rich.console import Console
    from rich.markup import escape

    from justright.report.evidence import evidence_table

    console = Console(highlight=False)
    console.print(f"\n{escape(described)}.")
    console.print(evidence_table(found.curve, found.strength))
    console.print(escape(found.summary()))
    console.print(f"\nPicture: [bold]{escape(str(job.figure))}[/]")
