"""What the commands share: they say that they are loading, and check a figure's file first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
