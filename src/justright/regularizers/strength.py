"""Strengths: the numbers of a technique that are traced, and so never recompile.

A strength is a number that acts wherever its technique acts, or a mapping from
where to numbers: a layer's name, a pattern of names (`"dense_*"`), or one of the
words `"input"`, `"hidden"`, `"output"`. The first key that matches decides. Where a
number may stand, a schedule over epochs may too (`schedule.py`).
"""

from __future__ import annotations

import dataclasses
import fnmatch
import glob
import math
import numbers
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import jax

from justright.errors import RecipeError
from justright.regularizers.schedule import Schedule, Step

Position = Literal["input", "hidden", "output"]
POSITIONS: tuple[Position, ...] = ("input", "hidden", "output")


@dataclass(frozen=True)
class Limits:
    """Which values a strength may take, and which of them changes nothing."""

    low: float
    high: float
    low_included: bool
    high_included: bool
    neutral: float | None
    integer: bool
    by_layer: bool
    scheduled: bool
    meaning: str
    smooth: bool = False

    def __str__(self) -> str:
        if self.integer:
            return f"a whole number of at least {self.low:g}"
        left = "[" if self.low_included else "("
        right = "]" if self.high_included and not math.isinf(self.high) else ")"
        return f"a number in {left}{self.low:g}, {self.high:g}{right}"

    def admit(self, value: float) -> bool:
        """Whether `value` is a number within the limits."""
        above = value >= self.low if self.low_included else value > self.low
        below = value <= self.high if self.high_included else value < self.high
        whole = not self.integer or math.isinf(value) or value.is_integer()
        finite = not math.isinf(value) or value == self.neutral
        return above and below and whole and finite


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True)
class PerLayer:
    """A strength that differs by layer: patterns, and a number for each."""

    patterns: tuple[str, ...]
    values: tuple[Any, ...]

    def tree_flatten(self) -> tuple[tuple[Any, ...], tuple[str, ...]]:
        """The numbers are traced; the patterns are structure."""
        return self.values, self.patterns

    @classmethod
    def tree_unflatten(cls, patterns: tuple[str, ...], values: tuple[Any, ...]) -> PerLayer:
        """Inverse of `tree_flatten`."""
        return cls(patterns, tuple(values))

    def __repr__(self) -> str:
        return repr(dict(zip(self.patterns, self.values, strict=True)))


Number = float | Schedule
"""One number, or one for each epoch."""

Strength = Number | Mapping[str, Number] | PerLayer
"""What one may write for a strength. A mapping becomes a `PerLayer`."""


def strength(
    default: Any = dataclasses.MISSING,
    *,
    low: float = 0.0,
    high: float = math.inf,
    low_included: bool = True,
    high_included: bool = True,
    neutral: float | None = 0.0,
    integer: bool = False,
    by_layer: bool = True,
    scheduled: bool = True,
    smooth: bool = False,
    meaning: str,
) -> Any:
    """Declare a traced strength of a technique: its limits, its neutral value, its meaning.

    Args:
        default: the value where none is given; without one the strength is required.
        low, high, low_included, high_included: the interval that it lies in.
        neutral: the value at which the technique changes nothing, or None if there is none.
        integer: whether only whole numbers make sense.
        by_layer: whether a mapping may give each layer its own.
        scheduled: whether a schedule may change it from epoch to epoch.
        smooth: whether weights change smoothly with it where draws stay the same, so that
            training can be differentiated by it. A mask jumps where its rate passes a draw.
        meaning: one line for catalogues and error messages.

    Returns:
        A `dataclasses` field.
    """
    by_layer = by_layer and not integer
    limits = Limits(
        low,
        high,
        low_included,
        high_included,
        neutral,
        integer,
        by_layer,
        scheduled,
        meaning,
        smooth,
    )
    return dataclasses.field(default=default, metadata={"limits": limits})


def limits_of(field: dataclasses.Field[Any]) -> Limits | None:
    """The limits of a field declared by `strength`; None for a static option."""
    limits: Limits | None = field.metadata.get("limits")
    return limits


