"""Inputs made of other inputs: bytes, and JSON as a tree."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from harness.target import Draw

NUMBERS = (
    b"0", b"-1", b"1", b"2", b"-0", b"1e400", b"-1e308", b"1e-320", b"nan", b"inf", b"-inf", b"1_0",
    b"0x10", b"9223372036854775808", b"-9223372036854775809", b"0.1", b"1.", b".5", b"1,5",
    b"9" * 400, b"9" * 5000, "١٢".encode(), "²".encode(), b"1e5", b"+1",
)  # fmt: skip
TEXTS = (
    b"", b" ", b"\n", b"\r", b"\r\n", b"\t", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf",
    b"\xf0\x9f\x92\xa9", b'"', b'""', b"'", b"\\", b"\xed\xa0\x80", "\u2028\u202e".encode(),
    b"<script>", b"[bold]", b"[/]", b"%s%n", b"../", b"A" * 300, b"=1+1",
)  # fmt: skip
_HOW_MANY = (1, 1, 1, 2, 2, 4)
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**80, 10**400, 0.5, -0.0, 1e308, float("nan"),
    float("inf"), "", " ", "x", "\x00", "\ud800", "é" * 300, "os.system", "__class__", [], {}, [[]],
    [None], {"": None}, {"is": "object"}, {"class_name": "Lambda"},
)  # fmt: skip


def mutated_bytes(data: bytes, draw: Draw, tokens: Sequence[bytes] = ()) -> bytes:
    """Bytes with a few changes.

    Args:
        data: what is changed.
        draw: decides.
        tokens: words of the language that is spoken.
    """
    words = (*tokens, *TEXTS, *NUMBERS)
    for _ in range(draw.choice(_HOW_MANY)):
        data = draw.choice(_CHANGES)(data, draw, words)
    return data


def _cut(data: bytes, draw: Draw) -> tuple[int, int]:
    start = draw.randint(0, len(data))
    return start, min(len(data), start + draw.choice((1, 1, 2, 4, 16, 256)))


def _flipped(data: bytes, draw: Draw, _: Sequence[bytes]) -> bytes:
    if not data:
        return data
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << draw.randrange(8))]) + data[at + 1 :]


def _removed(data: bytes, draw: Draw, _: Sequence[bytes]) -> bytes:
    start, end = _cut(data, draw)
    return data[:start] + data[end:]


def _repeated(data: bytes, draw: Draw, _: Sequence[bytes]) -> bytes:
    start, end = _cut(data, draw)
    return data[:end] + data[start:end] * draw.choice((1, 1, 2, 40)) + data[end:]


def _inserted(data: bytes, draw: Draw, words: Sequence[bytes]) -> bytes:
    start = draw.randint(0, len(data))
    return data[:start] + draw.choice(words) + data[start:]


def _replaced(data: bytes, draw: Draw, words: Sequence[bytes]) -> bytes:
    start, end = _cut(data, draw)
    return data[:start] + draw.choice(words) + data[end:]


def _renumbered(data: bytes, draw: Draw, _: Sequence[bytes]) -> bytes:
    found = list(re.finditer(rb"[-+]?\d+(?:\.\d+)?", data[:20_000]))
    if not found:
        return data
    one = draw.choice(found)
    return data[: one.start()] + draw.choice(NUMBERS) + data[one.end() :]


def _ended(data: bytes, draw: Draw, _: Sequence[bytes]) -> bytes:
    return data[: draw.randint(0, len(data))]


_CHANGES: tuple[Callable[[bytes, Draw, Sequence[bytes]], bytes], ...] = (
    _flipped, _removed, _repeated, _inserted, _replaced, _renumbered, _ended, _inserted, _replaced,
)  # fmt: skip


def mutated_json(data: bytes, draw: Draw, values: Sequence[Any] = ()) -> bytes:
    """JSON with a few nodes changed; other bytes as `mutated_bytes` changes them."""
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return mutated_bytes(data, draw)
    if draw.random() < 0.1:
        return mutated_bytes(data, draw)
    if draw.random() < 0.01:
        return b"[" * 100_000
    for _ in range(draw.choice(_HOW_MANY)):
        tree = _mutated_tree(tree, draw, (*values, *VALUES))
    return json.dumps(tree).encode()


def _mutated_tree(tree: Any, draw: Draw, values: Sequence[Any]) -> Any:
    """The tree, of which one node is changed in place; or another one instead."""
    places = list(_places(tree))
    if not places:
        return copy.deepcopy(draw.choice(values))
    inside, key = draw.choice(places)
    change = draw.randrange(5)
    if change == 0:
        del inside[key]
    elif change == 1 and isinstance(inside, dict):
        other = draw.choice([*map(str, values[:6]), *inside])
        inside[other] = inside.pop(key)
    elif change == 2:
        other, at = draw.choice(places)
        if at in other if isinstance(other, dict) else at < len(other):
            inside[key] = copy.deepcopy(other[at])
    else:
        inside[key] = copy.deepcopy(draw.choice(values))
    return tree


def _places(tree: Any) -> Any:
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list):
            for key in list(one) if isinstance(one, dict) else range(len(one)):
                yield one, key
                waiting.append(one[key])
