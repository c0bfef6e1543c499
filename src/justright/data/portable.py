"""Fitted transformers as data that JSON holds, and back, without running what a file says.

An object is written as its class's name and its attributes. Read again, it is made without its
constructor and given its attributes, and its class must be one of the kinds below, so a file can
choose among preprocessing and its numbers and nothing else.
"""

from __future__ import annotations

import base64
import importlib
import math
from typing import Any

import numpy as np

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
    if type(value) is float:
        return value if math.isfinite(value) else {_KEY: "float", "value": repr(value)}
    if isinstance(value, np.ndarray | np.generic):
        return _array(np.asarray(value), scalar=isinstance(value, np.generic))
    if isinstance(value, dict):
        return {_KEY: "dict", "items": [[encoded(k), encoded(v)] for k, v in value.items()]}
    if type(value) is list:
        return [encoded(one) for one in value]
    if isinstance(value, tuple):
        named = {"class": _name(type(value))} if hasattr(value, "_fields") else {}
        return {_KEY: "tuple", "items": [encoded(one) for one in value], **named}
    if isinstance(value, type) and issubclass(value, np.generic):
        return {_KEY: "dtype", "name": np.dtype(value).name}
    if hasattr(value, "tocsr") and hasattr(value, "indptr"):
        parts = {k: encoded(getattr(value, k)) for k in ("data", "indices", "indptr")}
        return {_KEY: "sparse", "kind": value.format, "shape": list(value.shape), **parts}
    if callable(value) and hasattr(value, "__qualname__") and not isinstance(value, type):
        return {_KEY: "function", "name": _name(value)}
    return {_KEY: "object", "class": _name(type(value)), "state": encoded(vars(value))}


def decoded(value: Any) -> Any:
    """What was encoded.

    Raises:
        DataError: a kind of object that preprocessing is not made of, or a damaged description.
    """
    try:
        return _decoded(value)
    except (
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        ImportError,
        RecursionError,
    ) as error:
        raise DataError(f"This is no preprocessing: {type(error).__name__}: {error}.") from error


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(one) for one in value]
    if not isinstance(value, dict):
        return value
    kind = value[_KEY]
    if kind == "float":
        return float(value["value"])
    if kind == "array":
        return _from_array(value)
    if kind == "dict":
        return {_decoded(k): _decoded(v) for k, v in value["items"]}
    if kind == "tuple":
        items = tuple(_decoded(one) for one in value["items"])
        return items if "class" not in value else _tuple(value["class"])(*items)
    if kind == "dtype":
        return np.dtype(value["name"]).type
    if kind == "sparse":
        return _from_sparse(value)
    if kind == "function":
        return _function(value["name"])
    if kind != "object":
        raise ValueError(f"{kind!r} is no kind of value")
    made: Any = object.__new__(_found(value["class"]))
    made.__dict__.update(_decoded(value["state"]))
    return made


def _array(array: np.ndarray, scalar: bool) -> dict[str, Any]:
    if array.dtype.kind in "OUS":
        items = [encoded(one) for one in array.ravel().tolist()]
        dtype = array.dtype.str
        return {_KEY: "array", "dtype": dtype, "shape": list(array.shape), "items": items}
    packed = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    described = {_KEY: "array", "dtype": array.dtype.str, "shape": list(array.shape)}
    return {**described, "bytes": packed, **({"scalar": True} if scalar else {})}


def _from_array(value: dict[str, Any]) -> Any:
    dtype, shape = np.dtype(value["dtype"]), tuple(value["shape"])
    if "items" in value:
        array = np.empty(len(value["items"]), dtype)
        array[:] = [_decoded(one) for one in value["items"]]
        return array.reshape(shape)
    if dtype.hasobject:
        raise ValueError("bytes are no objects")
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
