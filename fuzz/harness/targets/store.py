"""The file of a store: changed bytes, and changed rows."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from harness.mutation import VALUES, mutated_bytes, mutated_json
from harness.target import Draw, Target
from justright.engine.journal import UnderWay
from justright.engine.versions import Versions
from justright.errors import JustrightError, StoreError
from justright.store.kept import Kept, Network
from justright.store.mend import mend_store
from justright.store.packed import packed, unpacked
from justright.store.read import read_store
from justright.store.schema import TABLES
from justright.store.store import RUNNING, Store

ROWS = b"r"
_SIDES = ("", "-wal", "-shm", "-journal", "-lock", ".mended", ".damaged")


def kept(key: str, outcome: str) -> Kept:
    """A training of three epochs."""
    return Kept(
        key=key,
        trial=("plain", "Recipe()", 0, 0, 3, 0.001),
        outcome=outcome,
        curves=np.arange(15, dtype=np.float32).reshape(3, 5) / 7,
        best_epoch=2,
        chosen_epoch=2,
        test=(0.5, float("nan")),
        versions=Versions(jax="0.1"),
        networks=() if outcome == RUNNING else (Network(2, packed({"w": np.ones(3)})),),
    )


@cache
def whole() -> bytes:
    """A store with two trainings that have ended and one that has not."""
    big, small = Path("big.jr"), Path("small.jr")
    with Store(big) as store:
        store.claim({"rows": "a", "batch_size": "8"})
        under_way = UnderWay(kept("c", RUNNING).curves, {"x": np.ones(2)})
        ended = [kept("a", "finished"), kept("b", "failed")]
        store.write(ended, [(kept("c", RUNNING), under_way)], "one lane")
    with closing(sqlite3.connect(big)) as connection:
        # Small pages, so that a change more often falls into what is read.
        connection.execute("PRAGMA page_size = 512")
        connection.execute("VACUUM INTO 'small.jr'")
    found = small.read_bytes()
    big.unlink()
    small.unlink()
    return found


def corpus() -> list[bytes]:
    """The file, and a change of each table's columns."""
    edits = [[table, column, 0, 1] for table in TABLES for column in TABLES[table]]
    return [b"b" + whole(), *(ROWS + json.dumps([one]).encode() for one in edits)]


def check(data: bytes) -> None:
    """Read, go on with, and mend a store; what it says was trained must have been."""
    path = Path("study.jr")
    for side in _SIDES:
        Path(f"{path}{side}").unlink(missing_ok=True)
    path.write_bytes(whole() if data[:1] == ROWS else data[1:])
    if data[:1] == ROWS:
        _edit(path, data[1:])
    faults = []
    for act in (_looked_at, _gone_on_with, _mended):
        try:
            act(path)
        except JustrightError as error:
            faults.append(error)
    if faults:
        raise faults[0]


def _edit(path: Path, text: bytes) -> None:
    """Change rows as a stranger would, with SQL."""
    try:
        edits = json.loads(text)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for table, column, row, value in edits:
                key = "name" if table == "settings" else "trial" if table != "trials" else "id"
                query = (
                    f"UPDATE {table} SET {column} = ? WHERE {key} = "
                    f"(SELECT {key} FROM {table} LIMIT 1 OFFSET ?)"
                )
                stored = json.dumps(value) if isinstance(value, dict | list) else value
                with suppress(sqlite3.Error, OverflowError, UnicodeError):
                    connection.execute(query, (stored, row))
    except (ValueError, TypeError, RecursionError, sqlite3.Error) as error:
        raise StoreError("no edit") from error


def _looked_at(path: Path) -> None:
    found = read_store(path)
    for number in found.table["id"]:
        with suppress(JustrightError):
            found.weights(number)
    str(found.curves), str(found.settings)


def _gone_on_with(path: Path) -> None:
    with Store(path) as store:
        store.claim({"rows": "a"})
        for key, outcome in (("a", "finished"), ("b", "failed")):
            _check_same(store.find(key), kept(key, outcome))
        left = store.left_off("c", "one lane")
        if left is not None:
            np.testing.assert_array_equal(left.curves, kept("c", RUNNING).curves)
        store.write([kept("d", "finished")], [], "")


def _mended(path: Path) -> None:
    mend_store(path)
    with Store(path) as store:
        for key, outcome in (("a", "finished"), ("b", "failed")):
            _check_same(store.find(key), kept(key, outcome))


def _check_same(found: Kept | None, was: Kept) -> None:
    """What is given back is what was written, or nothing."""
    if found is None:
        return
    same: list[tuple[Any, Any]] = [
        (found.outcome, was.outcome),
        (found.curves.tobytes(), was.curves.tobytes()),
        (found.chosen_epoch, was.chosen_epoch),
        ([unpacked(one.safetensors)["w"].tolist() for one in found.networks], [[1.0] * 3]),
    ]
    if any(one != other for one, other in same):
        raise AssertionError("a number came out that was never written")


def mutate(data: bytes, draw: Draw) -> bytes:
    """Change bytes, or which rows are changed."""
    if data[:1] != ROWS:
        return data[:1] + mutated_bytes(data[1:], draw)
    if draw.random() < 0.5:
        table = draw.choice(list(TABLES))
        column = draw.choice(list(TABLES[table]))
        value = draw.choice((*VALUES, "finished", "running", 3, [1]))
        return ROWS + json.dumps([[table, column, draw.randrange(4), value]]).encode()
    return ROWS + mutated_json(data[1:], draw)


TARGET = Target("store", corpus, check, mutate)
