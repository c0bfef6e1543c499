"""Arrays as safetensors bytes, and digests that tell a damaged row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from justright.errors import StoreError
from justright.network.weights import Arrays

_ORDER = "order"


def packed(arrays: Arrays) -> bytes:
    """Arrays by name as safetensors bytes; their order stands in the header."""
    from safetensors.numpy import save

    # safetensors writes an array's memory, whatever its strides.
    whole = {name: np.array(value, order="C") for name, value in arrays.items()}
    return save(whole, {_ORDER: json.dumps(list(arrays))})


def unpacked(data: bytes) -> Arrays:
    """What was packed, in its order.

    Raises:
        StoreError: bytes that are not safetensors.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        return {name: arrays[name] for name in json.loads(header["__metadata__"][_ORDER])}
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"Weights in the store cannot be read: {error}.") from error


def digest(*parts: Any) -> bytes:
    """16 bytes that follow from text, numbers, bytes, arrays, and sequences or mappings of such.

    >>> digest("a", 1.0) == digest("a", 1.0), digest("ab", "c") == digest("a", "bc")
    (True, False)
    """
    found = hashlib.blake2b(digest_size=16)
    for part in _flat(parts):
        found.update(len(part).to_bytes(8, "little"))
        found.update(part)
    return found.digest()


def _flat(value: Any) -> Iterable[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype.str}{value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, Mapping):
        yield from _flat([one for pair in value.items() for one in pair])
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _flat(one)
        yield f"of {len(value)}".encode()
    else:
        yield repr(value).encode()


def as_stored(figures: np.ndarray) -> np.ndarray:
    """Figures as SQLite gives them back: one NaN, and no negative zero."""
    return np.where(np.isnan(figures), np.float32(np.nan), figures + np.float32(0))