def checked(technique: str, field: str, limits: Limits, value: object) -> Strength:
    """Return a valid strength, mappings turned into `PerLayer`.

    Raises:
        RecipeError: not a number, not finite where it must be, or outside the limits.
    """
    if isinstance(value, PerLayer):
        value = dict(zip(value.patterns, value.values, strict=True))
    if isinstance(value, Mapping) and limits.by_layer:
        if not value:
            raise RecipeError(
                f"{technique}.{field} is an empty mapping. Give a number, or name at least one "
                "layer, pattern or position (input, hidden, output)."
            )
        values = (_checked_one(technique, field, limits, v) for v in value.values())
        return PerLayer(tuple(str(k) for k in value), tuple(values))
    return _checked_one(technique, field, limits, value)


def _checked_one(technique: str, field: str, limits: Limits, value: object) -> Number:
    if not isinstance(value, Schedule):
        return _checked_number(technique, field, limits, value)
    said = f"{technique}({field}={value!r})"
    if not limits.scheduled:
        raise RecipeError(
            f"{said}: {limits.meaning} holds for a whole training and takes no schedule. Give "
            f"{limits}."
        )
    # Whatever lies between two values of an interval lies in it.
    checked = value.with_values(lambda v: _checked_number(technique, field, limits, v))
    ends = checked.numbers().values()
    if not isinstance(value, Step) and (limits.integer or not all(map(math.isfinite, ends))):
        raise RecipeError(
            f"{said}: the values between {value.start!r} and {value.end!r} are not all "
            f"{limits}. Use Step, which takes no others."
        )
    return checked


def _checked_number(technique: str, field: str, limits: Limits, value: object) -> float:
    said = f"{technique}({field}={value!r})"
    # A NumPy scalar is a number to its user; an array is not.
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        by_layer = ", or a mapping from layers to such" if limits.by_layer else ""
        raise RecipeError(f"{said}: {limits.meaning} is {limits}{by_layer}.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf  # An integer beyond all floats, of either sign: no strength.
    if math.isnan(number) or not limits.admit(number):
        raise RecipeError(f"{said}: {limits.meaning} is {limits}.{_guess(limits, number)}")
    return int(number) if limits.integer and math.isfinite(number) else number


def _guess(limits: Limits, number: float) -> str:
    """A percentage is the usual slip where a fraction is wanted."""
    as_fraction = number / 100
    if limits.high <= 1 and number >= 2 and limits.admit(as_fraction):
        return f" Did you mean {as_fraction:g}?"
    return ""


def strength_at(
    value: Strength, layer: str, position: Position, default: Collection[Position]
) -> Any | None:
    """The strength that applies at one place, or None where the technique does not act.

    Args:
        value: a number, or a `PerLayer`.
        layer: the name of the layer.
        position: where the layer stands in the network.
        default: the positions at which a plain number acts.
    """
    if not isinstance(value, PerLayer):
        return value if position in default else None
    for pattern, number in zip(value.patterns, value.values, strict=True):
        if pattern in POSITIONS:
            if pattern == position:
                return number
        elif fnmatch.fnmatchcase(layer, pattern):
            return number
    return None


def literal(layer: str) -> str:
    """A pattern that a layer's name alone matches, also if it reads as a position."""
    return f"[{layer[0]}]{layer[1:]}" if layer in POSITIONS else glob.escape(layer)


def by_name(owner: str, value: Strength) -> dict[str, Any]:
    """Name the numbers of a strength for a table's columns.

    >>> by_name("L2.strength", PerLayer(("hidden",), (0.001,)))
    {'L2.strength[hidden]': 0.001}
    >>> by_name("L2.strength", Step(0.1, 0, epochs=5))
    {'L2.strength.step.start': 0.1, 'L2.strength.step.end': 0, 'L2.strength.step.epochs': 5}
    """
    if isinstance(value, PerLayer):
        pairs = zip(value.patterns, value.values, strict=True)
        return {
            name: number
            for pattern, one in pairs
            for name, number in by_name(f"{owner}[{pattern}]", one).items()
        }
    if isinstance(value, Schedule):
        return {f"{owner}.{value.key()}.{name}": n for name, n in value.numbers().items()}
    return {owner: value}
