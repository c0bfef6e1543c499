"""Fitted preprocessing as JSON, which a `.keras` file of justright brings along."""

from __future__ import annotations

import json
from functools import partial

import pandas as pd
from sklearn.preprocessing import StandardScaler

from harness.mutation import mutated_json
from harness.target import Target
from justright.data.portable import decoded, encoded
from justright.data.table_preparation import TablePreparation
from justright.errors import DataError

EVIL = (
    {"is": "object", "class": "os.system", "state": {"is": "dict", "items": []}},
    {"is": "object", "class": "sklearn.preprocessing._data.np", "state": {}},
    {"is": "function", "name": "os.system"},
    {"is": "tuple", "items": ["x"], "class": "subprocess.Popen"},
    {"is": "array", "dtype": "|O", "shape": [1], "bytes": "AAAAAAAAAAA="},
    {"is": "array", "dtype": "<f8", "shape": [-1], "bytes": ""},
    {"is": "array", "dtype": "<f8", "shape": [2**40], "bytes": "AAAA"},
    {"is": "slice", "items": [None, None, None]},
    {"is": "float", "value": "nan"},
    {"is": "dtype", "name": "<U99999999", "type": False},
    "justright.data.read.read_dataset",
    "sklearn.pipeline.Pipeline",
)


def corpus() -> list[bytes]:
    """A scaler, a table's preparation, and what asks for something else."""
    frame = pd.DataFrame({"a": [1.0, 2.0, None, 4.0], "b": ["x", "y", "x", None]})
    made = (StandardScaler().fit([[1.0], [3.0]]), TablePreparation().fit(frame))
    whole = [encoded(one) for one in made]
    return [json.dumps(one).encode() for one in (*whole, *EVIL[:10])]


def check(data: bytes) -> None:
    """Make the object that the text describes."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DataError("no JSON: reading it is the archive's part") from error
    decoded(value)


TARGET = Target("preparation", corpus, check, partial(mutated_json, values=EVIL))
