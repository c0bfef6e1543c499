"""In a notebook: a bar below the cell while a run is under way, and figures that are shown."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from io import BytesIO
from typing import Any

# A notebook keeps up with so many seconds between two looks, and a person wants no more.
_PAUSE = 0.25
_SHELL = "ZMQInteractiveShell"


def in_notebook() -> bool:
    """Whether a notebook runs this: Jupyter, and what is built on it."""
    # Where nobody has imported IPython, there is no notebook.
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return any(kind.__name__ == _SHELL for kind in type(shell).__mro__)


def show_figures() -> None:
    """Let figures of matplotlib show themselves in a notebook, as `plot()` gives them.

    There they are pictures only once pyplot is imported, which justright does not need. A look that
    pyplot has given them already stays.
    """
    if in_notebook():
        shell = sys.modules["IPython"].get_ipython()
        formatter = getattr(shell.display_formatter, "formatters", {}).get("image/png")
        if formatter is not None:
            formatter.for_type_by_name("matplotlib.figure", "Figure", _as_png)


def _as_png(figure: Any) -> bytes:
    picture = BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


@contextmanager
def notebook_bar() -> Iterator[Callable[[float | None, str], None]]:
    """A bar while the block runs.

    Yields:
        What shows how far it is: a share from 0 to 1, None where nobody knows, and words.
    """
    display = importlib.import_module("IPython.display").display
    handle: Any = display(_look(None, "compiling"), raw=True, display_id=True)
    last = [-_PAUSE]

    def show(share: float | None, words: str) -> None:
        now = time.monotonic()
        if now - last[0] >= _PAUSE:
            last[0] = now
            handle.update(_look(share, words), raw=True)

    try:
        yield show
    finally:
        handle.update({"text/html": "", "text/plain": ""}, raw=True)


def _look(share: float | None, words: str) -> dict[str, str]:
    at = "" if share is None else f' value="{min(max(share, 0.0), 1.0):.4f}"'
    bar = f'<progress max="1"{at} style="width:16em" aria-label="{escape(words)}"></progress>'
    return {"text/html": f"<div>{bar} {escape(words)}</div>", "text/plain": words}
