"""One strength that is varied: what `"Dropout.rate"` names, and how to put numbers there."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from justright.errors import RecipeError, did_you_mean
from justright.regularizers import TECHNIQUES
from justright.regularizers.recipe import Recipe
from justright.regularizers.schedule import Schedule
from justright.regularizers.strength import Limits, PerLayer, checked, limits_of
from justright.regularizers.technique import LISTED_BY, Technique, fields_of

_KEY = re.compile(r"(?P<kind>[^.\[\]]+)(\.(?P<field>[^.\[\]]+))?(\[(?P<where>[^\[\]]+)\])?")


@dataclass(frozen=True)
class Axis:
    """A strength of a technique, as the thing that an experiment varies.

    Attributes:
        kind: the technique.
        field: the name of its strength.
        where: the layer, pattern or position that has the strength, as `"hidden"`; None for
            one number wherever the technique acts.
    """

    kind: type[Technique]
    field: str
    where: str | None = None

    @classmethod
    def of(cls, key: str, base: Recipe) -> Axis:
        """Read a key: `"Dropout.rate"`, `"dropout"`, `"elastic_net.l1"`, `"L2.strength[hidden]"`.

        The field may be left out where the technique has one strength. Both spellings of a
        technique's name are read: that of the class, and that of recipes as text.

        Args:
            key: what to vary.
            base: its techniques are known as well as those that ship.

        Raises:
            RecipeError: an unknown technique or strength, or one that differs by layer in
                `base` where the key does not say which.
        """
        read = _KEY.fullmatch(str(key).strip())
        if not read:
            raise RecipeError(
                f"{key!r} names no strength. Write Technique.strength, such as Dropout.rate, or "
                "L2.strength[hidden] for those of some layers."
            )
        kind = _kind(read["kind"].strip(), base)
        axis = cls(kind, _field(kind, read["field"]), read["where"])
        axis._check_where(base)
        return axis

    @property
    def name(self) -> str:
        """As in a study's table: `"Dropout.rate"`, `"L2.strength[hidden]"`."""
        return f"{self.kind.__name__}.{self.field}" + (f"[{self.where}]" if self.where else "")

    @property
    def key(self) -> str:
        """As in recipes as text: `"dropout"`, `"elastic_net.l1"`, `"l2[hidden]"`."""
        field = f".{self.field}" if len(self.kind.strength_names()) > 1 else ""
        return self.kind.key() + field + (f"[{self.where}]" if self.where else "")

    @property
    def words(self) -> str:
        """In words: `"dropout rate"`, `"L2 strength on hidden"`, `"max norm"`."""
        name, field = self.kind.__name__, self.field.replace("_", " ")
        words = name if name.isupper() else self.kind.key().replace("_", " ")
        words += f" {field}" * (field not in words)
        return f"{words} on {self.where}" if self.where else words

    @property
    def limits(self) -> Limits:
        """Which values it may take."""
        field = next(f for f in fields_of(self.kind) if f.name == self.field)
        limits = limits_of(field)
        if limits is None:
            raise RecipeError(f"{self.name} is an option, not a strength.")
        return limits

    @property
    def neutral(self) -> float | None:
        """The value at which it changes nothing; None if there is none."""
        return self.limits.neutral

    @property
    def stronger(self) -> int:
        """1 where larger values regularize more, −1 where smaller ones do, 0 if unknown."""
        limits = self.limits
        if limits.neutral is None:
            return 0
        return -1 if limits.neutral >= limits.high else 1

    def checked(self, value: object) -> float:
        """A valid number.

        Raises:
            RecipeError: not a number, or outside the limits.
        """
        if isinstance(value, Mapping | PerLayer | Schedule):
            raise RecipeError(
                f"{self.name}: {value!r} is no number. A grid holds numbers; for one layer's "
                f"strength name it in the key, as in {self.kind.__name__}.{self.field}[hidden]."
            )
        number: Any = checked(self.kind.__name__, self.field, self.limits, value)
        return float(number)

    def show(self, value: float) -> str:
        """A value in words: `"0.2"`, `"infinity"`."""
        return "infinity" if math.isinf(value) else short(value)

    def _check_where(self, base: Recipe) -> None:
        given = _in(base, self.kind)
        value = getattr(given, self.field) if given else None
        if self.where is None and isinstance(value, PerLayer):
            each = ", ".join(f"{self.name}[{pattern}]" for pattern in value.patterns)
            raise RecipeError(f"{self.name} differs by layer in the base recipe. Vary one: {each}.")
        if self.where is not None and not self.limits.by_layer:
            raise RecipeError(f"{self.name}: {self.limits.meaning} does not differ by layer.")


