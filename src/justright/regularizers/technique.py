"""What every regularizer is: a frozen pytree whose strengths are leaves.

Strengths are leaves, so a compiled program takes them as arguments; options are
structure, so another option is another program.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast, dataclass_transform

import jax

from justright.errors import RecipeError
from justright.regularizers.option import checked_option, choice, option
from justright.regularizers.places import PLACES
from justright.regularizers.strength import PerLayer, by_name, checked, limits_of, strength

if TYPE_CHECKING:
    from justright.regularizers.recipe import Recipe

LISTED_BY = "`justright techniques`"
"""What tells a user all names of techniques."""

T = TypeVar("T", bound="type[Technique]")


class Technique:
    """Base of all regularizers. `places.py` says where one may act."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise RecipeError(f"The class {type(self).__name__} lacks @technique above it.")

    def __post_init__(self) -> None:
        # JAX rebuilds a technique with tracers through `_unflatten`, which
        # bypasses this: only what a user writes is checked.
        for field in fields_of(type(self)):
            kind, limits, value = type(self).__name__, limits_of(field), getattr(self, field.name)
            if limits is None:
                value = checked_option(kind, field, value)
            else:
                value = checked(kind, field.name, limits, value)
            object.__setattr__(self, field.name, value)

    def __add__(self, other: Technique | Recipe) -> Recipe:
        from justright.regularizers.recipe import Recipe

        return Recipe(self) + other

    @classmethod
    def key(cls) -> str:
        """The name in recipe texts and on the command line: `EarlyStopping` → `early_stopping`."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def strength_names(cls) -> tuple[str, ...]:
        """The names of the traced fields, in order."""
        return tuple(f.name for f in fields_of(cls) if limits_of(f) is not None)

    @classmethod
    def option_names(cls) -> tuple[str, ...]:
        """The names of the static fields, in order."""
        return tuple(f.name for f in fields_of(cls) if limits_of(f) is None)

    def reckons_with_inputs(self) -> bool:
        """Whether it takes inputs for quantities: mixes or moves them, or takes slopes by them.

        Token numbers are none. A strength at `"input"` needs no word here.
        """
        return False

    def strengths(self) -> dict[str, Any]:
        """The strengths by column name, such as `Dropout.rate`."""
        named: dict[str, Any] = {}
        for name in self.strength_names():
            named |= by_name(f"{type(self).__name__}.{name}", getattr(self, name))
        return named

    def __str__(self) -> str:
        shown = [_short(getattr(self, name)) for name in self.strength_names()]
        words = type(self).key().replace("_", " ")
        words = words.upper() if type(self).__name__.isupper() else words  # L1, EMA
        options = [
            f"{'' if value is True else 'no '}{name}"
            if isinstance(value, bool)
            else f"{name} {value}"
            for name, value in self._unusual_options().items()
        ]
        told = f" ({', '.join(options).replace('_', ' ')})" if options else ""
        return " ".join([words, *shown]) + told

    def _unusual_options(self) -> dict[str, Any]:
        """Options that are not at their defaults."""
        given = {f.name: (f.default, getattr(self, f.name)) for f in fields_of(type(self))}
        options = {name: given[name] for name in type(self).option_names()}
        return {name: value for name, (default, value) in options.items() if value != default}


@dataclass_transform(
    frozen_default=True, field_specifiers=(strength, option, choice, dataclasses.field)
)
def technique(cls: T) -> T:
    """Class decorator: make `cls` a frozen dataclass and a JAX pytree.

    Raises:
        RecipeError: a class that fills no place.
    """
    if not issubclass(cls, tuple(PLACES.values())):
        raise RecipeError(
            f"{cls.__name__} fills no place of the training step, so it would do nothing. Inherit "
            f"from one of {', '.join(place.__name__ for place in PLACES.values())}."
        )
    cls = cast(T, dataclass(frozen=True)(cls))
    as_tree(cls)
    return cls


def as_tree(cls: type[Technique]) -> None:
    """Let JAX know a class of techniques: strengths are leaves, options are structure."""
    leaves, static = cls.strength_names(), cls.option_names()

    def flatten(one: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return tuple(getattr(one, n) for n in leaves), tuple(getattr(one, n) for n in static)

    def unflatten(options: tuple[Any, ...], strengths: Any) -> Any:
        one = object.__new__(cls)
        for name, value in zip(leaves + static, (*strengths, *options), strict=True):
            object.__setattr__(one, name, value)
        return one

    jax.tree_util.register_pytree_node(cls, flatten, unflatten)


def fields_of(cls: type[Technique]) -> tuple[dataclasses.Field[Any], ...]:
    """The fields of a technique, strengths and options."""
    return dataclasses.fields(cast(Any, cls))


def _short(value: object) -> str:
    if isinstance(value, PerLayer):
        pairs = zip(value.patterns, value.values, strict=True)
        return ", ".join(f"{_short(v)} on {p}" for p, v in pairs)
    return f"{value:g}" if isinstance(value, float) else str(value)
