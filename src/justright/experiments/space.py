"""The space of a search: from what a user names to dimensions, and from a point to a recipe.

A technique whose neutral strength changes nothing, and that costs no further pass, stands in
every program of the search: that it is left out of a recipe is then a number too. What changes
the network's structure, or doubles the price of a step, has programs of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, replace
from functools import cached_property
from typing import Any

from justright.errors import RecipeError, did_you_mean
from justright.experiments.dimension import Dimension, Pick, Value, dimension_of
from justright.regularizers import TECHNIQUES
from justright.regularizers.branches import ActsOnBranches
from justright.regularizers.catalog import entry_of
from justright.regularizers.learned import LearnsAtSites
from justright.regularizers.places import ActsOnEnsemble, ActsOnStopping, ActsOnStructure
from justright.regularizers.recipe import Recipe
from justright.regularizers.strength import Limits, limits_of
from justright.regularizers.technique import LISTED_BY, Technique, fields_of

Point = Mapping[str, Value]
"""What is chosen, by name; what is off is not in it."""
Spec = Mapping[str, Any] | Sequence[Any]
Ranges = Mapping[str, Mapping[str, Any]]

SIZES = ("width", "depth")
RATE = "learning_rate"
_NAME = re.compile(r"(?P<kind>\w+)\.(?P<strength>\w+)(\[(?P<where>.+)\])?")


@dataclass(frozen=True)
class Ingredient:
    """A technique that a search may put into a recipe.

    Attributes:
        kind: its class.
        like: the technique of the base recipe whose options it has, or None.
        dimensions: `(strength, where)` by the dimension's name; `where` is None where the
            strength is one number for all layers.
        fixed: strengths that stay as they are.
        optional: whether a recipe may be without it.
    """

    kind: type[Technique]
    like: Technique | None
    dimensions: Mapping[str, tuple[str, str | None]]
    fixed: Mapping[str, Any]
    optional: bool

    @property
    def name(self) -> str:
        """The class's name, which is the dimension of one that has no strengths."""
        return self.kind.__name__

    @cached_property
    def in_every_program(self) -> bool:
        """Whether the program of a recipe without it is that of one with it."""
        if not self.optional or not _is_free(self.kind):
            return False
        named = {strength for strength, _ in self.dimensions.values()}
        return any(_limits(self.kind)[name].neutral is not None for name in named)

    @property
    def has_own_program(self) -> bool:
        """Whether it takes another program than recipes without it."""
        return not (self.in_every_program or issubclass(self.kind, ActsOnStopping))

    def is_in(self, point: Point) -> bool:
        """Whether a point's recipe has it."""
        return not self.optional or any(name in point for name in (*self.dimensions, self.name))

    def technique(self, point: Point) -> Technique:
        """It with a point's strengths; neutral where the point has none."""
        given: dict[str, Any] = dict(self.fixed)
        for name, (strength, where) in self.dimensions.items():
            value = point.get(name)
            number = self._neutral(strength) if value is None else value
            if where is None:
                given[strength] = number
            else:
                given.setdefault(strength, {})[where] = number
        like: Any = self.like
        made: Technique = self.kind(**given) if like is None else replace(like, **given)
        return made

    def _neutral(self, strength: str) -> Any:
        limits = _limits(self.kind)[strength]
        if limits.neutral is not None:
            return limits.neutral
        return limits.low if limits.low_included else 1.0


