"""`justright compare`: train recipes side by side, print the evidence, draw the curves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from justright.cli.common import check_writable, loading
from justright.cli.ending import Ending, may_be_cut_short
from justright.cli.job import Job, job_options
from justright.cli.rows import named_rows
from justright.cli.saved import (
    check_can_be_saved,
    check_save,
    check_scripts,
    save_best,
    save_option,
)
from justright.deferred import import_meanwhile

if TYPE_CHECKING:
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
  justright compare --data heart.csv --hidden 32,16 --save heart.keras
"""


@click.command(epilog=EXAMPLE_COMMANDS, short_help="Train recipes side by side.")
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
@save_option("Write the network that does best on the validation rows")
@job_options("reg_compare.png", drawn="the curves")
def compare(texts: tuple[str, ...], margin: float | None, save: tuple[Path, ...], job: Job) -> None:
    """Train recipes side by side and say what they changed.

    Without options: the lesson's network on 80 rows of breast-cancer data, plain
    against dropout 0.4 + L2 0.001 on its hidden layers, and against the same with
    early stopping, over 10 seeds.
    """
    check_writable(job.figure)
    check_save(save, job.data)
    with loading():
        from justright.evidence.verdict import check_margin

        check_margin(margin)
        recipes = _recipes(texts)
        check_scripts(save, recipes.values())
        task = job.task()
        check_can_be_saved(save, task, job.data)
        from justright.experiments.compare import compare as compare_recipes

    import_meanwhile("matplotlib.figure", "matplotlib.backends.backend_agg")
    with may_be_cut_short() as cut:
        study = compare_recipes(job.network(), named_rows(task), recipes, **job.training(task))
    study.plot().savefig(job.figure, dpi=150)
    ending = ending_of(study, task.description, recipes, margin)
    saved = save_best(study, task, job.target, save)
    more = [*ending.more, *([f"\n{saved.said}"] if saved.said else [])]
    files = {"Figure": job.figure, **saved.files, "Store": job.store}
    replace(ending, more=more, files=files, stopped=cut.said, problems=saved.problems).tell(
        job.as_json
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
            name = str(parsed)
            # Shown with three digits, two that differ in the fourth would be one.
            named[name if named.get(name, parsed) == parsed else text] = parsed
    return named


def ending_of(
    study: Study, data: str, recipes: dict[str, Recipe], margin: float | None = None
) -> Ending:
    """What there is to say of a study."""
    from justright.evidence.inputs import inputs_in_words
    from justright.report.console import results_table

    pruned = study.pruned()
    return Ending(
        "compare",
        study.summary(margin),
        data,
        study.notes,
        record={
            "verdicts": study.verdicts(study.recipes[0], margin=margin).table,
            **({"inputs": pruned} if pruned else {}),
            "versions": [one._asdict() for one in study.versions],
            "table": study.table,
        },
        lines=[
            f"{name} = {recipe}"
            for name, recipe in recipes.items()
            if name != str(recipe) and recipe.techniques
        ],
        tables=[results_table(study.table, study.metric, study.has_test, study.overlap)],
        more=[f"\n{inputs_in_words(name, inputs)}" for name, inputs in pruned.items()],
    )
