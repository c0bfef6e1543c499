"""The places where input comes in, by name; each is imported when it is used."""

from __future__ import annotations

import importlib

from harness.target import Target

NAMES = (
    "recipe", "table", "arrow", "arrays", "epochs", "archive", "preparation", "store", "history",
    "wish", "arguments",
)  # fmt: skip


def target(name: str) -> Target:
    """A target by its name."""
    return importlib.import_module(f"harness.targets.{name}").TARGET
