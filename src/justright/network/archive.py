"""What a `.keras` file asks for, read before Keras does: layers of Keras, numbers, nothing else.

Keras refuses much of this by itself, more with each version; a file from a stranger should not
depend on which version is installed. Sources: CVE-2025-1550 (modules named in `config.json`),
CVE-2025-9906 (a configuration that switches safe mode off), CVE-2025-12058 (a vocabulary that is
a path), CVE-2025-8747 (functions of Keras that fetch files).
"""

from __future__ import annotations

import io
import json
import math
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import keras

from justright.errors import ModelError

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
_HOMES = (
    "keras.activations",
    "keras.constraints",
    "keras.dtype_policies",
    "keras.initializers",
    "keras.layers",
    "keras.losses",
    "keras.metrics",
    "keras.models",
    "keras.optimizers",
    "keras.quantizers",
    "keras.regularizers",
    "keras.src.models",
    "keras.src.ops",
)
_PLAIN = ("Functional", "Sequential", "DTypePolicy", "DTypePolicyMap")
_FOREIGN = ("TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper")
# Numbers hardly shrink; text that shrinks more than this was made to fill a memory.
_MOST_SHRUNK = 200
_SMALL = 1 << 20


def check_archive(path: Path) -> None:
    """Refuse a file that asks for more than layers of Keras and numbers.

    Args:
        path: of a zip file.

    Raises:
        ModelError: a damaged file; code, other files, or memory out of proportion asked for.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            _check_sizes(path.name, packed)
            config = json.loads(packed.read(CONFIG))
            weights = io.BytesIO(packed.read(WEIGHTS))
        _check_config(path.name, config)
        with h5py.File(weights, "r") as file:
            _check_weights(path.name, file)
    except KeyError as error:
        lacking = str(error.args[0]).split("'")[1::2] or [str(error)]
        raise _unreadable(path.name, f"{lacking[0]} is not in it.") from error
    except (OSError, ValueError, RuntimeError, RecursionError, zipfile.BadZipFile, zlib.error) as e:
        raise _unreadable(path.name, (str(e).strip() or type(e).__name__).splitlines()[0]) from e


def _unreadable(name: str, reason: str) -> ModelError:
    return ModelError(
        f"{name} cannot be read as a Keras model: {reason} Save it again with "
        "model.save('name.keras')."
    )


def _check_sizes(name: str, packed: zipfile.ZipFile) -> None:
    for part in packed.infolist():
        if part.file_size > max(_SMALL, _MOST_SHRUNK * part.compress_size):
            raise ModelError(
                f"{name} holds {part.filename!r}, which takes {part.compress_size} bytes there "
                f"and {part.file_size} unpacked. No network is like that: it is not read."
            )


def _check_config(name: str, config: Any) -> None:
    for one in _objects(config):
        kind, module = one["class_name"], one.get("module")
        registered = one.get("registered_name")
        if kind in ("Lambda", "__lambda__"):
            raise ModelError(
                f"{name} holds code (a Lambda layer), which justright does not run. Rebuild "
                "the model from standard layers, or pass it from Python."
            )
        if kind in _FOREIGN:
            raise ModelError(
                f"{name} holds a {kind}, which runs what stands elsewhere. Rebuild the model "
                "from standard layers."
            )
        inner = one.get("config")
        if isinstance(inner, dict) and isinstance(inner.get("vocabulary"), str):
            raise ModelError(
                f"{name} names a file to read, {inner['vocabulary']!r}, which justright does not "
                "do. Save the model with its vocabulary in it."
            )
        if not _is_kerass(kind, module, inner) and not _is_registered(registered):
            raise ModelError(
                f"{name} asks for {module}.{inner if kind == 'function' else kind}, which is not "
                "Keras' own: code, which justright does not run. Rebuild the model from standard "
                "layers, or pass it from Python."
            )


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """Everything in a configuration that names a class or a function."""
    waiting = [config]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if isinstance(one.get("class_name"), str):
                yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _is_kerass(kind: str, module: Any, inner: Any) -> bool:
    if kind.startswith("__"):  # Tensors and slices, of which Keras makes values.
        return True
    if module == "builtins":
        return kind == "function" and isinstance(inner, str) and hasattr(keras.activations, inner)
    if module in (None, "keras"):
        return module is not None and kind in _PLAIN
    return isinstance(module, str) and any(
        module == home or module.startswith(f"{home}.") for home in _HOMES
    )


def _is_registered(name: Any) -> bool:
    """Whether the user's own program has registered it: then it is no code of the file's."""
    return isinstance(name, str) and keras.saving.get_registered_object(name) is not None


def _check_weights(name: str, group: Any) -> None:
    waiting = [group]
    while waiting:
        group = waiting.pop()
        for key in group:
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise ModelError(
                    f"{name} has a link in its weights ({key!r}), which may lead to another file. "
                    "It is not followed. Save the model again with model.save('name.keras')."
                )
            one = group[key]
            if isinstance(one, h5py.Group):
                waiting.append(one)
            else:
                _check_dataset(name, key, one)


def _check_dataset(name: str, key: str, data: Any) -> None:
    if data.external or data.is_virtual:
        raise ModelError(
            f"{name} keeps weights ({key!r}) in another file, which is not read. Save the model "
            "again with model.save('name.keras')."
        )
    if data.dtype.kind == "O":
        raise ModelError(f"{name} holds weights ({key!r}) that are no numbers. It is not read.")
    declared = math.prod(data.shape or (0,)) * data.dtype.itemsize
    if declared > max(_SMALL, _MOST_SHRUNK * data.id.get_storage_size()):
        raise ModelError(
            f"{name} declares {declared} bytes of weights ({key!r}) and holds "
            f"{data.id.get_storage_size()}. It is not read."
        )
