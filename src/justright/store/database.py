"""The file of a store: opened, locked, checked, brought to this version, closed.

While a run writes, the file is in SQLite's WAL mode: others read it, and a process that is killed
leaves what it had committed. Closed, it is one file again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from justright.errors import StoreError
from justright.store.schema import APPLICATION, MIGRATIONS

LOCK, LOG = "-lock", "-wal"
_SECONDS = 5.0
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Let what SQLite says be said in our words.

    Raises:
        StoreError: whatever SQLite raised in the block.
    """
    try:
        yield
    except UnicodeError as error:  # What is damaged is in SQLite's own message.
        what = damaged(path, "a name in it is no text")
        raise StoreError(f"store={str(path)!r} {what}") from error
    except sqlite3.Error as error:
        raise StoreError(f"store={str(path)!r} {_sentence(path, error)}") from error


def _sentence(path: Path, error: sqlite3.Error) -> str:
    code = str(getattr(error, "sqlite_errorname", "") or "")
    if code.startswith(_DAMAGED) or "decode" in str(error):
        return damaged(path, str(error))
    if code.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return (
            f"cannot be written: {error}. What it held before it still holds. Make room on the "
            "disk, and run the same again: it goes on from there."
        )
    if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return _no_place(path, error)
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"is held by another program: {error}. Wait until that has ended."
    if code == "SQLITE_TOOBIG" or isinstance(error, sqlite3.DataError):
        return "does not take networks of this size: a row holds 1 GB. Train without a store."
    return f"cannot be used: {error}."


def _no_place(path: Path, error: sqlite3.Error) -> str:
    if path.with_name(path.name + LOG).exists():
        return (
            f"cannot be used here: {error}. Beside it lies a log ({path.name}{LOG}) of a run that "
            "was killed or is running, and that is read only where one may write. Copy both into a "
            "folder of your own."
        )
    return (
        f"cannot be written: {error}. Name a file in a folder that you may write to, on a disk of "
        "this machine."
    )


def damaged(path: Path, what: str) -> str:
    """The end of the sentence on a file that is not as it was written."""
    return (
        f"is damaged: {what}. Run `justright store {path.name} --mend` (in Python "
        f"jr.read_store({path.name!r}, mend=True)): it keeps the damaged file under another name, "
        "and puts what can be read of it in its place. Then run the same again: it trains what is "
        "lost."
    )


def check_place(path: Path) -> None:
    """Find out before anything trains whether there can be a store.

    Raises:
        StoreError: a folder, or a file in none, or one that is no store.
    """
    try:
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise StoreError(
                f"store={str(path)!r} is a folder, or in one that does not exist. Name a file."
            )
        with path.open("rb") as file:
            start = file.read(72)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"store={str(path)!r} cannot be read: {error.strerror}.") from error
    ours = APPLICATION.to_bytes(4, "big")
    # A process may have been killed before it had written more than the first page.
    if start and not (start.startswith(b"SQLite format 3\0") and start[68:] in (ours, bytes(4))):
        raise StoreError(
            f"store={str(path)!r} is no store of justright, and is left as it is. Name another "
            "file."
        )


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Be the only one who writes a store; a process that is killed lets go of it.

    Raises:
        StoreError: another one writes it.
    """
    beside = path.with_name(path.name + LOCK)
    with told(path):
        lock = sqlite3.connect(beside, timeout=0, isolation_level=None)
    try:
        with told(path):
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                if not str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_BUSY"):
                    raise
                raise StoreError(
                    f"store={str(path)!r} is held by another run that writes it. Wait until that "
                    "has ended, or name another file; reading it is possible meanwhile."
                ) from error
        try:
            yield
        finally:
            with suppress(OSError):
                beside.unlink()
    finally:
        lock.close()


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """A store to write to, made or brought to this version; committed statement by statement.

    Raises:
        StoreError: no store, one that another run writes, a newer or a damaged one, or a place
            that cannot be written.
    """
    check_place(path)
    with held(path):
        old = path.exists() and path.stat().st_size > 0
        with told(path):
            connection = sqlite3.connect(path, timeout=_SECONDS, isolation_level=None)
        try:
            with told(path):
                if old:
                    check_whole(path, connection)
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                migrate(path, connection)
            yield connection
        finally:
            with suppress(sqlite3.Error):  # Where others read it, it stays as it is.
                connection.execute("PRAGMA journal_mode = DELETE")
            connection.close()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A store to read from, also while it is written.

    Raises:
        StoreError: no store, or a damaged one.
    """
    check_place(path)
    if not path.is_file():
        raise StoreError(f"There is no file {str(path)!r}. Check the path.")
    with told(path):
        address = f"file:{quote(str(path.absolute()))}?mode=ro"
        connection = sqlite3.connect(address, timeout=_SECONDS, isolation_level=None, uri=True)
    try:
        with told(path):
            _check_version(path, connection)
            yield connection
    finally:
        connection.close()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of what the block writes, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # SQLite may have rolled back itself.
            connection.execute("ROLLBACK")
        raise


def check_whole(path: Path, connection: sqlite3.Connection) -> None:
    """Look through the file for pages that are not as SQLite wrote them.

    Raises:
        StoreError: there are some.
    """
    found = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
    if found != ["ok"]:
        raise StoreError(f"store={str(path)!r} {damaged(path, ' '.join(found[0].split()))}")


def migrate(path: Path, connection: sqlite3.Connection) -> None:
    """Make the tables, or bring those of an older version to this one.

    Raises:
        StoreError: a store of a newer version.
    """
    version = _check_version(path, connection)
    for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
        with transaction(connection):
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {number}")


def _check_version(path: Path, connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise StoreError(
            f"store={str(path)!r} was written by a newer justright (its version is {version}, and "
            f"this one reads up to {len(MIGRATIONS)}). Install that one, or name another file."
        )
    return version
