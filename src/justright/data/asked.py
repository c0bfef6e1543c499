"""How an experiment was asked to take its rows, as Python that asks for the same again."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from justright.data.dataset import Dataset
from justright.data.frames import is_frame

_LONG = 1_000_000
Form = Literal["pair", "table", "file", "stream"]
"""Of rows: X and y, a frame that holds the target, the path of a file, or a source on disk."""


@dataclass(frozen=True)
class Asked:
    """The arguments that say what becomes of the rows.

    Attributes:
        arguments: as Python, by name; what Python cannot say in a line stands as its own name.
        imports: the lines that these want.
        form: of the rows.
        train: the rows as Python: the path of a file, or their argument's name.
    """

    arguments: tuple[tuple[str, str], ...] = ()
    imports: tuple[str, ...] = ()
    form: Form = "pair"
    train: str = "train"

    @classmethod
    def of(cls, given: Mapping[str, Any], train: Any = None) -> Asked:
        """From what was given; what is None was not.

        Args:
            given: arguments by name.
            train: the rows.

        >>> Asked.of({"target": "sick", "splits": 3, "groups": [1, 1, 2], "test": None}).arguments
        (('target', "'sick'"), ('splits', '3'), ('groups', 'groups'))
        """
        arguments, imports = [], set()
        for name, value in given.items():
            if value is None:
                continue
            text, lines = _as_python(value)
            arguments.append((name, text or name))
            imports |= lines
        path = isinstance(train, str | Path)
        named = repr(str(train)) if path else "train"
        return cls(tuple(arguments), tuple(sorted(imports)), _form_of(train), named)


def _form_of(train: Any) -> Form:
    if isinstance(train, str | Path):
        return "file"
    if isinstance(train, tuple | list) or train is None:
        return "pair"
    return "table" if is_frame(train) or isinstance(train, Dataset) else "stream"


def _as_python(value: Any) -> tuple[str, set[str]]:
    """A value as Python, and the imports that it wants; "" for what has none."""
    if isinstance(value, str | int | float):
        # NumPy's floats are floats that name themselves otherwise.
        return repr(float(value) if isinstance(value, float) else value), set()
    if not _known(type(value)):
        return "", set()
    # scikit-learn's own shortens what is long, and breaks lines.
    long = getattr(type(value), "get_params", None) is not None
    text = " ".join((value.__repr__(N_CHAR_MAX=_LONG) if long else repr(value)).split())
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return "", set()
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    free = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    kinds = {type(one).__name__: type(one) for one in _parts(value)}
    if not called or free != called or not all(_known(kinds.get(name)) for name in called):
        return "", set()
    return text, {f"from {_home(kinds[name])} import {name}" for name in called}


def _parts(value: Any) -> Iterator[Any]:
    """A transformer and all that it is made of."""
    yield value
    if isinstance(value, list | tuple):
        for one in value:
            yield from _parts(one)
    elif hasattr(type(value), "get_params"):
        for one in value.get_params(deep=False).values():
            yield from _parts(one)


def _known(kind: type | None) -> bool:
    """Whether a class is scikit-learn's or ours, and can be imported from a public place."""
    if kind is None or kind.__module__.split(".")[0] not in ("sklearn", "justright"):
        return False
    return getattr(import_module(_home(kind)), kind.__name__, None) is kind


def _home(kind: type) -> str:
    """From where a class is imported: `"sklearn.preprocessing"`, `"justright"`."""
    parts = kind.__module__.split(".")
    if parts[0] == "justright":
        return "justright"
    return ".".join(part for part in parts if not part.startswith("_"))
