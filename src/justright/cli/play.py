"""`justright play`: a page on this machine on which one moves strengths and sees what they do."""

from __future__ import annotations

import webbrowser
from typing import TYPE_CHECKING

import click

from justright.cli.common import loading

if TYPE_CHECKING:
    from justright.playground.server import Playground

EXAMPLE_COMMANDS = """\b
Examples:
  justright play
  justright play --port 8765 --no-browser
"""


@click.command(epilog=EXAMPLE_COMMANDS, short_help="Move strengths and see what they do.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="INTEGER",
    help="Where to listen on 127.0.0.1.  [default: one that is free]",
)
@click.option("--no-browser", is_flag=True, help="Print the address and open nothing.")
def play(port: int, no_browser: bool) -> None:
    """Move strengths and see what they do, on a page of this machine.

    Points of two classes, picked or drawn; dropout, L2, noise and width; the
    border between the classes, the curves and the gap at once, because all
    that is near the sliders is trained together. Ctrl-C ends it.
    """
    with loading():
        from justright.playground.server import Playground
        from justright.playground.trainer import Trainer

        playground = Playground(Trainer(), port)
    playground.warm()
    click.echo(f"The playground is at\n\n  {playground.address}\n\nCtrl-C ends it.")
    if not no_browser:
        open_browser(playground.address)
    serve(playground)


def serve(playground: Playground) -> None:
    """Answer until Ctrl-C."""
    try:
        playground.serve_forever()
    except KeyboardInterrupt:
        click.echo("\nThe playground is closed.")
    finally:
        playground.close()


def open_browser(address: str) -> None:
    """Open a browser that has a window of its own; in this terminal the server runs."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    # Those that show pages as text are of this class, and of none below it.
    if type(browser) is not webbrowser.GenericBrowser:
        browser.open(address)
