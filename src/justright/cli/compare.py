"""`justright compare`: train recipes side by side, print the evidence, draw the curves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from justright.cli.common import check_writable, loading
from justright.deferred import import_meanwhile
from justright.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from justright.data.examples import Example
    from justright.data.parquet import ParquetFile
    from justright.regularizers.recipe import Recipe
    from justright.study import Study

EXAMPLES = ("breast_cancer",)
EXAMPLE_COMMANDS = """\b
Examples:
  justright compare
  justright compare --recipe dropout=0.2 --recipe dropout=0.5,l2=1e-3
  justright compare --recipe dropout=input/0.2+hidden/0.5,max_norm=3
  justright compare --data heart.csv --target disease --seeds 5
  justright compare --data big.parquet --target y --batch-size 256 --epochs 5
"""


@click.command(epilog=EXAMPLE_COMMANDS)
@click.option(
    "--recipe",
    "texts",
    multiple=True,
    metavar="TEXT",
    help="A recipe, such as dropout=0.4,l2=1e-3,early_stopping=20; by layer "
    "dropout=input/0.2+hidden/0.5, over epochs dropout=linear/0/0.5/20. Repeat for more; plain "
    "is always compared. In place of the lesson's recipes.",
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
        task = _task(data, target)
        from justright.experiments.compare import compare as compare_recipes

    import_meanwhile("matplotlib.figure", "matplotlib.backends.backend_agg")
    study = compare_recipes(
        None if model is None else _model(model),
        _named_rows(task),
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


@dataclass(frozen=True)
class Streamed:
    """A Parquet file, divided as a CSV file is: a fifth to validate, a fifth to test."""

    train: ParquetFile
    validation: float = 0.25  # Of what the test leaves.
    test: float = 0.2

    @property
    def description(self) -> str:
        """Where the rows come from, in a sentence."""
        file = self.train
        return (
            f"{file.name}, {len(file.features)} features, target {file.target}: {file.rows} rows; "
            "columns standardized on the training rows"
        )


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


def _task(data: str, target: str | None) -> Example | Streamed:
    from justright.data.examples import example
    from justright.data.parquet import SUFFIXES, ParquetFile
    from justright.data.table import read_table

    path = Path(data)
    if data in EXAMPLES:
        if target is not None:
            raise DataError(
                f"--target {target}: {data} has a target of its own. Leave --target out, or name "
                "a CSV or Parquet file with --data."
            )
        return example(data)
    if not path.suffix and not path.exists():
        raise DataError(
            f"{data!r} is neither a file nor a data set that ships. {did_you_mean(data, EXAMPLES)}"
        )
    if path.suffix.lower() in SUFFIXES:
        return Streamed(ParquetFile.of(path, target, standardize=True))
    return read_table(path, target)


def _model(path: Path) -> Any:
    from justright.network.files import read_model

    return read_model(path)


def _named_rows(task: Example | Streamed) -> Any:
    """What trains, with the names of the inputs."""
    if isinstance(task, Streamed):
        return task.train
    import pandas as pd

    X, y = task.train
    return pd.DataFrame(X, columns=list(task.features)), y


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
