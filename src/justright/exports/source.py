"""Python source made of parts, formatted as ruff and black would, user's strings quoted."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

WIDTH = 88
_INDENT = "    "


@dataclass(frozen=True)
class Bracketed:
    """Something in brackets: a call, a list, a tuple.

    Attributes:
        head: what stands before the bracket: a function's name, or nothing.
        items: by position; text is source.
        named: by keyword.
        brackets: which.
    """

    head: str
    items: Sequence[Source] = ()
    named: Mapping[str, Source] = field(default_factory=dict)
    brackets: tuple[str, str] = ("(", ")")


Source = str | Bracketed


def call(function: str, *items: Source, **named: Source) -> Bracketed:
    """A call."""
    return Bracketed(function, items, named)


def listed(items: Sequence[Source]) -> Bracketed:
    """A list."""
    return Bracketed("", items, brackets=("[", "]"))


def rendered(source: Source, before: str = "", after: str = "", indent: int = 0) -> str:
    """Source text on one line if it fits, and with an item a line if not.

    Args:
        source: what to write.
        before: what stands on its first line before it, such as `"model = "`.
        after: what stands behind it, such as `","`.
        indent: by how many steps all of it is indented.
    """
    margin = _INDENT * indent
    line = f"{margin}{before}{_flat(source)}{after}"
    if isinstance(source, str) or len(line) <= WIDTH:
        return line
    opening, closing = source.brackets
    inner = [rendered(item, "", ",", indent + 1) for item in source.items]
    inner += [rendered(item, f"{key}=", ",", indent + 1) for key, item in source.named.items()]
    return "\n".join(
        [f"{margin}{before}{source.head}{opening}", *inner, f"{margin}{closing}{after}"]
    )


def _flat(source: Source) -> str:
    if isinstance(source, str):
        return source
    items = [*map(_flat, source.items)]
    items += [f"{key}={_flat(item)}" for key, item in source.named.items()]
    opening, closing = source.brackets
    comma = "," if source.brackets[0] == "(" and not source.head and len(items) == 1 else ""
    return f"{source.head}{opening}{', '.join(items)}{comma}{closing}"


def literal(value: object) -> Source:
    """A plain Python value as source.

    Raises:
        TypeError: a value that is not made of text, numbers, lists, tuples and None.
    """
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool | int):
        return repr(value)
    if isinstance(value, float | np.floating):
        return _number(float(value))
    if isinstance(value, list):
        return listed([literal(v) for v in value])
    if isinstance(value, tuple):
        return Bracketed("", [literal(v) for v in value])
    raise TypeError(f"{type(value).__name__} cannot be written as source.")


def quoted(text: str) -> str:
    """A string literal that holds exactly `text`, whatever is in it; ASCII alone.

    >>> print(quoted("O'Brien"), quoted('");import os#'))
    "O'Brien" '");import os#'
    """
    plain = ascii(text)
    inner = plain[1:-1]
    if plain[0] == "'" and '"' not in inner:
        inner = inner.replace("\\'", "'")
        return f'"{inner}"'
    return plain


def comment(text: str, indent: int = 0) -> str:
    """Text as a comment, wrapped; what could end the line is escaped."""
    safe = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    margin = _INDENT * indent + "# "
    return textwrap.fill(
        safe,
        WIDTH,
        initial_indent=margin,
        subsequent_indent=margin,
        break_on_hyphens=False,
    )


def _number(value: float) -> str:
    """The shortest text of a number; of one that was kept in 32 bits, the one that was meant."""
    if np.isinf(value) or np.isnan(value):
        return f'float("{value}")'
    if float(np.float32(value)) == value:
        value = float(str(np.float32(value)))
    return repr(value)
