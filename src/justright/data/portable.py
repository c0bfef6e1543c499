"""Fitted transformers as data that JSON holds, and back, without running what a file says.

An object is written as its class's name and its attributes. Read again, it is made without its
constructor and given its attributes, and its class must be one of the kinds below, so a file can
choose among preprocessing and its numbers and nothing else.
"""

from __future__ import annotations

import base64
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from justright.data.damaged import DAMAGED
from justright.errors import DataError

HOMES = (
    "justright.data.",
    "sklearn.compose.",
    "sklearn.decomposition.",
    "sklearn.feature_extraction.",
    "sklearn.impute.",
    "sklearn.pipeline.",
    "sklearn.preprocessing.",
)
_KEY = "is"
_DAMAGED = (*DAMAGED, ImportError)


def encoded(value: Any) -> Any:
    """What JSON can hold, from which `decoded` makes the same.

    Args:
        value: a fitted transformer, or what such are made of: arrays, numbers, text, lists,
            mappings.

    Raises:
        DataError: something else, such as a function of the user's.

    >>> from sklearn.preprocessing import StandardScaler
    >>> scaler = StandardScaler().fit([[1.0], [3.0]])
    >>> decoded(encoded(scaler)).transform([[3.0]]).tolist()
    [[1.0]]
    """
    if value is None or isinstance(value, bool | str) or type(value) is int:
        return value
    if type(value) is list:
        return [encoded(one) for one in value]
    return {_KEY: (kind := _kind_of(value)), **_WRITERS[kind](value)}


def _kind_of(value: Any) -> str:
    """Which of the kinds of value below it is."""
    function = callable(value) and hasattr(value, "__qualname__") and not isinstance(value, type)
    tests = {
        "float": type(value) is float,
        "array": isinstance(value, np.ndarray | np.generic),
        "dict": isinstance(value, dict),
        "tuple": isinstance(value, tuple),
        "slice": isinstance(value, slice),
        "dtype": isinstance(value, np.dtype)
        or (isinstance(value, type) and issubclass(value, np.generic)),
        "sparse": hasattr(value, "tocsr") and hasattr(value, "indptr"),
        "function": function,
    }
    return next((kind for kind, it_is in tests.items() if it_is), "object")


def decoded(value: Any) -> Any:
    """What was encoded.

    Raises:
        DataError: a kind of object that preprocessing is not made of, or a damaged description.
    """
    try:
        return _decoded(value)
    except _DAMAGED as error:
        raise DataError(f"This is no preprocessing: {type(error).__name__}: {error}.") from error


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(one) for one in value]
    if not isinstance(value, dict):
        return value
    return _READERS[value[_KEY]](value)


def _from_tuple(value: dict[str, Any]) -> Any:
    items = tuple(_decoded(one) for one in value["items"])
    return items if "class" not in value else _tuple(value["class"])(*items)


def _tuple_parts(value: Any) -> dict[str, Any]:
    named = {"class": _name(type(value))} if hasattr(value, "_fields") else {}
    return {"items": [encoded(one) for one in value], **named}


def _from_object(value: dict[str, Any]) -> Any:
    made: Any = object.__new__(_found(value["class"]))
    made.__dict__.update(_decoded(value["state"]))
    return made


def _from_dtype(value: dict[str, Any]) -> Any:
    found = np.dtype(value["name"])
    return found.type if value["type"] else found


def _sparse_parts(value: Any) -> dict[str, Any]:
    parts = {k: encoded(getattr(value, k)) for k in ("data", "indices", "indptr")}
    return {"kind": value.format, "shape": list(value.shape), **parts}


def _array_parts(value: Any) -> dict[str, Any]:
    array = np.asarray(value)
    described: dict[str, Any] = {"dtype": array.dtype.str, "shape": list(array.shape)}
    if isinstance(value, np.generic):
        described["scalar"] = True
    if array.dtype.kind in "OUS":
        return {**described, "items": [encoded(one) for one in array.ravel().tolist()]}
    packed = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {**described, "bytes": packed}


def _from_array(value: dict[str, Any]) -> Any:
    dtype, shape = np.dtype(value["dtype"]), tuple(value["shape"])
    if "items" in value:
        array = np.empty(len(value["items"]), dtype)
        array[:] = [_decoded(one) for one in value["items"]]
        array = array.reshape(shape)
    elif dtype.hasobject:
        raise ValueError("bytes are no objects")
    else:
        array = np.frombuffer(base64.b64decode(value["bytes"]), dtype).reshape(shape).copy()
    return array[()] if value.get("scalar") else array


def _from_sparse(value: dict[str, Any]) -> Any:
    from scipy import sparse

    if value["kind"] not in ("csr", "csc"):
        raise ValueError(f"{value['kind']!r} is no kind of sparse matrix")
    made = getattr(sparse, f"{value['kind']}_matrix")
    parts = tuple(_decoded(value[k]) for k in ("data", "indices", "indptr"))
    return made(parts, shape=tuple(value["shape"]))


def _name(thing: Any) -> str:
    """Where a class or a function is found again.

    Raises:
        DataError: nowhere that is read from.
    """
    name = f"{thing.__module__}.{thing.__qualname__}"
    if not name.startswith(HOMES) or "<" in name:
        raise DataError(
            f"The preprocessing holds a {name}, which no file can keep without code. Use "
            "transformers of scikit-learn, or apply it before."
        )
    return name


def _found(name: str) -> Any:
    """A class by its name.

    Raises:
        ValueError: one that preprocessing is not made of.
    """
    from sklearn.base import BaseEstimator

    found = _named(name)
    ours = name.startswith("justright.data.")
    if not isinstance(found, type) or not (ours or issubclass(found, BaseEstimator)):
        raise ValueError(f"{name} is no preprocessing")
    return found


def _tuple(name: str) -> Any:
    found = _named(name)
    if not isinstance(found, type) or not issubclass(found, tuple):
        raise ValueError(f"{name} is no tuple")
    return found


def _function(name: str) -> Any:
    found = _named(name)
    if not name.startswith("justright.data.") or isinstance(found, type) or not callable(found):
        raise ValueError(f"{name} is no preprocessing")
    return found


def _named(name: str) -> Any:
    if not isinstance(name, str) or not name.startswith(HOMES):
        raise ValueError(f"{name!r} is no preprocessing")
    module, _, own = name.rpartition(".")
    found = getattr(importlib.import_module(module), own)
    if getattr(found, "__module__", None) != module:
        raise ValueError(f"{name!r} is not defined there")
    return found


_WRITERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "array": _array_parts,
    "dict": lambda value: {"items": [[encoded(k), encoded(v)] for k, v in value.items()]},
    "dtype": lambda value: {"name": np.dtype(value).str, "type": isinstance(value, type)},
    "float": lambda value: {"value": repr(value)},
    "function": lambda value: {"name": _name(value)},
    "object": lambda value: {"class": _name(type(value)), "state": encoded(vars(value))},
    "slice": lambda value: {"items": [value.start, value.stop, value.step]},
    "sparse": _sparse_parts,
    "tuple": _tuple_parts,
}
_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "array": _from_array,
    "dict": lambda value: {_decoded(k): _decoded(v) for k, v in value["items"]},
    "dtype": _from_dtype,
    "float": lambda value: float(value["value"]),
    "function": lambda value: _function(value["name"]),
    "object": _from_object,
    "slice": lambda value: slice(*value["items"]),
    "sparse": _from_sparse,
    "tuple": _from_tuple,
}
