"""One thing that a search chooses, and how a sampler sees it."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from justright.errors import RecipeError

Value = float | int | bool | str | None
"""What is chosen; None is off."""

_DIGITS = 3
# From this ratio between its ends a range of positive numbers is on a log scale.
_LOG_FROM = 30


@dataclass(frozen=True)
class Amount:
    """A number of a range, or off.

    To the sampler it is one number u in [0, 1]. Where it may be off, the half below 0.5 is
    off, and a weak strength lies just above it: off is the neighbor of the weakest.

    Attributes:
        name: such as `"Dropout.rate"` or `"learning_rate"`.
        low, high: the ends, both included.
        log: whether the scale is logarithmic.
        whole: whether only whole numbers count.
        optional: whether it may be off.
    """

    name: str
    low: float
    high: float
    log: bool
    whole: bool
    optional: bool

    def value_of(self, unit: float) -> Value:
        """From the sampler's number to a value of three significant digits."""
        if self.optional:
            if unit < 0.5:
                return None
            unit = 2 * unit - 1
        ends = (self.low, self.high)
        low, high = map(math.log, ends) if self.log else ends
        inside = low + unit * (high - low)
        number = math.exp(inside) if self.log else inside
        if self.whole:
            return int(min(max(round(number), self.low), self.high))
        return min(max(float(f"{number:.{_DIGITS}g}"), self.low), self.high)

    def unit_of(self, value: Value) -> float:
        """The sampler's number for a value; values beyond the range count as its ends."""
        if value is None:
            return 0.25 if self.optional else 0.5
        number = min(max(float(value), self.low), self.high)
        low, high, number = (math.log(v) if self.log else v for v in (self.low, self.high, number))
        share = (number - low) / (high - low)
        return 0.5 + share / 2 if self.optional else share

    def __str__(self) -> str:
        off = "off or " if self.optional else ""
        scale = ", log scale" if self.log else ""
        return f"{self.name}: {off}{self.low:g} to {self.high:g}{scale}"


@dataclass(frozen=True)
class Pick:
    """One of some options, of which None is off.

    Attributes:
        name: such as `"width"` or `"BatchNorm"`.
        options: in order where they are numbers, which the sampler then takes as such.
    """

    name: str
    options: tuple[Value, ...]

    @property
    def ordered(self) -> bool:
        """Whether options are numbers, or off and numbers, and so have neighbors."""
        return all(o is None or (_is_number(o) and not isinstance(o, bool)) for o in self.options)

    def position_of(self, value: Value) -> int:
        """Where a value stands among the options; the nearest number where it is none of them."""
        if value in self.options:
            return self.options.index(value)
        if value is None or not self.ordered:
            return 0
        near = [(abs(float(o) - float(value)), i) for i, o in enumerate(self.options) if o]
        return min(near)[1]

    def __str__(self) -> str:
        return f"{self.name}: {', '.join('off' if o is None else str(o) for o in self.options)}"


Dimension = Amount | Pick


def dimension_of(name: str, given: object, optional: bool, whole: bool) -> Dimension:
    """Read a dimension: `(low, high)` is a range, a list is options, a number is fixed.

    Args:
        name: of what is chosen.
        given: what the user wrote.
        optional: whether off is one of the choices.
        whole: whether only whole numbers count.

    Raises:
        RecipeError: neither a range nor options.
    """
    if isinstance(given, tuple):
        return _range(name, given, optional, whole)
    listed = [given] if _is_number(given) else given
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        raise RecipeError(
            f"space[{name!r}] is {given!r}; give a range as a tuple (low, high), or options as a "
            "list."
        )
    if not all(_is_number(one) for one in listed):
        raise RecipeError(f"space[{name!r}] is {given!r}; options are numbers.")
    options: list[Any] = sorted(set(listed))
    return Pick(name, (None, *options) if optional else tuple(options))


def _range(name: str, given: tuple[Any, ...], optional: bool, whole: bool) -> Amount:
    if len(given) != 2 or not all(map(_is_number, given)) or not given[0] < given[1]:
        raise RecipeError(
            f"space[{name!r}] is {given!r}; a range is a tuple (low, high) of two numbers, the "
            "lower one first. Options are a list."
        )
    low, high = map(float, given)
    if not all(map(math.isfinite, (low, high))):
        raise RecipeError(f"space[{name!r}] is {given!r}; both ends of a range are finite.")
    return Amount(name, low, high, low > 0 and high / low >= _LOG_FROM, whole, optional)


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
