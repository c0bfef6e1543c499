"""Options: what of a technique is structure rather than a strength, checked where it is written."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from justright.errors import RecipeError
from justright.regularizers.strength import Limits, checked


@dataclass(frozen=True)
class Choice:
    """The values of which an option is one."""

    values: tuple[str, ...]

    def __str__(self) -> str:
        return " or ".join(map(repr, self.values))


def option(
    *,
    default: Any,
    low: float = 0.0,
    high: float = math.inf,
    low_included: bool = True,
    high_included: bool = True,
    integer: bool = False,
) -> Any:
    """Declare an option that is a number.

    Args:
        default: the value where none is given.
        low, high, low_included, high_included: the interval that it lies in.
        integer: whether it is a whole number.

    Returns:
        A `dataclasses` field.
    """
    limits = Limits(low, high, low_included, high_included, None, integer, False, False, "it")
    return dataclasses.field(default=default, metadata={"option": limits})


def choice(*, default: Any, others: tuple[str, ...]) -> Any:
    """Declare an option that is one of some words."""
    return dataclasses.field(default=default, metadata={"option": Choice((default, *others))})


def allowed(field: dataclasses.Field[Any]) -> Limits | Choice | None:
    """What an option may be; None where it was not declared by `option` or `choice`."""
    said: Limits | Choice | None = field.metadata.get("option")
    return said


def checked_option(technique: str, field: dataclasses.Field[Any], value: Any) -> Any:
    """Return a valid option. One that is True or False by default must be one of them.

    Raises:
        RecipeError: another value than is allowed.
    """
    said = allowed(field)
    if isinstance(said, Limits):
        named = dataclasses.replace(said, meaning=field.name)
        return checked(technique, field.name, named, value)
    if isinstance(said, Choice) and value not in said.values:
        raise RecipeError(f"{technique}({field.name}={value!r}): {field.name} is {said}.")
    if isinstance(field.default, bool) and not isinstance(value, bool):
        raise RecipeError(f"{technique}({field.name}={value!r}): {field.name} is True or False.")
    return value
