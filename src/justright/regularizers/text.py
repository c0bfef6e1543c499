"""Recipes as text, for the command line: `dropout=0.4,l2=1e-3,early_stopping=20`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from justright.errors import RecipeError, did_you_mean
from justright.regularizers import TECHNIQUES
from justright.regularizers.recipe import Recipe
from justright.regularizers.schedule import SCHEDULES
from justright.regularizers.strength import Number, Strength, limits_of
from justright.regularizers.technique import LISTED_BY, Technique, fields_of

PLAIN = "plain"

_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}
# Between two places; in 1e+3 it belongs to the number.
_PLUS = re.compile(r"(?<![\d.][eE])\+")


def parse_recipe(text: str) -> Recipe:
    """Read a recipe: regularizers by comma, each `name=strength`.

    Several strengths of one stand by colon (`elastic_net=1e-4:1e-3`), and the last may be
    left out where they have defaults; one without strengths stands alone (`batch_norm`).
    Options follow by name (`drop_connect=0.3:inference=gaussian`,
    `snapshot_ensemble:members=5`). Underscores in names of techniques may be left out
    (`cutmix=1`), and capitals do not matter. `plain` or nothing is the empty recipe. A
    schedule is its name, start, end and epochs by slash: `dropout=linear/0/0.5/20`. A
    strength that differs by layer names where (a layer, a pattern, or input, hidden,
    output) and the number there, or a schedule, by slash, and the next place by plus.

    Raises:
        RecipeError: all faults of the text, in one message.

    >>> parse_recipe("dropout=0.4, l2=1e-3")
    Recipe(Dropout(rate=0.4), L2(strength=0.001))
    >>> parse_recipe("dropout=input/0.2+hidden/0.5")
    Recipe(Dropout(rate={'input': 0.2, 'hidden': 0.5}))
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if parts == [PLAIN]:
        return Recipe()
    techniques, faults = [], []
    for part in parts:
        try:
            techniques.append(_parse_one(part))
        except RecipeError as fault:
            faults.append(str(fault))
    recipe = Recipe()
    for one in techniques:
        try:
            recipe = recipe + one
        except RecipeError as fault:
            faults.append(str(fault))
    if faults:
        raise RecipeError(f"In the recipe {text!r}: {' '.join(dict.fromkeys(faults))}")
    return recipe


def parse_over(texts: Sequence[str]) -> dict[str, list[float] | None]:
    """Read what to vary: `dropout=0,0.2,0.5`, or a name alone for usual values.

    Raises:
        RecipeError: a text without a name, or a value that is no number.

    >>> parse_over(["dropout=0,0.5", "elastic_net.l1"])
    {'dropout': [0.0, 0.5], 'elastic_net.l1': None}
    """
    over: dict[str, list[float] | None] = {}
    for text in texts:
        name, has_values, values = (part.strip() for part in text.partition("="))
        if not name or (has_values and not values):
            raise RecipeError(f"{text!r} says nothing to vary; write dropout=0,0.2,0.5 or dropout.")
        if name in over:
            raise RecipeError(f"{name} came twice. Give it one list of values.")
        over[name] = [_number(text, value) for value in values.split(",")] if values else None
    return over


def _parse_one(part: str) -> Technique:
    head, *further = part.split(":")
    name, has_value, value = head.partition("=")
    kinds = {kind.key(): kind for kind in TECHNIQUES}
    key = name.strip().lower().replace("-", "_")
    kind = {_joined(known): one for known, one in kinds.items()}.get(_joined(key))
    if kind is None:
        if "/" in name and not has_value:
            raise RecipeError(
                f"{name.strip()!r} is no regularizer. Join places by plus: "
                "dropout=input/0.2+hidden/0.5."
            )
        raise RecipeError(
            f"{name.strip()!r} is no regularizer. {did_you_mean(key, kinds, LISTED_BY)}"
        )
    names = kind.strength_names()
    assigned = [text.partition("=") for text in further if "=" in text]
    texts = [*([value] if has_value else []), *(text for text in further if "=" not in text)]
    if not _required(kind) <= len(texts) <= len(names):
        form = f"{kind.key()}={':'.join(name.upper() for name in names)}" if names else kind.key()
        raise RecipeError(f"{part!r} has {len(texts)} strengths; write {form}.")
    strengths = {name: _strength(part, text) for name, text in zip(names, texts, strict=False)}
    return kind(**strengths, **_options(part, kind, assigned))


def _options(
    part: str, kind: type[Technique], assigned: Sequence[tuple[str, str, str]]
) -> dict[str, bool | float | str]:
    """Options by name; whether a value is allowed says the technique."""
    known = {field.name: field for field in fields_of(kind) if limits_of(field) is None}
    found: dict[str, bool | float | str] = {}
    for name, _, value in ((n.strip(), sign, v.strip()) for n, sign, v in assigned):
        if name not in known:
            said = did_you_mean(name, known) if known else f"{kind.__name__} has none."
            raise RecipeError(f"In {part!r}, {name!r} is no option. {said}")
        if name in found:
            raise RecipeError(f"In {part!r}, {name!r} came twice.")
        default = known[name].default
        if isinstance(default, bool):
            found[name] = _TRUTHS.get(value.lower(), value)
        elif isinstance(default, str):
            found[name] = value
        else:
            number = _number(part, value)
            found[name] = int(number) if isinstance(default, int) and number % 1 == 0 else number
    return found


def _joined(name: str) -> str:
    """A name without what is left out at will."""
    return name.replace("_", "").replace(" ", "")


def _required(kind: type[Technique]) -> int:
    """How many strengths have no default; they come first."""
    fields = (field for field in fields_of(kind) if limits_of(field) is not None)
    return sum(field.default is dataclasses.MISSING for field in fields)


def _strength(part: str, text: str) -> Strength:
    """A number, a schedule, or a mapping from places to such."""
    first = text.partition("/")[0].strip()
    if "/" not in text or first.lower() in SCHEDULES:
        return _number_or_schedule(part, text)
    found: dict[str, Number] = {}
    for piece in _PLUS.split(text):
        where, slash, value = piece.partition("/")
        where = where.strip()
        if not slash or not where or _is_number(where):
            raise RecipeError(
                f"In {part!r}, {piece.strip()!r} does not say where; write WHERE/NUMBER, such as "
                "input/0.2+hidden/0.5."
            )
        if where in found:
            raise RecipeError(f"In {part!r}, {where!r} came twice.")
        found[where] = _number_or_schedule(part, value)
    return found


def _number_or_schedule(part: str, text: str) -> Number:
    name, *values = (word.strip() for word in text.split("/"))
    if not values:
        return _number(part, text)
    kind = SCHEDULES.get(name.lower())
    if kind is None or len(values) != 3:
        raise RecipeError(
            f"In {part!r}, {text!r} is no schedule; write linear/START/END/EPOCHS, or cosine or "
            "step in place of linear."
        )
    start, end, epochs = (_number(part, value) for value in values)
    return kind(start, end, int(epochs) if epochs.is_integer() else epochs)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(part: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        hint = " Separate regularizers by commas." if "+" in text or " " in text.strip() else ""
        hint = " Give a fraction, such as 0.4." if text.strip().endswith("%") else hint
        raise RecipeError(f"In {part!r}, {text!r} is not a number.{hint}") from None