def with_values(base: Recipe, axes: Sequence[Axis], values: Sequence[float]) -> Recipe:
    """The base recipe with numbers in the place of the strengths that are varied.

    Techniques that the base does not hold are added behind its own.

    Raises:
        RecipeError: a technique that would lack another strength.
    """
    changes: dict[type[Technique], dict[str, Any]] = {}
    for axis, value in zip(axes, values, strict=True):
        fields = changes.setdefault(axis.kind, {})
        number = _number(axis, value)
        before = fields.get(axis.field, getattr(_in(base, axis.kind), axis.field, None))
        fields[axis.field] = number if axis.where is None else _at(before, axis.where, number)
    kept = [_changed(one, changes.pop(type(one), {})) for one in base.techniques]
    return Recipe(*kept, *(_made(kind, fields) for kind, fields in changes.items()))


def without(recipe: Recipe, axes: Sequence[Axis], values: Sequence[float]) -> Recipe:
    """The recipe without the techniques that these values switch off."""
    off = {
        axis.kind
        for axis, value in zip(axes, values, strict=True)
        if value == axis.neutral and axis.where is None and len(axis.kind.strength_names()) == 1
    }
    return Recipe(*(one for one in recipe.techniques if type(one) not in off))


def short(value: float) -> str:
    """A number in as few characters as tell it from others."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def _number(axis: Axis, value: float) -> float:
    return int(value) if axis.limits.integer and math.isfinite(value) else value


def _at(before: Any, where: str, number: float) -> dict[str, Any]:
    """A strength by layer with one number changed; the pattern stands first if it is new."""
    if isinstance(before, PerLayer):
        before = dict(zip(before.patterns, before.values, strict=True))
    others = before if isinstance(before, dict) else {}
    return {**others, where: number} if where in others else {where: number, **others}


def _changed(one: Technique, fields: Mapping[str, Any]) -> Technique:
    given: Any = one
    changed: Technique = dataclasses.replace(given, **fields) if fields else one
    return changed


def _made(kind: type[Technique], fields: Mapping[str, Any]) -> Technique:
    missing = [
        f"{kind.__name__}.{field.name}"
        for field in fields_of(kind)
        if field.default is dataclasses.MISSING and field.name not in fields
    ]
    if missing:
        raise RecipeError(
            f"{' and '.join(missing)} has no value. Vary it too, or give a base recipe that holds "
            f"{kind.__name__}."
        )
    return kind(**fields)


def _in(recipe: Recipe, kind: type[Technique]) -> Technique | None:
    return next((one for one in recipe.techniques if type(one) is kind), None)


def _kind(name: str, base: Recipe) -> type[Technique]:
    kinds: dict[type[Technique], None] = dict.fromkeys(TECHNIQUES)
    kinds |= {type(one): None for one in base.techniques}
    wanted = _flat(name)
    for kind in kinds:
        if wanted == _flat(kind.__name__):
            return kind
    known = [kind.__name__ for kind in kinds if kind.strength_names()]
    raise RecipeError(f"{name!r} is no regularizer. {did_you_mean(name, known, LISTED_BY)}")


def _flat(name: str) -> str:
    return re.sub(r"[_\- ]", "", name).lower()


def _field(kind: type[Technique], given: str | None) -> str:
    names = kind.strength_names()
    if given is None and len(names) == 1:
        return names[0]
    if not names:
        raise RecipeError(f"{kind.__name__} has no strength to vary: it is there or it is not.")
    each = ", ".join(f"{kind.__name__}.{name}" for name in names)
    if given is None:
        raise RecipeError(f"{kind.__name__} has {len(names)} strengths. Name one: {each}.")
    if given.strip() not in names:
        raise RecipeError(f"{kind.__name__} has no strength {given!r}. Known: {each}.")
    return given.strip()
