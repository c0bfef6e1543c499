"""Everything justright raises on purpose.

    JustrightError            catch this to catch them all
    ├── BackendError          Keras or JAX is not in a state that can train
    ├── DataError             the rows, the targets or the way they are split
    ├── ModelError            the network
    ├── RecipeError           a regularizer, a strength, or how they are combined
    └── StoreError            the file that keeps a study

Each message says what was given, what is allowed, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class JustrightError(ValueError):
    """Base of every error that justright raises on purpose."""


class BackendError(JustrightError):
    """Keras or JAX is set up in a way that justright cannot train with."""


class DataError(JustrightError):
    """The rows, the targets, or the way they are split cannot be trained on."""


class ModelError(JustrightError):
    """The network cannot be read, or does not fit the data."""


class RecipeError(JustrightError):
    """A regularizer, one of its strengths, or their combination is not valid."""


class StoreError(JustrightError):
    """The file that keeps a study cannot be used: another study's, locked, full or damaged."""


MOST_LISTED = 12
"""Of more names than these only the nearest are told, or the first."""


def did_you_mean(name: object, known: Iterable[str], listed_by: str = "") -> str:
    """Return a sentence that names what is nearest, and all that is known where that is little.

    Args:
        name: that is not known.
        known: those that are.
        listed_by: what lists them all, for the reader where they are too many to tell.

    >>> did_you_mean("droput", ["dropout", "l1", "l2"])
    'Did you mean dropout? Known: dropout, l1, l2.'
    >>> did_you_mean("agee", ["age", *(f"x{i}" for i in range(99))])
    'Did you mean age? There are 100.'
    >>> did_you_mean("age", [f"x{i}" for i in range(100)], listed_by="the table")
    'There are 100: the table shows them.'
    """
    known = list(known)
    lower = {k.lower(): k for k in reversed(known)}
    near = difflib.get_close_matches(str(name).lower(), lower, n=1)
    said = f"Did you mean {lower[near[0]]}? " if near else ""
    if len(known) <= MOST_LISTED:
        return f"{said}Known: {', '.join(known)}."
    if listed_by:
        return f"{said}There are {len(known)}: {listed_by} shows them."
    if near:
        return f"{said}There are {len(known)}."
    return f"Known: {', '.join(known[:MOST_LISTED])}, … ({len(known)} in all)."


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence on a name that is not there: which one is meant, if one is near.

    >>> nearest("DropOut", ["Dropout", "L2"]), nearest("__path__", ["path"])
    ('. Did you mean Dropout?', '.')
    """
    if name.startswith("_"):  # Tools ask for such, and mean nothing else.
        return "."
    flat = {one.lower().replace("_", ""): one for one in known}
    near = difflib.get_close_matches(name.lower().replace("_", ""), flat, n=1)
    return f". Did you mean {flat[near[0]]}?" if near else "."
