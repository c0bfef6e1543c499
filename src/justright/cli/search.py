"""`justright search`: find the recipe and the network that generalize best."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from justright.cli.common import check_writable, loading
from justright.cli.job import Job, job_options, records
from justright.cli.rows import Streamed, named_rows
from justright.deferred import import_meanwhile
from justright.errors import DataError

if TYPE_CHECKING:
    from justright.cli.rows import Divided
    from justright.experiments.found import Search

EXAMPLE_COMMANDS = """\b
Examples:
  justright search
  justright search --space dropout,l2,early_stopping --choose gap
  justright search --data heart.csv --target disease --budget 10m --save heart.keras
  justright search --history heart.json --budget 200    again with 400: it goes on
"""
WISHES = {"best": "best", "gap": "smallest gap"}


@click.command(epilog=EXAMPLE_COMMANDS)
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
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Train the choice on training and validation rows and write it: .keras.",
)
@job_options("search.png", drawn="how it went", trained="the last finalists", seeds=5, chooses=True)
def search(
    space: str | None,
    budget: str,
    choose: str,
    seed: int,
    history: Path | None,
    save: Path | None,
    job: Job,
) -> None:
    """Search for the recipe, and without a model for the network, that generalizes best.

    Recipes are explored one training each; the best are trained again with fresh seeds beside
    the plain network, because a single figure that was picked from many promises too much.
    """
    check_writable(job.figure)
    if save is not None and (save.suffix != ".keras" or not save.absolute().parent.is_dir()):
        raise DataError(f"--save {save}: name a .keras file in a folder that exists.")
    with loading():
        from justright.experiments.search import search as search_recipes

        task = job.task()
    if save is not None and isinstance(task, Streamed):
        raise DataError(
            f"--save {save}: the choice is trained on rows in memory, and {job.data} is read anew "
            "in each epoch. Leave --save out, or give a CSV file."
        )
    import_meanwhile("matplotlib.figure", "matplotlib.backends.backend_agg")
    names = [name.strip() for name in space.split(",") if name.strip()] if space else None
    wish: Any = WISHES[choose]
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
    if save is not None:
        found.model().save(save)
    if job.as_json:
        click.echo(json.dumps(_as_json(found, task), indent=1))
    else:
        files = {"Picture": job.figure, "Model": save, "History": history}
        print_found(found, task.description, files)


def _as_json(found: Search, task: Divided) -> dict[str, Any]:
    hidden = found.hidden
    return {
        "data": task.description,
        "notes": list(found.hunt.explorer.shapes.setup.notes),
        "summary": found.summary(),
        "recipe": repr(found.recipe),
        "hidden": None if hidden is None else list(hidden),
        "learning_rate": found.learning_rate,
        "epochs": found.epochs,
        "chosen": dict(found.point),
        "finalists": records(found.finalists),
        "history": records(found.history),
    }


def print_found(found: Search, head: str, files: dict[str, Path | None]) -> None:
    """Print the finalists, what was found, and where files lie, below a line that says of what."""
    from rich.console import Console
    from rich.markup import escape

    from justright.report.search import finalists_table

    console = Console(highlight=False)
    notes = " ".join(found.hunt.explorer.shapes.setup.notes)
    console.print(f"\n{escape(head)}. {escape(notes)}")
    if found.finals:
        console.print(finalists_table(found.finalists, found.measure))
    console.print(escape(found.summary()))
    for what, file in files.items():
        if file is not None:
            console.print(f"{what}: [bold]{escape(str(file))}[/]")
