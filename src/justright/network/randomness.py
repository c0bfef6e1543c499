"""Random numbers of justright's own: Keras draws a seed for each layer that is made.

It takes them from Python's generator, which all threads share. What another thread draws in
between (a cluster's client, a notebook's server) would change a network's initial values, and
putting the generator's state back would undo what that thread has drawn. So Keras is given
numbers that belong to the thread which asks.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from keras.src.random import seed_generator

# Of this thread; None where Keras draws from Python's generator as ever.
_OWN: ContextVar[random.Random | None] = ContextVar("own_random", default=None)


class _PythonsOrOwn:
    """Python's `random` as Keras sees it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_OWN.get() or random, name)


vars(seed_generator)["python_random"] = _PythonsOrOwn()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let layers that are made in this block draw the same numbers each time.

    Args:
        seed: as for `random.seed`.
    """
    with _drawing_from(random.Random(seed)):
        yield


@contextmanager
def random_numbers_kept() -> Iterator[None]:
    """Leave Python's generator alone while layers are made in this block."""
    own = random.Random()
    own.setstate(random.getstate())
    with _drawing_from(own):
        yield


@contextmanager
def _drawing_from(own: random.Random) -> Iterator[None]:
    token = _OWN.set(own)
    try:
        yield
    finally:
        _OWN.reset(token)
