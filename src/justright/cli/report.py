"""`justright report`: train recipes or a grid of strengths, and write one web page of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from justright.cli.common import command_line, loading
from justright.cli.ending import Ending, may_be_cut_short
from justright.cli.job import Job, job_options
from justright.cli.rows import named_rows

if TYPE_CHECKING:
    from justright.cli.rows import Divided
    from justright.experiments.swept import Sweep
    from justright.study import Study

EXAMPLE_COMMANDS = """\b
Examples:
  justright report
  justright report --over dropout=0,0.2,0.4,0.6,0.8 --over l2=0,1e-4,1e-3,1e-2
  justright report --recipe dropout=0.2 --recipe dropout=0.5,l2=1e-3
  justright report --data heart.csv --over dropout --out heart.html
"""


@click.command(epilog=EXAMPLE_COMMANDS, short_help="Write one web page of what was trained.")
@click.option(
    "--over",
    "texts",
    multiple=True,
    metavar="TEXT",
    help="A strength and its values, such as dropout=0,0.2,0.5, which become a slider; a name "
    "alone tries usual values. Repeat to vary several.",
)
@click.option(
    "--base",
    default="",
    metavar="TEXT",
    help="With --over: a recipe that all trainings have beside what is varied, such as l2=1e-3.",
)
@click.option(
    "--recipe",
    "recipes",
    multiple=True,
    metavar="TEXT",
    help="In place of --over: a recipe beside plain, as in compare; the lesson's if neither is "
    "given.",
)
@job_options(
    "report.html", drawn="the page", trained="each recipe or point", file=("--out", ".html")
)
def report(texts: tuple[str, ...], base: str, recipes: tuple[str, ...], job: Job) -> None:
    """Write one web page: the answer, sliders over what was trained, the evidence.

    The page holds all that it shows, so it can be mailed, and read without a network.
    """
    if texts and recipes:
        raise click.UsageError("Give --over for sliders or --recipe for a list, not both.")
    if base and not texts:
        raise click.UsageError("--base belongs to --over. Write the whole as a --recipe.")
    command = command_line()
    with loading():
        from justright.report.page.page import checked_path

        checked_path(job.figure)
        job = replace(job, chooses=bool(texts))
        task = job.task()
    found: Study | Sweep
    with may_be_cut_short() as cut:
        if texts:
            found = swept = _swept(texts, base, job, task)
            notes = swept.study.notes
        else:
            found = study = _compared(recipes, job, task)
            notes = study.notes
    Ending(
        "report",
        found.summary(),
        task.description,
        notes,
        files={"Report": found.report(job.figure, command), "Store": job.store},
        stopped=cut.said,
    ).tell(job.as_json)


def _swept(texts: tuple[str, ...], base: str, job: Job, task: Divided) -> Sweep:
    from justright.experiments.sweep import sweep
    from justright.regularizers.text import parse_over, parse_recipe

    over, recipe = parse_over(texts), parse_recipe(base)
    return sweep(job.network(), named_rows(task), over, base=recipe, **job.training(task))


def _compared(texts: tuple[str, ...], job: Job, task: Divided) -> Study:
    from justright.experiments.compare import compare
    from justright.experiments.main_job import lesson_recipes
    from justright.regularizers.recipe import Recipe
    from justright.regularizers.text import PLAIN, parse_recipe

    given = {text: parse_recipe(text) for text in texts}
    recipes = {PLAIN: Recipe(), **given} if texts else lesson_recipes()
    return compare(job.network(), named_rows(task), recipes, **job.training(task))
