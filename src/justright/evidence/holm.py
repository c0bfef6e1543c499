"""Holm's correction: of several comparisons, a false claim in one of twenty studies at most."""

from __future__ import annotations

import numpy as np


def holm(p_values: np.ndarray) -> np.ndarray:
    """Corrected p-values: below 0.05 where a claim stands among all of them.

    Args:
        p_values: (n,); NaN where nothing was tested, which then does not count.

    >>> holm(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.06, 0.06])

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
        of Statistics 6, 1979.
    """
    p_values = np.asarray(p_values, float)
    corrected = np.full(p_values.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    steps = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(1, np.maximum.accumulate(steps * p_values[order]))
    return corrected
