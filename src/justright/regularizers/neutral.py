"""A technique with strengths at which it changes nothing, so that it is off in the same program."""

from __future__ import annotations

import math
from typing import Any

from justright.regularizers.branches import ActsOnBranches
from justright.regularizers.learned import LearnsAtSites
from justright.regularizers.places import ActsOnStructure
from justright.regularizers.recipe import Recipe
from justright.regularizers.schedule import Schedule
from justright.regularizers.strength import PerLayer, limits_of
from justright.regularizers.technique import Technique, fields_of

# These change the network itself: at no strength is it the one without them.
_STRUCTURAL = (ActsOnStructure, ActsOnBranches, LearnsAtSites)


def neutral_of(one: Technique) -> Technique | None:
    """The same technique switched off by its strengths: of equal structure, so of one program.

    Args:
        one: any technique.

    Returns:
        The technique at its neutral strengths; None where it has none, or where it brings
        layers, branches or numbers of its own. A schedule stays one, between neutral values.

    >>> from justright.regularizers import BatchNorm, Dropout
    >>> neutral_of(Dropout({"input": 0.2, "hidden": 0.5}))
    Dropout(rate={'input': 0.0, 'hidden': 0.0})
    >>> neutral_of(BatchNorm()) is None
    True
    """
    if isinstance(one, _STRUCTURAL):
        return None
    off: dict[str, Any] = {}
    for field in fields_of(type(one)):
        limits = limits_of(field)
        if limits is not None and limits.neutral is not None:
            off[field.name] = _switched_off(getattr(one, field.name), limits.neutral)
    if not off or None in off.values():
        return None
    kept = {field.name: getattr(one, field.name) for field in fields_of(type(one))}
    return type(one)(**kept | off)


def _switched_off(value: Any, neutral: float) -> Any:
    if isinstance(value, PerLayer):
        values = [_switched_off(one, neutral) for one in value.values]
        if None in values:
            return None
        return dict(zip(value.patterns, values, strict=True))
    if isinstance(value, Schedule):
        # Between two infinities a schedule has no numbers.
        return None if math.isinf(neutral) else value.with_values(lambda _: neutral)
    return neutral


def without_neutral(recipe: Recipe) -> Recipe:
    """A recipe's techniques that change something.

    >>> from justright.regularizers import L2, Dropout
    >>> print(without_neutral(Dropout(0) + L2(0.01)))
    L2 0.01
    """
    return Recipe(*(one for one in recipe.techniques if one != neutral_of(one)))