@dataclass(frozen=True)
class Space:
    """What a search may choose.

    Attributes:
        dimensions: in order.
        ingredients: the techniques, in the order of the recipe.
        base: what every recipe has beside them.
    """

    dimensions: tuple[Dimension, ...]
    ingredients: tuple[Ingredient, ...]
    base: Recipe

    def recipe(self, point: Point) -> Recipe:
        """The recipe of a point: without what is off."""
        return self._with(point, [one for one in self.ingredients if one.is_in(point)])

    def in_program(self, point: Point) -> Recipe:
        """The recipe to train: what may be off at no cost stands in it at its neutral strength."""
        kept = [one for one in self.ingredients if one.in_every_program or one.is_in(point)]
        return self._with(point, kept)

    def _with(self, point: Point, ingredients: Iterable[Ingredient]) -> Recipe:
        ours = {one.kind for one in self.ingredients}
        others = [one for one in self.base.techniques if type(one) not in ours]
        return Recipe(*others, *(one.technique(point) for one in ingredients))

    def structure(self, point: Point) -> tuple[Any, ...]:
        """What decides on the compiled program: the network's size, and what has its own."""
        own = (one.is_in(point) for one in self.ingredients if one.has_own_program)
        return (*(point.get(size) for size in SIZES), *own)

    def admitted(self, point: Point) -> Point:
        """A point in the order of the dimensions, without what the space does not have.

        What must be chosen and is not named takes the middle of its range.
        """
        chosen: dict[str, Value] = {}
        for dimension in self.dimensions:
            value = point.get(dimension.name)
            if isinstance(dimension, Pick):
                value = dimension.options[dimension.position_of(value)]
            elif value is not None or not dimension.optional:
                value = dimension.value_of(dimension.unit_of(value))
            if value is not None:
                chosen[dimension.name] = value
        return chosen

    def __str__(self) -> str:
        return "\n".join(map(str, self.dimensions))


def space_of(spec: Spec, ranges: Ranges, base: Recipe, sizes: bool, rate: bool) -> Space:
    """Read a space.

    Args:
        spec: names of techniques, for which `ranges` says the rest; or a mapping from
            `"Dropout.rate"`, `"Dropout.rate[hidden]"`, `"BatchNorm"`, `"width"`, `"depth"`,
            `"learning_rate"` to ranges and options.
        ranges: by technique and strength.
        base: what every recipe has.
        sizes: whether the network's size may be chosen.
        rate: whether the learning rate may be.

    Raises:
        RecipeError: an unknown name, no range, a value that the strength does not take.
    """
    given = dict(spec) if isinstance(spec, Mapping) else {name_of(one): None for one in spec}
    if not given:
        raise RecipeError("space is empty. Name at least one technique, such as 'Dropout'.")
    dimensions: list[Dimension] = []
    grouped: dict[type[Technique], dict[str, Any]] = {}
    for name, values in given.items():
        if name in (*SIZES, RATE):
            _check_free(name, sizes if name in SIZES else rate)
            dimensions.append(_positive(dimension_of(name, values, False, name in SIZES)))
        else:
            kind = _kind(name.partition(".")[0])
            grouped.setdefault(kind, {})[name] = values
    ingredients = []
    for kind, named in grouped.items():
        made, ingredient = _ingredient(kind, named, ranges.get(kind.__name__), base)
        dimensions += made
        ingredients.append(ingredient)
    space = Space(tuple(dimensions), tuple(ingredients), base)
    _check_ends(space)
    return space


