"""A network that is given by the units of its hidden layers."""

from __future__ import annotations

from typing import Any

from justright.errors import ModelError
from justright.whole import is_whole


def units_given(model: Any) -> tuple[int, ...]:
    """Units of hidden layers where they stand for a network; none for anything else.

    Raises:
        ModelError: a list of something else.

    >>> units_given([128, 64]), units_given(None)
    ((128, 64), ())
    """
    if not isinstance(model, tuple | list):
        return ()
    whole = [is_whole(units) and units > 0 for units in model]
    if not whole or not all(whole):
        raise ModelError(
            f"model={model!r}: units of hidden layers are whole numbers of at least 1, as in "
            "(128, 64)."
        )
    return tuple(int(units) for units in model)
