"""What each row counts: numbers of at least 0, one a row."""

from __future__ import annotations

import numpy as np

from justright.data.arrays import as_array, check_length
from justright.errors import DataError


def checked_weights(weights: object, rows: int, where: str = "sample_weight") -> np.ndarray | None:
    """Weights as float32, (rows,); None if none are given.

    Args:
        weights: (rows,) or None.
        rows: how many there must be.
        where: what to call them in an error message.

    Raises:
        DataError: another shape, a weight that is negative or no number, or none above 0.
    """
    if weights is None:
        return None
    array = as_array(weights, where)
    if array.dtype.kind not in "biuf":
        try:
            array = array.astype(np.float64)
        except (ValueError, TypeError) as error:
            raise DataError(f"{where} holds {array.dtype}, and numbers are wanted.") from error
    if array.ndim != 1:
        raise DataError(f"{where} has shape {array.shape}; one number a row is wanted, ({rows},).")
    check_length("X", rows, where, len(array))
    single = array.astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(single) | (single < 0))
    if len(bad):
        raise DataError(
            f"{where} holds {array[bad[0]]} in row {bad[0]}; weights are finite numbers "
            "of at least 0."
        )
    if not single.any():
        # scikit-learn's checks want the words weight and zero.
        raise DataError(f"{where} is zero in all rows, so none counts. Give some a weight above 0.")
    return single
