"""The different values of targets that come piece by piece."""

from __future__ import annotations

import numpy as np

# More classes than a network of any kind tells apart here.
MOST = 2**16


class Distinct:
    """Gathers different targets.

    Attributes:
        complete: whether all are there; beyond `MOST` some are left away, which only
            numbers may be.
    """

    def __init__(self) -> None:
        self.complete = True
        self._known: list[np.ndarray] = []
        self._new = 0

    def add(self, y: np.ndarray) -> None:
        """Take further targets (rows,) or (rows, outputs) into account."""
        self._known.append(y)
        self._new += len(y)
        if self._new > MOST:
            self._merge()

    def standing_for(self, rows: int) -> np.ndarray:
        """Different targets, each so often that few among many can be told from few among few.

        Args:
            rows: how many targets there were.
        """
        self._merge()
        values = self._known[0]
        return np.resize(values, (min(rows, 10 * len(values)), *values.shape[1:]))

    def _merge(self) -> None:
        values = np.unique(np.concatenate(self._known), axis=0)
        if len(values) > MOST:
            self.complete = False
            # Targets other than 0 and 1 stay: they say that the columns are no labels.
            flat = values.reshape(len(values), -1)
            plain = ((flat == 0) | (flat == 1)).all(axis=1) if flat.dtype.kind in "biuf" else 0
            values = values[np.argsort(plain * np.ones(len(values)), kind="stable")[:MOST]]
        self._known, self._new = [values], 0
