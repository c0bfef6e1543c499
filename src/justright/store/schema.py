"""The tables of a store, and the steps that bring an older one to this version."""

from __future__ import annotations

from collections.abc import Sequence

APPLICATION = 0x4A525354
"""What the file's header says it is: the letters JRST."""

TABLES: dict[str, dict[str, tuple[str, str]]] = {
    "settings": {
        "name": ("TEXT PRIMARY KEY", "what all trainings of the store have in common"),
        "value": ("TEXT NOT NULL", "its value; of rows and network a hash"),
    },
    "trials": {
        "id": ("INTEGER PRIMARY KEY", "a number, by which the other tables refer to a training"),
        "key": ("TEXT NOT NULL UNIQUE", "a hash of all that the training's numbers follow from"),
        "recipe": ("TEXT NOT NULL", "what the study calls the recipe"),
        "techniques": ("TEXT NOT NULL", "the recipe as Python writes it"),
        "seed": ("INTEGER NOT NULL", "the seed"),
        "split": ("INTEGER NOT NULL", "which division of the rows, from 0"),
        "epochs": ("INTEGER NOT NULL", "at most so many"),
        "learning_rate": ("REAL NOT NULL", "of the optimizer"),
        "outcome": (
            "TEXT NOT NULL",
            "`running` (or left in the middle), `finished`, `stopped`, `failed`, `pruned`",
        ),
        "epochs_run": ("INTEGER NOT NULL", "epochs trained so far"),
        "best_epoch": ("INTEGER NOT NULL", "the epoch of the best monitored figure, from 1"),
        "chosen_epoch": ("INTEGER NOT NULL", "the epoch of the chosen weights, from 1"),
        "test_loss": ("REAL", "loss on the test rows; null without such"),
        "test_metric": ("REAL", "metric on the test rows; null without such"),
        "versions": ("TEXT NOT NULL", "JSON: of justright, JAX, Keras, …, and the device"),
        "written": ("TEXT NOT NULL", "when, in UTC"),
        "digest": ("BLOB NOT NULL", "BLAKE2b of the training, its curves and its weights"),
    },
    "curves": {
        "trial": ("INTEGER NOT NULL", "`trials.id`"),
        "epoch": ("INTEGER NOT NULL", "from 1"),
        "train_loss": ("REAL", "null where it is not a number"),
        "val_loss": ("REAL", "likewise"),
        "train_metric": ("REAL", "likewise"),
        "val_metric": ("REAL", "likewise"),
        "penalty": ("REAL", "the penalty, apart from the loss"),
    },
    "weights": {
        "trial": ("INTEGER NOT NULL", "`trials.id`"),
        "member": ("INTEGER NOT NULL", "which of the networks that predict together, from 0"),
        "epoch": ("INTEGER NOT NULL", "that the weights are of, from 1"),
        "safetensors": ("BLOB NOT NULL", "the chosen weights, by layer and name"),
    },
    "lanes": {
        "trial": ("INTEGER PRIMARY KEY", "`trials.id` of a training that has not ended"),
        "layout": ("TEXT NOT NULL", "versions, device and lanes that the state is of"),
        "safetensors": ("BLOB NOT NULL", "all that the training goes on from"),
        "digest": ("BLOB NOT NULL", "BLAKE2b of the state"),
    },
}
"""Table by table: each column with its type and its meaning."""

_KEYS = {"curves": "trial, epoch", "weights": "trial, member"}


def _created(table: str) -> str:
    columns = [f"{name} {kind}" for name, (kind, _) in TABLES[table].items()]
    if table in _KEYS:
        columns.append(f"PRIMARY KEY ({_KEYS[table]})")
    rest = " WITHOUT ROWID" if table in ("settings", "curves") else ""
    return f"CREATE TABLE {table} ({', '.join(columns)}){rest}"


MIGRATIONS: Sequence[tuple[str, ...]] = (tuple(map(_created, TABLES)),)
"""The statements that lead from each version to the next; the first one makes an empty store.

A new version adds its statements here, and its columns to `TABLES`, from which the first
version's may then no longer be made: write them out before.
"""


def in_markdown() -> str:
    """The tables, as `docs/store.md` has them."""
    lines = ["| table | column | type | meaning |", "|---|---|---|---|"]
    for table, columns in TABLES.items():
        lines += [
            f"| `{table}` | `{name}` | {kind} | {meaning} |"
            for name, (kind, meaning) in columns.items()
        ]
    return "\n".join(lines)
