"""`justright compare`: train recipes side by side, print the evidence, draw the curves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from justright.cli.common import check_writable, loading
from justright.cli.task import Streamed, model_of, named_rows, task_of
from justright.deferred import import_meanwhile

if TYPE_CHECKING:
    import pandas as pd

    from justright.data.examples import Example
    from justright.regularizers.recipe import Recipe
    from justright.study import Study

EXAMPLE_COMMANDS = """\b
Examples:
  justright compare
  justright compare --recipe dropout=0.2 --recipe dropout=0.5,l2=1e-3
  justright compare --data heart.csv --target disease --seeds 5
  justright compare --data big.parquet --target y --batch-size 256 --epochs 5
"""


@click.command(epilog=EXAMPLE_COMMANDS)
@click.option(
    "--recipe",
    "texts",
    multiple=True,
    metavar="TEXT",
    help="A recipe, such as dropout=0.4,l2=1e-3,early_stopping=20. Repeat for more; plain is "
    "always compared. In place of the lesson's recipes.",
)
@click.option(
    "--data",
    default="breast_cancer",
    show_default=True,
    metavar="NAME|FILE",
    help="A data set that ships (breast_cancer), a CSV file of numbers with a header, or a "
    "Parquet file, which is read anew in each epoch and may be larger than memory.",
)
@click.option("--target", metavar="COLUMN", help="What to predict; the last column if not given.")
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A .keras file; a dense network of 128 and 64 units if not given.",
)
@click.option("--seeds", default=10, show_default=True, help="Trainings of each recipe.")
@click.option("--epochs", default=200, show_default=True, help="Epochs of a training, at most.")
@click.option("--batch-size", default=8, show_default=True, help="Rows a step.")
@click.option(
    "--optimizer",
    default="adam",
    show_default=True,
    help="sgd, momentum, adam, adamw or rmsprop.",
)
@click.option(
    "--figure",
    type=click.Path(path_type=Path),
    default=Path("reg_compare.png"),
    show_default=True,
    metavar="FILE",
    help="Where to write the curves: .png, .svg or .pdf.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def compare(
    texts: tuple[str, ...],
    data: str,
    target: str | None,
    model: Path | None,
    seeds: int,
    epochs: int,
    batch_size: int,
    optimizer: str,
    figure: Path,
    as_json: bool,
) -> None:
    """Train recipes side by side and say what they changed.

    Without options: the lesson's network on 80 rows of breast-cancer data, plain
    against dropout 0.4 + L2 0.001 on its hidden layers, and against the same with
    early stopping, over 10 seeds.
    """
    check_writable(figure)
    with loading():
        recipes = _recipes(texts)
        task = task_of(data, target)
        from justright.experiments.compare import compare as compare_recipes

    import_meanwhile("matplotlib.figure", "matplotlib.backends.backend_agg")
    study = compare_recipes(
        None if model is None else model_of(model),
        named_rows(task),
        recipes,
        validation=task.validation,
        test=task.test,
        seeds=seeds,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optimizer,
        progress=False if as_json else None,
    )
    study.plot().savefig(figure, dpi=150)
    if as_json:
        click.echo(json.dumps(_as_json(study, task, figure), indent=1))
    else:
        _print(study, task, figure, recipes)


def _recipes(texts: tuple[str, ...]) -> dict[str, Recipe]:
    if not texts:
        from justright.experiments.main_job import lesson_recipes

        return lesson_recipes()
    from justright.regularizers.recipe import Recipe
    from justright.regularizers.text import PLAIN, parse_recipe

    named = {PLAIN: Recipe()}
    for text in texts:
        parsed = parse_recipe(text)
        if parsed.techniques:
            named[str(parsed)] = parsed
    return named


def _as_json(study: Study, task: Example | Streamed, figure: Path) -> dict[str, Any]:
    return {
        "data": task.description,
        "notes": list(study.notes),
        "summary": study.summary(),
        "figure": str(figure),
        **({"inputs": _records(pruned)} if (pruned := study.pruned()) else {}),
        "table": json.loads(study.table.to_json(orient="records")),
    }


def _records(tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    return {name: json.loads(table.to_json(orient="records")) for name, table in tables.items()}


def _print(
    study: Study, task: Example | Streamed, figure: Path, recipes: dict[str, Recipe]
) -> None:
    from rich.console import Console
    from rich.markup import escape

    from justright.evidence.inputs import inputs_in_words
    from justright.report.console import results_table

    console = Console(highlight=False)
    console.print(f"\n{escape(task.description)}. {escape(' '.join(study.notes))}")
    for name, recipe in recipes.items():
        if name != str(recipe) and recipe.techniques:
            console.print(escape(f"{name} = {recipe}"), emoji=False)
    console.print(results_table(study.table, study.metric, study.has_test))
    console.print(escape(study.summary()))
    for name, inputs in study.pruned().items():
        console.print(f"\n{escape(inputs_in_words(name, inputs))}")
    console.print(f"\nCurves: [bold]{escape(str(figure))}[/]")
