"""A recipe as Python that makes it again."""

from __future__ import annotations

import re

from justright.regularizers import TECHNIQUES
from justright.regularizers.recipe import Recipe
from justright.regularizers.schedule import SCHEDULES
from justright.regularizers.technique import Technique, fields_of

_OURS = {kind.__name__ for kind in (*TECHNIQUES, *SCHEDULES.values(), Recipe)}


def recipe_code(recipe: Recipe) -> str:
    """A recipe as Python.

    >>> from justright.regularizers import Dropout, EarlyStopping
    >>> recipe_code(Dropout(0.4) + EarlyStopping(20))
    'jr.Dropout(rate=0.4) + jr.EarlyStopping(patience=20)'
    """
    return " + ".join(map(_technique, recipe.techniques)) or "jr.Recipe()"


def _technique(one: Technique) -> str:
    fields = [(f.name, getattr(one, f.name), f.default) for f in fields_of(type(one))]
    given = [f"{name}={value!r}" for name, value, default in fields if value != default]
    text = re.sub(r"\binf\b", 'float("inf")', f"{type(one).__name__}({', '.join(given)})")
    return re.sub(r"\b(\w+)\(", lambda m: f"{'jr.' * (m[1] in _OURS)}{m[0]}", text)