def _ingredient(
    kind: type[Technique], named: dict[str, Any], usual: Mapping[str, Any] | None, base: Recipe
) -> tuple[list[Dimension], Ingredient]:
    if issubclass(kind, ActsOnEnsemble):
        raise RecipeError(
            f"space names {kind.__name__}, which wants cycles of the learning rate beside it. Put "
            f"both into base, as in base=WarmRestarts(10, 2) + {kind.__name__}()."
        )
    bare = [name for name in named if "." not in name]
    optional = not any(named.pop(name) in (True, [True]) for name in bare)
    like = next((one for one in base.techniques if type(one) is kind), None)
    limits = _limits(kind)
    places: dict[str, tuple[str, str | None]] = {}
    for name in named:
        match = _NAME.fullmatch(name)
        if match is None or match["strength"] not in limits:
            raise RecipeError(
                f"space has {name!r}, and {kind.__name__} has no such strength. "
                f"{did_you_mean(name, [f'{kind.__name__}.{s}' for s in limits])}"
            )
        places[f"{kind.__name__}{name[name.index('.') :]}"] = match["strength"], match["where"]
    values = dict(zip(places, named.values(), strict=True))
    fixed: dict[str, Any] = {}
    for strength in limits:
        if strength in (one for one, _ in places.values()):
            continue
        usually = None if usual is None else usual.get(strength)
        if like is not None and usually is not None and places:
            fixed[strength] = getattr(like, strength)
        elif isinstance(usually, tuple | list):
            name = f"{kind.__name__}.{strength}"
            places[name], values[name] = (strength, None), usually
        elif usually is not None:
            fixed[strength] = usually
        elif _has_no_default(kind, strength):
            raise RecipeError(
                f"space names {kind.__name__} and says no range of its {strength}. Give one, as in "
                f'{{"{kind.__name__}.{strength}": (low, high)}}.'
            )
    made: list[Dimension] = []
    for name, (strength, where) in places.items():
        off = optional and (where is not None or not made)
        made.append(dimension_of(name, values[name], off, limits[strength].integer))
    if not made and optional:
        made.append(Pick(kind.__name__, (None, True)))
    return made, Ingredient(kind, like, places, fixed, optional)


def _check_ends(space: Space) -> None:
    """Refuse ranges whose ends the techniques do not take."""
    for at_end in (0, -1):
        ends = {
            one.name: one.options[at_end] if isinstance(one, Pick) else (one.low, one.high)[at_end]
            for one in space.dimensions
        }
        for ingredient in space.ingredients:
            ingredient.technique(ends)


def _check_free(name: str, free: bool) -> None:
    if free:
        return
    why = (
        "the model is given, and its layers stay as they are. Leave it out, or give None as model"
        if name in SIZES
        else "the optimizer has a schedule for it. Leave it out, or give the optimizer a number"
    )
    raise RecipeError(f"space has {name!r}, but {why}.")


def _positive(dimension: Dimension) -> Dimension:
    options = dimension.options if isinstance(dimension, Pick) else (dimension.low,)
    if min(float(o or 0) for o in options) <= 0:
        raise RecipeError(f"space has {dimension}; all values are above 0.")
    if dimension.name in SIZES and not isinstance(dimension, Pick):
        raise RecipeError(
            f"space[{dimension.name!r}] is a range, and each size is a program of its own. Give a "
            "list, such as [32, 128, 512]."
        )
    return dimension


def _kind(name: str) -> type[Technique]:
    known = {kind.__name__.lower(): kind for kind in TECHNIQUES}
    known |= {kind.key(): kind for kind in TECHNIQUES}
    wanted = name.strip().lower().replace("-", "_")
    if wanted not in known:
        names = [kind.__name__ for kind in TECHNIQUES]
        raise RecipeError(
            f"space has {name!r}, which is no technique. "
            f"{did_you_mean(name, [*SIZES, RATE, *names], LISTED_BY)}"
        )
    return known[wanted]


def name_of(one: object) -> str:
    """The name of what is given by name or by class.

    Raises:
        RecipeError: it is neither.
    """
    if isinstance(one, type) and issubclass(one, Technique):
        return one.__name__
    if isinstance(one, str):
        return one
    raise RecipeError(f"space has {one!r}; name techniques, as in ['Dropout', 'L2'].")


def _is_free(kind: type[Technique]) -> bool:
    """Whether it leaves the network's structure alone and takes no further pass."""
    own_program = (ActsOnStructure, ActsOnBranches, ActsOnStopping, LearnsAtSites)
    return not issubclass(kind, own_program) and entry_of(kind).extra_passes == 0


def _limits(kind: type[Technique]) -> dict[str, Limits]:
    return {f.name: limits for f in fields_of(kind) if (limits := limits_of(f)) is not None}


def _has_no_default(kind: type[Technique], strength: str) -> bool:
    return any(f.name == strength and f.default is MISSING for f in fields_of(kind))
