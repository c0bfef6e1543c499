"""Everything justright raises on purpose.

    JustrightError            catch this to catch them all
    ├── BackendError          Keras or JAX is not in a state that can train
    ├── DataError             the rows, the targets or the way they are split
    ├── ModelError            the network
    └── RecipeError           a regularizer, a strength, or how they are combined

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


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return a sentence that lists what is known, nearest first where one is near.

    >>> did_you_mean("droput", ["dropout", "l1", "l2"])
    'Did you mean dropout? Known: dropout, l1, l2.'
    """
    known = list(known)
    near = difflib.get_close_matches(str(name).lower(), [k.lower() for k in known], n=1)
    listing = f"Known: {', '.join(known)}."
    if not near:
        return listing
    match = next(k for k in known if k.lower() == near[0])
    return f"Did you mean {match}? {listing}"
