"""A recipe: an ordered combination of regularizers."""

from __future__ import annotations

import dataclasses
from html import escape
from typing import Any, TypeVar

import jax

from justright.errors import RecipeError
from justright.regularizers.places import PLACES, ActsOnStopping, StopRule
from justright.regularizers.schedule import settled
from justright.regularizers.strength import POSITIONS, PerLayer
from justright.regularizers.technique import Technique

P = TypeVar("P")

NEVER_STOP = StopRule(
    patience=2**30, min_delta=0.0, start_from_epoch=0, restore_best=False, by_metric=False
)


@jax.tree_util.register_pytree_node_class
@dataclasses.dataclass(frozen=True, init=False, repr=False)
class Recipe:
    """Regularizers that act together; the empty recipe is the baseline.

    Where two of them fill the same place of the training step they act in the
    order given. `a + b` composes.

    >>> from justright.regularizers import Dropout, L2
    >>> Dropout(0.4) + L2(0.001)
    Recipe(Dropout(rate=0.4), L2(strength=0.001))

    Raises:
        RecipeError: something that is not a regularizer, or the same kind twice.
    """

    techniques: tuple[Technique, ...]

    def __init__(self, *regularizers: Technique | Recipe) -> None:
        techniques: list[Technique] = []
        for one in regularizers:
            techniques += one.techniques if isinstance(one, Recipe) else [_technique(one)]
        kinds = [type(t).__name__ for t in techniques]
        twice = sorted({k for k in kinds if kinds.count(k) > 1})
        if twice:
            raise RecipeError(
                f"A recipe holds each regularizer once, and {' and '.join(twice)} came twice. "
                'For strengths that differ by layer give a mapping, as in Dropout({"input": 0.2, '
                '"hidden": 0.5}).'
            )
        object.__setattr__(self, "techniques", tuple(techniques))

    def __add__(self, other: Technique | Recipe) -> Recipe:
        return Recipe(self, other)

    def __repr__(self) -> str:
        return f"Recipe({', '.join(map(repr, self.techniques))})"

    def __str__(self) -> str:
        return " + ".join(map(str, self.techniques)) or "no regularization"

    def _repr_html_(self) -> str:
        """A line a technique, for notebooks."""
        if not self.techniques:
            return "<p>No regularization: the baseline.</p>"
        lines = "".join(f"<li>{_line(one)}</li>" for one in self.techniques)
        return f"<ol>{lines}</ol>"

    def tree_flatten(self) -> tuple[tuple[Technique, ...], None]:
        """The techniques are children; a recipe has no structure beside them."""
        return self.techniques, None

    @classmethod
    def tree_unflatten(cls, _: None, techniques: tuple[Technique, ...]) -> Recipe:
        """Inverse of `tree_flatten`."""
        one = object.__new__(cls)
        object.__setattr__(one, "techniques", tuple(techniques))
        return one

    def filling(self, place: type[P]) -> tuple[P, ...]:
        """The techniques that fill `place`, in order."""
        return tuple(t for t in self.techniques if isinstance(t, place))

    def strengths(self) -> dict[str, Any]:
        """All strengths by column name, such as `{"Dropout.rate": 0.4}`."""
        named: dict[str, Any] = {}
        for one in self.techniques:
            named |= one.strengths()
        return named

    def at(self, epoch: jax.Array | int) -> Recipe:
        """The recipe of one epoch, counted from 0: numbers where it has schedules."""
        recipe: Recipe = settled(self, epoch)
        return recipe

    def in_epoch(self, epoch: int) -> Recipe:
        """As `at`, for people and for Keras: epochs count from 1, and numbers are Python's."""
        one = self.at(max(epoch - 1, 0))
        recipe: Recipe = jax.tree.map(lambda v: float(v) if isinstance(v, jax.Array) else v, one)
        return recipe

    def stop_rule(self) -> StopRule:
        """The rule of the technique that says when to stop; never, without one."""
        rules = [t.stop_rule() for t in self.filling(ActsOnStopping)]
        if len(rules) > 1:
            raise RecipeError("A recipe holds one rule for when to stop; keep one of them.")
        return rules[0] if rules else NEVER_STOP

    def in_program(self) -> Recipe:
        """The part that is compiled. A rule for when to stop is data and needs no program."""
        others = [place for place in PLACES.values() if place is not ActsOnStopping]
        return Recipe(*(t for t in self.techniques if isinstance(t, tuple(others))))

    def structure(self) -> tuple[Any, ...]:
        """What must be equal for two recipes to share one compiled program."""
        return (jax.tree_util.tree_structure(self.in_program()),)

    def names_layers(self) -> bool:
        """Whether a strength differs by layers that it names, rather than by position."""
        strengths = (getattr(one, name) for one in self.techniques for name in one.strength_names())
        return any(
            pattern not in POSITIONS
            for value in strengths
            if isinstance(value, PerLayer)
            for pattern in value.patterns
        )

    def check_layers(self, layers: tuple[str, ...]) -> None:
        """Refuse a per-layer strength that names no layer of the network.

        Raises:
            RecipeError: a pattern that matches nothing.
        """
        for one in self.techniques:
            for name in one.strength_names():
                value = getattr(one, name)
                for pattern in value.patterns if isinstance(value, PerLayer) else ():
                    _check_pattern(f"{type(one).__name__}.{name}", pattern, layers)


def _line(one: Technique) -> str:
    said = (type(one).__doc__ or "").strip().split("\n")[0].replace("`", "")
    return f"<code>{escape(repr(one))}</code> {escape(said)}"


def _technique(one: object) -> Technique:
    if isinstance(one, Technique):
        return one
    mend = f" Write {one.__name__}(…)." if isinstance(one, type) else ""
    raise RecipeError(f"A recipe is made of regularizers, and {one!r} is none.{mend}")


def _check_pattern(owner: str, pattern: str, layers: tuple[str, ...]) -> None:
    import fnmatch

    if pattern in POSITIONS or any(fnmatch.fnmatchcase(layer, pattern) for layer in layers):
        return
    raise RecipeError(
        f"{owner} names the layer {pattern!r}, and the network has none such. "
        f"Its layers: {', '.join(layers)}; or use input, hidden, output."
    )


def as_recipe(one: Recipe | Technique) -> Recipe:
    """A recipe, also from a single regularizer."""
    return one if isinstance(one, Recipe) else Recipe(one)
