"""`justright search`: find the recipe and the network that generalize best."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from justright.cli.common import check_writable, loading
from justright.cli.task import model_of, named_rows, task_of
from justright.errors import DataError

if TYPE_CHECKING:
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
    "--data",
    default="breast_cancer",
    show_default=True,
    metavar="NAME|FILE",
    help="A data set that ships (breast_cancer), a CSV file of numbers with a header, or a "
    "Parquet file.",
)
@click.option("--target", metavar="COLUMN", help="What to predict; the last column if not given.")
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A .keras file; if not given, dense networks whose width and depth are searched too.",
)
@click.option(
    "--space",
    metavar="NAMES",
    help="Techniques to choose from, by comma, such as dropout,l2,batch_norm; a cocktail of ten "
    "with the learning rate if not given.",
)
@click.option(
    "--budget",
    default="100",
    show_default=True,
    metavar="N|TIME",
    help="How many trainings to begin, or a time: 60s, 10m, 1h.",
)
@click.option("--seeds", default=5, show_default=True, help="Fresh seeds of the last finalists.")
@click.option("--epochs", default=100, show_default=True, help="Epochs of a training, at most.")
@click.option("--batch-size", type=int, metavar="N", help="Rows a step; 32 if not given.")
@click.option(
    "--optimizer",
    default="adam",
    show_default=True,
    help="sgd, momentum, adam, adamw or rmsprop.",
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
@click.option(
    "--figure",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to draw how the search went: .png, .svg or .pdf.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def search(
    data: str,
    target: str | None,
    model: Path | None,
    space: str | None,
    budget: str,
    seeds: int,
    epochs: int,
    batch_size: int | None,
    optimizer: str,
    choose: str,
    seed: int,
    history: Path | None,
    save: Path | None,
    figure: Path | None,
    as_json: bool,
) -> None:
    """Search for the recipe, and without a model for the network, that generalizes best.

    Recipes are explored one training each; the best are trained again with fresh seeds beside
    the plain network, because a single figure that was picked from many promises too much.
    """
    if figure is not None:
        check_writable(figure)
    if save is not None and (save.suffix != ".keras" or not save.absolute().parent.is_dir()):
        raise DataError(f"--save {save}: name a .keras file in a folder that exists.")
    with loading():
        task = task_of(data, target)
        from justright.experiments.search import search as search_recipes
    names = [name.strip() for name in space.split(",") if name.strip()] if space else None
    wish: Any = WISHES[choose]
    found = search_recipes(
        None if model is None else model_of(model),
        named_rows(task),
        space=names,
        budget=budget,
        seeds=seeds,
        choose=wish,
        seed=seed,
        history=history,
        progress=False if as_json else None,
        validation=task.validation,
        test=task.test,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optimizer,
    )
    if figure is not None:
        found.plot().savefig(figure, dpi=150)
    if save is not None:
        found.model().save(save)
    if as_json:
        click.echo(json.dumps(_as_json(found, task.description), indent=1))
    else:
        _print(found, task.description, {"Model": save, "Figure": figure, "History": history})


def _as_json(found: Search, description: str) -> dict[str, Any]:
    hidden = found.hidden
    return {
        "data": description,
        "summary": found.summary(),
        "recipe": repr(found.recipe),
        "hidden": None if hidden is None else list(hidden),
        "learning_rate": found.learning_rate,
        "epochs": found.epochs,
        "chosen": dict(found.point),
        "finalists": json.loads(found.finalists.to_json(orient="records")),
        "history": json.loads(found.history.to_json(orient="records")),
    }


def _print(found: Search, description: str, files: dict[str, Path | None]) -> None:
    from rich.console import Console
    from rich.markup import escape

    from justright.report.search import finalists_table

    console = Console(highlight=False)
    console.print(f"\n{escape(description)}.")
    if found.finals:
        console.print(finalists_table(found.finalists, found.measure))
    console.print(escape(found.summary()))
    for what, file in files.items():
        if file is not None:
            console.print(f"{what}: [bold]{escape(str(file))}[/]")
