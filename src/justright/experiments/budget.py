"""How much a search may cost: trainings, or seconds."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import numpy as np

from justright.errors import DataError

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600}


@dataclass(frozen=True)
class Budget:
    """What a search may cost; one of the two is None.

    Attributes:
        trainings: how many are begun at most, those that are given up included.
        seconds: how long it takes, about: it is looked at between batches.
    """

    trainings: int | None
    seconds: float | None

    def __str__(self) -> str:
        if self.trainings is not None:
            return f"{self.trainings} trainings"
        return f"{self.seconds:g} seconds"


def budget_of(given: object) -> Budget:
    """Read `200`, `"200"`, `"60s"`, `"10m"`, `"1h"`.

    Raises:
        DataError: anything else.
    """
    counted = isinstance(given, int | np.integer) and not isinstance(given, bool)
    text = str(given).strip().lower() if counted or isinstance(given, str) else ""
    if text.isdecimal() and int(text) >= 1:
        return Budget(int(text), None)
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]+)", text)
    if match and match[2] in _UNITS and float(match[1]) > 0:
        return Budget(None, float(match[1]) * _UNITS[match[2]])
    raise DataError(
        f"budget={given!r}: give a number of trainings, at least 1, or a time such as '60s', "
        "'10m' or '1h'."
    )


class Clock:
    """Seconds since a search has begun."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """So far."""
        return time.monotonic() - self._began
