"""What the commands share: they say that they are loading, and check a figure's file first."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from click.core import ParameterSource

from justright.errors import DataError


@contextmanager
def loading() -> Iterator[None]:
    """Say that something happens while Keras and JAX are imported, which takes seconds."""
    from rich.console import Console

    with Console(stderr=True).status("loading Keras and JAX"):
        yield


def check_writable(figure: Path) -> None:
    """Find out before the training, not after it, whether a figure can be written.

    Raises:
        DataError: an unknown ending, no such folder, or a folder.
    """
    known = (".png", ".svg", ".pdf")
    if figure.suffix.lower() not in known:
        raise DataError(
            f"--figure {figure}: the ending says the format, and {figure.suffix or 'none'!r} is "
            f"not one of {', '.join(known)}."
        )
    if not figure.absolute().parent.is_dir():
        raise DataError(f"--figure {figure}: there is no folder {figure.absolute().parent}.")
    if figure.is_dir():
        raise DataError(f"--figure {figure} is a folder. Name a file.")


def command_line() -> str:
    """The command as it was typed: the options that were given."""
    context = click.get_current_context()
    words = ["justright", str(context.info_name)]
    for one in context.command.params:
        if context.get_parameter_source(str(one.name)) is not ParameterSource.COMMANDLINE:
            continue
        value = context.params[str(one.name)]
        if isinstance(value, bool):
            words.append(one.opts[0])
            continue
        for each in value if isinstance(value, tuple) else (value,):
            words += [one.opts[0], str(each)]
    return shlex.join(words)
