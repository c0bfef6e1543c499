"""`justright store`: what a study's file holds, and what can be saved of a damaged one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from justright.cli.ending import Ending
from justright.cli.options import json_option
from justright.cli.shown import plain_markup

if TYPE_CHECKING:
    import pandas as pd

EXAMPLE_COMMANDS = """\b
Examples:
  justright compare --store heart.jr    goes on if run again
  justright store heart.jr              also while it is written
  justright store heart.jr --mend
"""
_SHOWN = 20


@click.command(epilog=EXAMPLE_COMMANDS, short_help="Look into a study's file, or mend it.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--mend",
    is_flag=True,
    help="Put what can be read of a damaged file into a new one under its name; the damaged one "
    "is kept beside it.",
)
@json_option()
def store(file: Path, mend: bool, as_json: bool) -> None:
    """Say which trainings the file of a study holds, by recipe.

    Shows how many have ended and how, and a line a recipe with its trainings and their epochs;
    --json has a row a training, with its figures and versions, and what all have in common.
    Files are made by --store of compare, sweep, path, search, contributions and ensemble, and hold
    every training with its curves and weights. SQLite reads them, too.
    """
    from justright.store.read import read_store

    found = read_store(file, mend=mend)
    saved = str(found.mended or "")
    table, settings = found.table, found.settings
    Ending(
        "store",
        _summary(table),
        str(file),
        record={
            "settings": settings,
            "mended": saved or None,
            "table": table.drop(columns="techniques"),
        },
        tables=[_by_recipe(table)] if len(table) else [],
        more=[saved] if saved else [],
    ).tell(as_json)


def _summary(table: pd.DataFrame) -> str:
    counts = table["outcome"].value_counts()
    parts = [f"{count} {outcome}" for outcome, count in counts.items()]
    versions = table["versions"].nunique()
    made = f" They were trained by {versions} different versions or devices." * (versions > 1)
    plural = "" if len(table) == 1 else "s"
    listed = f": {', '.join(parts)}" if parts else ""
    return f"{len(table)} training{plural}{listed}.{made}"


def _by_recipe(table: pd.DataFrame) -> Any:
    from rich.table import Table

    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("recipe", overflow="fold")
    for heading in ("trainings", "ended", "epochs"):
        shown.add_column(heading, justify="right")
    groups = list(table.groupby("recipe", sort=False))
    for name, rows in groups[:_SHOWN]:
        ended = int((rows["outcome"] != "running").sum())
        shown.add_row(
            plain_markup(str(name)), str(len(rows)), str(ended), str(rows["epochs_run"].sum())
        )
    if len(groups) > _SHOWN:
        shown.add_row(f"… and {len(groups) - _SHOWN} more recipes", "", "", "")
    return shown
