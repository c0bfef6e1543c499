"""`justright lesson`: the lessons' experiments by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from justright.cli.common import check_writable, loading
from justright.cli.compare import print_study
from justright.cli.ensemble import print_ensemble
from justright.cli.job import records
from justright.cli.search import print_found
from justright.cli.sweep import print_sweep
from justright.errors import DataError


@click.command()
@click.argument("name", required=False)
@click.option(
    "--seeds", type=int, metavar="INTEGER", help="Trainings of each; the lesson's if not given."
)
@click.option(
    "--figure",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to write the picture: .png, .svg or .pdf; NAME.png if not given.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def lesson(name: str | None, seeds: int | None, figure: Path | None, as_json: bool) -> None:
    """Do one of the lessons' experiments, or list them.

    NAME is one of the list, such as noisy_sine.
    """
    if name is not None:
        figure = figure or Path(f"{Path(name).name}.png")
        check_writable(figure)
    with loading():
        from justright.experiments.lessons import LESSONS
        from justright.experiments.lessons import lesson as do
    if name is None or figure is None:
        _print_list(LESSONS)
        return
    settings: dict[str, Any] = {} if seeds is None else {"seeds": seeds}
    if name == "activations":
        if seeds is not None:
            raise DataError("The lesson activations trains nothing: leave --seeds out.")
    else:
        settings["progress"] = False if as_json else None
    found = do(name, **settings)
    found.plot().savefig(figure, dpi=150)
    if as_json:
        click.echo(json.dumps(_as_json(found, figure), indent=1))
    else:
        _print(found, name, LESSONS[name].shows, figure)


def _print_list(lessons: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for name, one in lessons.items():
        console.print(f"[bold]justright lesson {name}[/]\n  {one.shows}")
        if one.command:
            console.print(f"  the same: {one.command}", soft_wrap=True)


def _as_json(found: Any, figure: Path) -> dict[str, Any]:
    from justright.experiments.found import Search

    said = found.summary() if hasattr(found, "summary") else " ".join(found.sentences())
    table = found.finalists if isinstance(found, Search) else found.table
    return {"summary": said, "figure": str(figure), "table": records(table)}


def _print(found: Any, name: str, shows: str, figure: Path) -> None:
    from justright.experiments.ensemble import DropoutEnsemble
    from justright.experiments.found import Search
    from justright.experiments.swept import Sweep
    from justright.study import Study

    head = f"{name.replace('_', ' ').capitalize()}: {shows}"
    if isinstance(found, Study):
        recipes = {r.trial.name: r.trial.recipe for r in found.results}
        print_study(found, head, figure, recipes)
    elif isinstance(found, Sweep):
        print_sweep(found, head, figure)
    elif isinstance(found, Search):
        print_found(found, head, {"Picture": figure})
    elif isinstance(found, DropoutEnsemble):
        print_ensemble(found, head, figure)
    else:
        click.echo(f"{head}.")
        for sentence in found.sentences():
            click.echo(sentence)
        click.echo(f"Figure: {figure}")
