"""Rows and targets in an `.npz` file of NumPy."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from harness.mutation import mutated_bytes
from harness.target import Target
from justright.data.read import read_dataset


def corpus() -> list[bytes]:
    """Numbers, pixels, text, and objects, which would be code."""
    X, y = np.arange(12.0).reshape(6, 2), np.arange(6) % 2
    pixels = np.zeros((6, 4, 4, 1), np.uint8)
    files = (
        {"X": X, "y": y},
        {"x_train": pixels, "y_train": y, "x_test": pixels[:2], "y_test": y[:2]},
        {"X": X, "y": np.array(list("ababab"))},
        {"X": X.astype(object), "y": y},
    )
    return [_saved(**arrays) for arrays in files]


def _saved(**arrays: np.ndarray) -> bytes:
    whole = io.BytesIO()
    np.savez(whole, **arrays)
    return whole.getvalue()


def check(data: bytes) -> None:
    """Read the rows."""
    path = Path("rows.npz")
    path.write_bytes(data)
    read_dataset(path)


TARGET = Target("arrays", corpus, check, mutated_bytes)
