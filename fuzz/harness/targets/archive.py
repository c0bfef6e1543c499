"""`.keras` files: bytes, and each part of a real one, malicious ones among them."""

from __future__ import annotations

import io
import json
import sys
import zipfile
import zlib
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import keras
import numpy as np
from sklearn.preprocessing import StandardScaler

from harness.mutation import mutated_bytes, mutated_json
from harness.target import Draw, Target
from justright.experiments.saved import PART, SavedModel
from justright.network.archive import check_archive
from justright.network.files import read_model
from justright.network.objective import infer_objective

PARTS = {b"c": "config.json", b"w": "model.weights.h5", b"m": "metadata.json", b"j": PART}
SHARE = 32
RAN = Path("ran")
"""A file that appears where a trap has run."""
_CODE = "open('ran', 'w').close()"
VALUES: tuple[Any, ...] = (
    {"module": "builtins", "class_name": "function", "config": "exec", "registered_name": "exec"},
    {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
    {"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"},
    {"module": "keras.utils", "class_name": "function", "config": "get_file"},
    {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "l", "function": _CODE}},
    {"class_name": "__lambda__", "config": {"value": "4wEAAAA="}},
    {"module": "trap", "class_name": "Trap", "config": {}},
    {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "x"}},
    {"module": "keras.layers", "class_name": "TextVectorization", "config": {"vocabulary": "x"}},
    {"module": "keras.layers", "class_name": "Dropout", "config": {"rate": 0.5}},
    "keras.layers", "keras.src.saving", "os", "trap", "Lambda", "Sequential", "Functional",
    {"class_name": "__tensor__", "config": {"value": [1.0], "dtype": "float32"}},
    {"class_name": "__slice__", "config": {"value": [None, None, None]}},
)  # fmt: skip


@cache
def base() -> dict[str, bytes]:
    """The parts of a network that justright has saved, by name."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(2, "relu", kernel_regularizer="l2"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    objective = infer_objective(np.array([0.5, 1.5, 2.0]), "linear", (1,), "mean_squared_error")
    scaler = StandardScaler().fit(np.eye(3))
    file = Path("base.keras")
    SavedModel.of(model, objective, ["a", "b", "c"], "y", scaler).write(file)
    with zipfile.ZipFile(file) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(**changed: bytes) -> bytes:
    """The archive with other parts."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as file:
        for name, content in (base() | changed).items():
            file.writestr(name, content)
    return whole.getvalue()


def corpus() -> list[bytes]:
    """The file, its parts, and files that ask for code in the place of a layer."""
    Path("trap.py").write_text(f"{_CODE}\nclass Trap: pass\n", encoding="utf-8")
    config = json.loads(base()["config.json"])
    evil = []
    for value in VALUES:
        config["config"]["layers"][1] = value
        evil.append(b"c" + json.dumps(config).encode())
    return [b"z" + packed(), *(key + base()[name] for key, name in PARTS.items()), *evil]


def check(data: bytes) -> None:
    """Read the network and its preprocessing; no trap may run.

    Keras takes a tenth of a second to build what has passed, so it does that for a share of them.
    """
    name = PARTS.get(data[:1])
    content = data[1:] if name is None else packed(**{name: data[1:]})
    path = Path("net.keras")
    path.write_bytes(content)
    build = read_model if zlib.crc32(data) % SHARE == 0 else check_archive
    try:
        with (
            mock.patch("justright.experiments.saved.read_model", build),
            mock.patch.object(sys, "path", [".", *sys.path]),  # Where a trap waits.
        ):
            SavedModel.read(path)
    finally:
        if RAN.exists():
            RAN.unlink()
            raise RuntimeError("the file's code has run")


def mutate(data: bytes, draw: Draw) -> bytes:
    """Change a part as what it is."""
    kind, content = data[:1], data[1:]
    if draw.random() < 0.02:
        return draw.choice([b"z", *PARTS]) + content
    if kind in (b"c", b"m", b"j"):
        return kind + mutated_json(content, draw, VALUES)
    return kind + mutated_bytes(content, draw)


TARGET = Target("archive", corpus, check, mutate)
