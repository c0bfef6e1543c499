"""`justright techniques`: the catalog, in a table or one technique in full."""

from __future__ import annotations

from pathlib import Path

import click

from justright.cli.common import check_writable, loading
from justright.errors import DataError


@click.command()
@click.argument("name", required=False)
@click.option("--markdown", is_flag=True, help="Print the page of all techniques in full.")
@click.option(
    "--figure",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="For dropout: draw what it does to a hidden layer's activations.",
)
def techniques(name: str | None, markdown: bool, figure: Path | None) -> None:
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
    if markdown:
        click.echo(entry_text(entry) if entry else catalog_page(entries_by_place()), nl=False)
    elif entry is None:
        console.print(catalog_table(entries_by_place()))
        console.print("A strength by layer: dropout=input/0.2+hidden/0.5")
        console.print("A strength over epochs: dropout=linear/0/0.5/20 (or cosine, or step)")
        console.print("One in full: [bold]justright techniques dropout[/]")
    else:
        console.print(f"\n[bold]{entry.name}[/]\n")
        console.print(Markdown(entry_text(entry)))
    if figure is not None:
        _draw_dropout(figure)


def _draw_dropout(figure: Path) -> None:
    from justright.experiments.activations import activation_histograms

    histograms = activation_histograms()
    histograms.plot().savefig(figure, dpi=150)
    for sentence in histograms.sentences():
        click.echo(sentence)
    click.echo(f"Figure: {figure}")
