"""`justright techniques`: the catalog, in a table or one technique in full."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from justright.cli.common import check_writable, loading
from justright.cli.ending import Ending
from justright.cli.options import json_option
from justright.errors import DataError

if TYPE_CHECKING:
    from justright.regularizers.catalog import Entry

EXAMPLE_COMMANDS = """\b
Examples:
  justright techniques
  justright techniques dropout
  justright techniques dropout --figure dropout.png
  justright techniques --json
"""


@click.command(epilog=EXAMPLE_COMMANDS, short_help="Show the regularizers, or one in full.")
@click.argument("name", required=False)
@click.option("--markdown", is_flag=True, help="Print the page of all techniques in full.")
@click.option(
    "--figure",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="For dropout: draw what it does to a hidden layer's activations.",
)
@json_option()
def techniques(name: str | None, markdown: bool, figure: Path | None, as_json: bool) -> None:
    """Show which regularizers there are, or one of them in full.

    NAME is a technique's name as in a recipe, such as dropout.
    """
    from rich.console import Console
    from rich.markdown import Markdown

    if figure is not None:
        check_writable(figure)
    with loading():
        from justright.regularizers.catalog import entries_by_place, find_entry
    from justright.report.catalog import catalog_page, catalog_table, entry_text

    console = Console(highlight=False)
    entry = None if name is None else find_entry(name)
    if figure is not None and (entry is None or entry.name != "Dropout"):
        raise DataError(
            "--figure draws what dropout does to activations: justright techniques dropout "
            f"--figure {figure}"
        )
    if as_json:
        _tell_json(entry, figure)
    elif markdown:
        click.echo(entry_text(entry) if entry else catalog_page(entries_by_place()), nl=False)
    elif entry is None:
        console.print(catalog_table(entries_by_place()))
        console.print("A strength by layer: dropout=input/0.2+hidden/0.5")
        console.print("A strength over epochs: dropout=linear/0/0.5/20 (or cosine, or step)")
        console.print("One in full: [bold]justright techniques dropout[/]")
    else:
        console.print(f"\n[bold]{entry.name}[/]\n")
        console.print(Markdown(entry_text(entry)))
    if figure is not None and not as_json:
        for sentence in _draw_dropout(figure):
            click.echo(sentence)
        click.echo(f"Figure: {figure}")


def _tell_json(entry: Entry | None, figure: Path | None) -> None:
    from justright.regularizers.catalog import techniques as catalog

    table = catalog()
    if entry is not None:
        table = table[table["name"] == entry.name]
    said = [] if figure is None else _draw_dropout(figure)
    summary = f"{len(table)} technique{'s' * (len(table) != 1)}."
    record = {"table": table}
    click.echo(
        Ending("techniques", summary, notes=said, record=record, files={"Figure": figure}).as_json()
    )


def _draw_dropout(figure: Path) -> list[str]:
    """Draw what dropout does to activations; what there is to see, in sentences."""
    from justright.experiments.activations import activation_histograms

    histograms = activation_histograms()
    histograms.plot().savefig(figure, dpi=150)
    return list(histograms.sentences())
