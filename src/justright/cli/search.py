"""`justright search`: find the recipe and the network that generalize best."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from justright.cli.common import check_writable, loading
from justright.cli.ending import Ending, may_be_cut_short
from justright.cli.job import Job, job_options
from justright.cli.rows import named_rows
from justright.cli.saved import check_can_be_saved, check_save, save_found, save_option
from justright.deferred import import_meanwhile

if TYPE_CHECKING:
    from justright.experiments.found import Search

EXAMPLE_COMMANDS = """\b
Examples:
  justright search
  justright search --space dropout,l2,early_stopping --choose gap
  justright search --data heart.csv --budget 10m --save heart.keras
  justright search --history heart.json --budget 200    goes on if run again
"""
WISHES = {"best": "best", "gap": "smallest gap"}


@click.command(epilog=EXAMPLE_COMMANDS, short_help="Search for what generalizes best.")
@click.option(
    "--space",
    metavar="NAMES",
    help="What to choose from, by comma, such as dropout,l2,batch_norm,width,depth,learning_rate; "
    "a cocktail of ten techniques with the learning rate and the size if not given.",
)
@click.option(
    "--budget",
    default="100",
    show_default=True,
    metavar="N|TIME",
    help="How many trainings to begin, or a time: 60s, 10m, 1h.",
)
@click.option(
    "--choose",
    type=click.Choice(list(WISHES)),
    default="best",
    show_default=True,
    help="The best, or the smallest gap among what lies within one standard error of it.",
)
@click.option("--seed", default=0, show_default=True, help="The same one gives the same search.")
@click.option(
    "--history",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A JSON file to keep what was tried; if it exists, the search goes on from it.",
)
@save_option("Train the choice on training and validation rows and write it")
@job_options(
    "search.png",
    drawn="how it went",
    trained="the last finalists",
    units="whose width and depth are searched",
    seeds=5,
    chooses=True,
    hidden="searched",
)
def search(
    space: str | None,
    budget: str,
    choose: str,
    seed: int,
    history: Path | None,
    save: tuple[Path, ...],
    job: Job,
) -> None:
    """Search for the recipe, and without a model for the network, that generalizes best.

    Recipes are explored one training each; the best are trained again with fresh seeds beside
    the plain network, because a single figure that was picked from many promises too much.
    """
    check_writable(job.figure)
    check_save(save, job.data)
    with loading():
        from justright.experiments.search import search as search_recipes

        task = job.task()
    check_can_be_saved(save, task, job.data)
    import_meanwhile("matplotlib.figure", "matplotlib.backends.backend_agg")
    names = [name.strip() for name in space.split(",") if name.strip()] if space else None
    wish: Any = WISHES[choose]
    with may_be_cut_short() as cut:
        found = search_recipes(
            job.network(),
            named_rows(task),
            space=names,
            budget=budget,
            choose=wish,
            seed=seed,
            history=history,
            **job.training(task),
        )
    found.plot().savefig(job.figure, dpi=150)
    saved = save_found(found, task, job.target, save)
    ending = ending_of(found, task.description)
    files = {"Figure": job.figure, **saved.files, "History": history, "Store": job.store}
    replace(ending, files=files, stopped=cut.said, problems=saved.problems).tell(job.as_json)


def ending_of(found: Search, data: str) -> Ending:
    """What there is to say of a search."""
    from justright.report.search import finalists_table

    return Ending(
        "search",
        found.summary(),
        data,
        found.notes,
        record={
            "recipe": repr(found.recipe),
            "hidden": found.hidden,
            "learning_rate": found.learning_rate,
            "epochs": found.epochs,
            "chosen": found.point,
            "finalists": found.finalists,
            "history": found.history,
        },
        tables=[finalists_table(found.finalists, found.measure)] if found.finals else [],
    )
