"""Save what can be read of a damaged store.

Pages of the file may be missing or be other than they were written, so trainings are looked for in
several ways, and one counts only if its digest says that it is whole.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from justright.errors import StoreError
from justright.store.database import LOG, check_place, held, told
from justright.store.kept import Kept
from justright.store.store import NO_TRAINING, RUNNING, Store, kept_in

_SIDES = (LOG, "-shm")
_WAYS = (
    "SELECT id FROM trials NOT INDEXED ORDER BY id",
    "SELECT id FROM trials NOT INDEXED ORDER BY id DESC",
    "SELECT id FROM trials INDEXED BY sqlite_autoindex_trials_1 ORDER BY key",
    "SELECT id FROM trials INDEXED BY sqlite_autoindex_trials_1 ORDER BY key DESC",
    "SELECT DISTINCT trial FROM weights",
    "SELECT DISTINCT trial FROM weights ORDER BY trial DESC",
)


@dataclass(frozen=True)
class Mended:
    """What was saved of a damaged store.

    Attributes:
        kept: trainings in the new file.
        lost: trainings of which something was found, but not the whole.
        damaged: where the damaged file is now.
    """

    kept: int
    lost: int
    damaged: Path

    def __str__(self) -> str:
        lost = f"; {self.lost} could not be read, and will be trained again" if self.lost else ""
        plural = "" if self.kept == 1 else "s"
        return (
            f"{self.kept} training{plural} saved{lost}. The damaged file is {self.damaged}; delete "
            "it when you no longer want it."
        )


def mend_store(path: Path) -> Mended:
    """Put what can be read of a damaged store into a new file under its name.

    The damaged file is kept beside it. Trainings that had not ended begin anew.

    Args:
        path: the file.

    Returns:
        How many trainings were saved, and where the damaged file is.

    Raises:
        StoreError: no such file, another run that writes it, or nothing in it that can be read;
            then it is left as it is.
    """
    check_place(path)
    if not path.is_file():
        raise StoreError(f"There is no file {str(path)!r}. Check the path.")
    beside = path.with_name(f"{path.name}.mended")
    with held(path):
        for old in (beside, *(Path(f"{beside}{side}") for side in _SIDES)):
            old.unlink(missing_ok=True)
        kept, lost = _copied(path, beside)
        damaged = _free(path)
        for side in ("", *_SIDES):
            with suppress(FileNotFoundError):
                os.replace(f"{path}{side}", f"{damaged}{side}")
        os.replace(beside, path)
    return Mended(kept, lost, damaged)


def _copied(path: Path, beside: Path) -> tuple[int, int]:
    """Write what can be read into a new store; how many trainings that are, and are not."""
    with told(path), closing(sqlite3.connect(path, isolation_level=None)) as source:
        source.execute("PRAGMA writable_schema = ON")  # Else a file that ends early is refused.
        settings, trials = dict(_rows(source, "SELECT name, value FROM settings")), _numbers(source)
        if not settings and not trials:
            raise StoreError(
                f"store={str(path)!r}: nothing in it can be read, and it is left as it is. Move it "
                "away, and run the same again."
            )
        whole, lost = 0, 0
        with Store(beside) as store:
            store.claim(settings)
            for number in trials:
                found = _whole(source, number)
                if found is not None:
                    store.write([found], [], "")
                    whole += 1
                elif not _is_running(source, number):
                    lost += 1
    return whole, lost


def _numbers(source: sqlite3.Connection) -> list[int]:
    """The numbers of all trainings of which something can be found."""
    found = {row[0] for query in _WAYS for row in _rows(source, query)}
    return sorted(number for number in found if isinstance(number, int))


def _rows(source: sqlite3.Connection, query: str, *given: Any) -> Iterator[tuple[Any, ...]]:
    """The rows up to where the file is damaged."""
    with suppress(sqlite3.Error, UnicodeError):  # A damaged name is in SQLite's message.
        yield from source.execute(query, given)


def _whole(source: sqlite3.Connection, number: int) -> Kept | None:
    """A training that has ended and is as it was written."""
    for row in _rows(source, "SELECT * FROM trials WHERE id = ?", number):
        with suppress(sqlite3.Error, *NO_TRAINING):
            found = kept_in(source, row)
            if found.outcome != RUNNING and found.digest == row[-1]:
                return found
    return None


def _is_running(source: sqlite3.Connection, number: int) -> bool:
    asked = "SELECT outcome FROM trials WHERE id = ?"
    return any(row[0] == RUNNING for row in _rows(source, asked, number))


def _free(path: Path) -> Path:
    """A name beside a file that no other has."""
    names = (path.with_name(f"{path.name}.damaged{i or ''}") for i in count())
    return next(name for name in names if not name.exists())
