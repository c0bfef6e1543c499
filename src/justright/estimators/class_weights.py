"""What rows count by their class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from justright.data.weights import checked_weights
from justright.errors import DataError


def by_class(
    given: Any, classes: np.ndarray, codes: np.ndarray, own: np.ndarray | None
) -> np.ndarray | None:
    """Each row's own weight, multiplied by its class's, (rows,) of float32.

    Args:
        given: `"balanced"`, in inverse proportion to the rows of a class, or a mapping from labels
            to weights; a label that it lacks counts 1.
        classes: (classes,) labels.
        codes: (rows,) positions among them.
        own: (rows,) weights, or None if all count alike.

    Raises:
        DataError: another value, or labels that there are not.
    """
    if isinstance(given, str) and given != "balanced":
        raise DataError(f"class_weight={given!r}: give 'balanced', a mapping, or None.")
    if isinstance(given, Mapping) and (odd := set(given) - set(classes.tolist())):
        raise DataError(f"class_weight names classes that y does not hold: {sorted(odd)}.")
    weights = compute_class_weight(given, classes=classes, y=classes[codes])[codes]
    return checked_weights(weights * (1 if own is None else own), len(codes), "class_weight")
