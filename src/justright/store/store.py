"""A study on disk: one file that a run writes at each border, and a later run goes on from."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from justright.engine.journal import UnderWay
from justright.engine.versions import Versions
from justright.errors import StoreError
from justright.store.database import damaged, told, transaction, writing
from justright.store.kept import Kept, Network
from justright.store.packed import as_stored, digest, packed, unpacked

RUNNING = "running"
NO_TRAINING = (ValueError, TypeError, LookupError, AttributeError, OverflowError)
"""What reading a row raises that is not as it was written."""
_SHOWN = 100


class Store:
    """The trainings of one study in a file. It is open, and no one else's, within `with`.

    Args:
        path: the file; it is made where there is none.

    Raises:
        StoreError: (when it is opened or used) a file that is no store, another run's, one that
            is damaged, or a place that cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._depth = 0
        self._held = ExitStack()
        # Epochs of the trainings that have not ended, as far as they are in the file.
        self._epochs: dict[str, int] = {}

    def __enter__(self) -> Store:
        if not self._depth:
            self._connection = self._held.enter_context(writing(self.path))
            self._epochs = {}
        self._depth += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._depth -= 1
        if not self._depth:
            self._held.close()

    def claim(self, settings: Mapping[str, str]) -> None:
        """Say what the trainings have in common, or find that it is what the store has.

        Args:
            settings: by name.

        Raises:
            StoreError: the store is of another task, or of other settings.
        """
        with told(self.path), transaction(self._connection):
            known = dict(self._connection.execute("SELECT name, value FROM settings"))
            other = {name: one for name, one in settings.items() if known.get(name, one) != one}
            if other:
                raise StoreError(_refusal(self.path, known, other))
            self._connection.executemany(
                "INSERT OR IGNORE INTO settings VALUES (?, ?)", list(settings.items())
            )

    def find(self, key: str) -> Kept | None:
        """A training by its key; None where there is none, or it has not ended.

        Raises:
            StoreError: its row is not as it was written.
        """
        with told(self.path):
            return _find(self.path, self._connection, key)

    def has(self, key: str) -> bool:
        """Whether a training has ended."""
        with told(self.path):
            asked = "SELECT 1 FROM trials WHERE key = ? AND outcome <> ?"
            return self._connection.execute(asked, (key, RUNNING)).fetchone() is not None

    def left_off(self, key: str, layout: str) -> UnderWay | None:
        """Where a run left a training; None where there is none, or in another layout.

        Raises:
            StoreError: its state is not as it was written.
        """
        with told(self.path):
            row = self._connection.execute(
                "SELECT id, lanes.safetensors, lanes.digest FROM trials JOIN lanes ON trial = id "
                "WHERE key = ? AND layout = ? AND outcome = ?",
                (key, layout, RUNNING),
            ).fetchone()
            if row is None:
                return None
            number, state, written = row
            with suppress(*NO_TRAINING):
                curves = _curves(self._connection, number)
                if digest(key, state, curves) == written:
                    self._epochs[key] = len(curves)
                    return UnderWay(curves, unpacked(state))
            what = f"the state of training {number} is not as it was written"
            raise StoreError(f"store={str(self.path)!r} {damaged(self.path, what)}")

    def write(
        self, ended: Iterable[Kept], running: Iterable[tuple[Kept, UnderWay]], layout: str
    ) -> None:
        """Write what a segment has brought, all of it or nothing.

        Args:
            ended: trainings that have ended.
            running: others, as far as they are.
            layout: that the lanes' states are of.

        Raises:
            StoreError: it cannot be written.
        """
        with told(self.path), transaction(self._connection):
            for one in ended:
                number = self._put(one)
                self._connection.execute("DELETE FROM lanes WHERE trial = ?", (number,))
                self._connection.executemany(
                    "INSERT OR REPLACE INTO weights VALUES (?, ?, ?, ?)",
                    [(number, i, w.epoch, w.safetensors) for i, w in enumerate(one.networks)],
                )
            for one, under_way in running:
                number, state = self._put(one), packed(under_way.state)
                sealed = digest(one.key, state, as_stored(one.curves))
                self._connection.execute(
                    "INSERT OR REPLACE INTO lanes VALUES (?, ?, ?, ?)",
                    (number, layout, state, sealed),
                )

    def _put(self, one: Kept) -> int:
        """Write a training's row and the epochs that the file does not have; return its number."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        figures = (one.outcome, len(one.curves), one.best_epoch, one.chosen_epoch, *one.test)
        (number,) = self._connection.execute(
            "INSERT INTO trials VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET outcome = excluded.outcome, "
            "epochs_run = excluded.epochs_run, best_epoch = excluded.best_epoch, "
            "chosen_epoch = excluded.chosen_epoch, test_loss = excluded.test_loss, "
            "test_metric = excluded.test_metric, versions = excluded.versions, "
            "written = excluded.written, digest = excluded.digest RETURNING id",
            (one.key, *one.trial, *figures, one.versions_text, now, one.digest),
        ).fetchone()
        before = self._epochs.get(one.key, 0)
        if not before:  # What a run in another layout had begun.
            self._connection.execute("DELETE FROM curves WHERE trial = ?", (number,))
        self._connection.executemany(
            "INSERT INTO curves VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (number, epoch, *row)
                for epoch, row in enumerate(one.curves[before:].tolist(), start=before + 1)
            ],
        )
        self._epochs[one.key] = len(one.curves) if one.outcome == RUNNING else 0
        return int(number)


def _refusal(path: Path, known: Mapping[str, str], other: Mapping[str, str]) -> str:
    if "rows" in other:
        return (
            f"store={str(path)!r} holds a study of another task: its rows, targets or splits "
            "differ. Give the same ones, or name another file."
        )
    told_of = [
        f"{name} is {known[name]} there and {one} here"
        if name != "network" and len(known[name]) + len(one) < _SHOWN
        else f"{name} differs"
        for name, one in other.items()
    ]
    return (
        f"store={str(path)!r} holds a study with other settings: {'; '.join(told_of)}. Give the "
        "same ones, or name another file."
    )


def _find(path: Path, connection: sqlite3.Connection, key: str) -> Kept | None:
    row = connection.execute("SELECT * FROM trials WHERE key = ?", (key,)).fetchone()
    if row is None or row[8] == RUNNING:
        return None
    with suppress(*NO_TRAINING):
        found = kept_in(connection, row)
        if found.digest == row[-1]:
            return found
    what = f"training {row[0]} is not as it was written"
    raise StoreError(f"store={str(path)!r} {damaged(path, what)}")


def kept_in(connection: sqlite3.Connection, row: Sequence[Any]) -> Kept:
    """A training from its row, with its curves and weights."""
    number, key, name, recipe, seed, split, epochs, rate = row[:8]
    outcome, _, best, chosen, loss, metric, versions, *_ = row[8:]
    networks = connection.execute(
        "SELECT epoch, safetensors FROM weights WHERE trial = ? ORDER BY member", (number,)
    )
    return Kept(
        key=key,
        trial=(name, recipe, seed, split, epochs, rate),
        outcome=outcome,
        curves=_curves(connection, number),
        best_epoch=best,
        chosen_epoch=chosen,
        test=(np.nan if loss is None else loss, np.nan if metric is None else metric),
        versions=Versions(
            **{name: one for name, one in json.loads(versions).items() if name in Versions._fields}
        ),
        networks=tuple(Network(*one) for one in networks),
    )


def _curves(connection: sqlite3.Connection, number: object) -> np.ndarray:
    rows = connection.execute(
        "SELECT train_loss, val_loss, train_metric, val_metric, penalty FROM curves "
        "WHERE trial = ? ORDER BY epoch",
        (number,),
    ).fetchall()
    with np.errstate(over="ignore"):  # Of a damaged row, whose digest tells.
        # NaN is null in SQLite.
        found: np.ndarray = np.array(rows, dtype=object).astype(np.float32).reshape(-1, 5)
    return found
