"""Rows that were read, with what was found out about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Pair = tuple[Any, np.ndarray]


@dataclass(frozen=True)
class Dataset:
    """Rows and targets, not divided.

    Attributes:
        name: of the file or the set.
        head: what it is, in words.
        X: (rows, …) of numbers, or a frame.
        y: (rows,) labels or numbers.
        features: the names of the columns of X; empty where they have none.
        groups: (rows,) which rows belong together, or None.
        preprocess: what makes numbers for a network of them, as in `compare`; None where they are
            taken as they are.
        validation, test: rows that are to select or judge, where there are some of their own.
        told: what was decided on the way, in sentences.
        target: the name of what is predicted; "" where it has none.
    """

    name: str
    head: str
    X: Any
    y: np.ndarray
    features: tuple[str, ...] = ()
    groups: np.ndarray | None = None
    preprocess: Any = None
    validation: Pair | None = None
    test: Pair | None = None
    told: tuple[str, ...] = ()
    target: str = ""
