"""`justright lesson`: the lessons' experiments by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from justright.cli import compare, ensemble, search, sweep
from justright.cli.common import check_writable, loading
from justright.cli.ending import Ending, may_be_cut_short
from justright.cli.options import json_option, quiet_option
from justright.errors import DataError

EXAMPLE_COMMANDS = """\b
Examples:
  justright lesson                          which there are
  justright lesson noisy_sine --seeds 3
"""


@click.command(epilog=EXAMPLE_COMMANDS, short_help="Do one of the lessons' experiments.")
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
@json_option()
@quiet_option()
def lesson(
    name: str | None, seeds: int | None, figure: Path | None, as_json: bool, quiet: bool
) -> None:
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
        _list(LESSONS, as_json)
        return
    settings: dict[str, Any] = {} if seeds is None else {"seeds": seeds}
    if name == "activations":
        if seeds is not None:
            raise DataError("The lesson activations trains nothing: leave --seeds out.")
    else:
        settings["progress"] = not quiet
    with may_be_cut_short() as cut:
        found = do(name, **settings)
    found.plot().savefig(figure, dpi=150)
    ending = _ending(found, f"{name.replace('_', ' ').capitalize()}: {LESSONS[name].shows}")
    replace(ending, command="lesson", files={"Figure": figure}, stopped=cut.said).tell(as_json)


def _list(lessons: dict[str, Any], as_json: bool) -> None:
    if as_json:
        table = [
            {"name": n, "shows": one.shows, "command": one.command} for n, one in lessons.items()
        ]
        click.echo(Ending("lesson", f"{len(table)} lessons.", record={"table": table}).as_json())
        return
    from rich.console import Console

    console = Console(highlight=False)
    for name, one in lessons.items():
        console.print(f"[bold]justright lesson {name}[/]\n  {one.shows}")
        if one.command:
            console.print(f"  the same: {one.command}", soft_wrap=True)


def _ending(found: Any, head: str) -> Ending:
    from justright.experiments.ensemble import DropoutEnsemble
    from justright.experiments.found import Search
    from justright.experiments.swept import Sweep
    from justright.study import Study

    if isinstance(found, Study):
        recipes = {r.trial.name: r.trial.recipe for r in found.results}
        return compare.ending_of(found, head, recipes)
    if isinstance(found, Sweep):
        return sweep.ending_of(found, head)
    if isinstance(found, Search):
        return search.ending_of(found, head)
    if isinstance(found, DropoutEnsemble):
        return ensemble.ending_of(found, head)
    said = found.sentences()
    return Ending("lesson", said[0], head, record={"table": found.table}, more=said[1:])
