"""Parquet and Arrow files: read at once, and a piece after the other."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd

from harness.mutation import mutated_bytes
from harness.target import Draw, Target
from justright.data.parquet import ParquetFile, is_of_numbers
from justright.data.read import read_dataset

ENDINGS = {b"p": ".parquet", b"f": ".feather"}


def corpus() -> list[bytes]:
    """Numbers alone, and a table with text, dates and gaps."""
    numbers = pd.DataFrame({"a": np.arange(20.0), "b": np.arange(20), "y": np.arange(20) % 2})
    table = numbers.assign(
        t=list("xyzx") * 5, d=pd.date_range("2020-01-01", periods=20), g=[1.0, None] * 10
    )
    parquet = [_written(one, "to_parquet") for one in (numbers, table)]
    feather = [_written(one, "to_feather") for one in (numbers, table)]
    return [*(b"p" + one for one in parquet), *(b"f" + one for one in feather)]


def _written(frame: pd.DataFrame, method: str) -> bytes:
    whole = io.BytesIO()
    getattr(frame, method)(whole)
    return whole.getvalue()


def check(data: bytes) -> None:
    """Read the rows both ways."""
    path = Path(f"t{ENDINGS.get(data[:1], '.parquet')}")
    path.write_bytes(data[1:])
    if is_of_numbers(path):
        for _ in ParquetFile.of(path, None).pieces(None):
            pass
    read_dataset(path)


def mutate(data: bytes, draw: Draw) -> bytes:
    """Change what follows the kind."""
    return data[:1] + mutated_bytes(data[1:], draw)


TARGET = Target("arrow", corpus, check, mutate)
