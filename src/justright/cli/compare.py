"""`justright compare`: train recipes side by side, print the evidence, draw the curves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from justright.cli.common import check_writable, loading
from justright.cli.job import Job, job_options, records
from justright.cli.rows import named_rows
from justright.deferred import import_meanwhile

if TYPE_CHECKING:
    from justright.cli.rows import Divided
    from justright.regularizers.recipe import Recipe
    from justright.study import Study

EXAMPLE_COMMANDS = """\b
Examples:
  justright compare
  justright compare --recipe dropout=0.2 --recipe dropout=0.5,l2=1e-3
  justright compare --recipe dropout=input/0.2+hidden/0.5,max_norm=3
  justright compare --data heart.csv --target disease --seeds 5
  justright compare --folds 5 --splits 2 --seeds 2
  justright compare --data big.parquet --target y --batch-size 256 --epochs 5
"""


@click.command(epilog=EXAMPLE_COMMANDS)
@click.option(
    "--recipe",
    "texts",
    multiple=True,
    metavar="TEXT",
    help="A recipe, such as dropout=0.4,l2=1e-3,early_stopping=20; by layer "
    "dropout=input/0.2+hidden/0.5, over epochs dropout=linear/0/0.5/20; "
    "options by name: drop_connect=0.3:per_example=true. Repeat for more; plain "
    "is always compared. In place of the lesson's recipes.",
)
@click.option(
    "--margin",
    type=float,
    metavar="NUMBER",
    help="Differences of the metric up to this do not matter (0.01 of accuracy is 1 point); what "
    "is surely within is called equivalent.",
)
@job_options("reg_compare.png", drawn="the curves")
def compare(texts: tuple[str, ...], margin: float | None, job: Job) -> None:
    """Train recipes side by side and say what they changed.

    Without options: the lesson's network on 80 rows of breast-cancer data, plain
    against dropout 0.4 + L2 0.001 on its hidden layers, and against the same with
    early stopping, over 10 seeds.
    """
    check_writable(job.figure)
    with loading():
        from justright.evidence.verdict import check_margin

        check_margin(margin)
        recipes = _recipes(texts)
        task = job.task()
        from justright.experiments.compare import compare as compare_recipes

    import_meanwhile("matplotlib.figure", "matplotlib.backends.backend_agg")
    study = compare_recipes(job.network(), named_rows(task), recipes, **job.training(task))
    study.plot().savefig(job.figure, dpi=150)
    if job.as_json:
        click.echo(json.dumps(_as_json(study, task, job.figure, margin), indent=1))
    else:
        print_study(study, task.description, job.figure, recipes, margin)


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
            name = str(parsed)
            # Shown with three digits, two that differ in the fourth would be one.
            named[name if named.get(name, parsed) == parsed else text] = parsed
    return named


def _as_json(study: Study, task: Divided, figure: Path, margin: float | None) -> dict[str, Any]:
    return {
        "data": task.description,
        "notes": list(study.notes),
        "summary": study.summary(margin),
        "verdicts": records(study.verdicts(study.recipes[0], margin=margin).table),
        "figure": str(figure),
        **({"inputs": pruned} if (pruned := _inputs(study)) else {}),
        "table": records(study.table),
    }


def _inputs(study: Study) -> dict[str, Any]:
    return {name: records(table) for name, table in study.pruned().items()}


def print_study(
    study: Study,
    description: str,
    figure: Path,
    recipes: dict[str, Recipe],
    margin: float | None = None,
) -> None:
    """Notes, table, paragraph, and which inputs are out."""
    from rich.console import Console
    from rich.markup import escape

    from justright.evidence.inputs import inputs_in_words
    from justright.report.console import results_table

    console = Console(highlight=False)
    console.print(f"\n{escape(description)}. {escape(' '.join(study.notes))}")
    for name, recipe in recipes.items():
        if name != str(recipe) and recipe.techniques:
            console.print(escape(f"{name} = {recipe}"), emoji=False)
    console.print(results_table(study.table, study.metric, study.has_test, study.overlap))
    console.print(escape(study.summary(margin)))
    for name, inputs in study.pruned().items():
        console.print(f"\n{escape(inputs_in_words(name, inputs))}")
    console.print(f"\nCurves: [bold]{escape(str(figure))}[/]")
