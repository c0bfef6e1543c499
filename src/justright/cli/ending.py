"""How every command ends: text or one JSON object, and whether Ctrl-C has cut it short."""

from __future__ import annotations

import atexit
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import click

from justright.cli.shown import plain_markup, visible

FAILED, INTERRUPTED = 1, 130


@dataclass(frozen=True)
class Ending:
    """What a command has to say.

    Attributes:
        command: its name.
        summary: a paragraph.
        data: what it was done on, a sentence without its full stop; "" where on nothing.
        notes: what was decided on the way, in sentences.
        record: what its JSON object holds beside what all hold.
        lines: said before the tables.
        tables: what rich prints.
        more: paragraphs after the summary.
        files: what was written, by what it is; None is what was not.
        stopped: what is said where Ctrl-C cut it short.
        problems: a sentence for each thing that failed when all else was done.
    """

    command: str
    summary: str
    data: str = ""
    notes: Sequence[str] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[str] = ()
    tables: Sequence[Any] = ()
    more: Sequence[str] = ()
    files: Mapping[str, Path | None] = field(default_factory=dict)
    stopped: str | None = None
    problems: Sequence[str] = ()

    def as_json(self) -> str:
        """One JSON object; `docs/cli.md` says what is in it."""
        written = {what.lower(): file for what, file in self.files.items() if file is not None}
        whole = {
            "command": self.command,
            "data": self.data,
            "notes": list(self.notes),
            "summary": self.summary,
            "stopped": self.stopped,
            "files": written,
            **self.record,
        }
        return json.dumps(plain(whole), indent=1, allow_nan=False, ensure_ascii=False)

    def print(self) -> None:
        """Print it for a person."""
        from rich.console import Console

        console = Console(highlight=False, emoji=False)
        if self.data:
            console.print(f"\n{plain_markup(' '.join([f'{self.data}.', *self.notes]))}")
        for line in self.lines:
            console.print(plain_markup(line))
        for table in self.tables:
            console.print(table)
        for paragraph in (self.summary, *self.more):
            console.print(plain_markup(paragraph))
        shown = {what: file for what, file in self.files.items() if file is not None}
        if shown:
            console.print()
        for what, file in shown.items():
            console.print(f"{what}: [bold]{plain_markup(str(file))}[/]", soft_wrap=True)

    def tell(self, as_json: bool) -> None:
        """Print it.

        Raises:
            click.exceptions.Exit: with 130, where Ctrl-C cut the command short; with 1, where
                something failed.
        """
        if as_json:
            click.echo(self.as_json())
        else:
            self.print()
        for problem in self.problems:
            click.echo(visible(problem), err=True)
        if self.stopped:
            click.echo(self.stopped, err=True)
            raise click.exceptions.Exit(INTERRUPTED)
        if self.problems:
            raise click.exceptions.Exit(FAILED)


def end_now(code: int) -> NoReturn:
    """End the process without taking its modules apart, which takes as long as importing Keras.

    Handlers of the exit run, and what was printed is printed.

    Args:
        code: of the exit; 1 in place of 0 where nobody reads what was printed.
    """
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or FAILED
    os._exit(code)


class Stopped:
    """Whether a command was cut short, and what is said of that."""

    said: str | None = None


@contextmanager
def may_be_cut_short() -> Iterator[Stopped]:
    """Let Ctrl-C end what happens in the block with what it has; then `said` is no longer None."""
    from justright.engine.interruption import stoppable

    found = Stopped()
    with stoppable(warn=False) as run:
        yield found
    if run.asked:
        found.said = run.said or "Stopped by Ctrl-C."


def plain(value: Any) -> Any:
    """What JSON can hold: no NaN and no infinity (null), no NumPy numbers, no tables.

    >>> import numpy as np
    >>> plain({"a": (np.float32(0.5), float("nan")), "b": np.arange(2)})
    {'a': [0.5, None], 'b': [0, 1]}
    """
    if hasattr(value, "to_json") and hasattr(value, "columns"):
        value = json.loads(value.to_json(orient="records"))
    elif hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
