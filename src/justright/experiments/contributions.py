"""Train a recipe without some of its techniques, to see what each of them brings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Unpack

from justright.engine.trial import Trial
from justright.errors import RecipeError
from justright.evidence.contributions import drawn_orders, prefixes
from justright.evidence.shares import Subset, subsets_of
from justright.experiments.seeds import checked_seeds
from justright.experiments.setup import Setup, Training
from justright.network.randomness import random_numbers_kept
from justright.regularizers.neutral import neutral_of
from justright.regularizers.recipe import Recipe, as_recipe
from justright.regularizers.technique import Technique
from justright.report.contributions import Contributions

# Of so many techniques all subsets are trained: 64.
MOST_WITH_ALL = 6
_ORDERS = 4
PLAIN = "plain"


@random_numbers_kept()
def contributions(
    model: Any,
    train: Any,
    recipe: Recipe | Technique,
    *,
    orders: int | None = None,
    on: str | None = None,
    seeds: int | Sequence[int] = 10,
    progress: bool | None = None,
    **training: Unpack[Training],
) -> Contributions:
    """Train a recipe without some of its techniques, and say what each of them brings.

    Up to six techniques all subsets are trained; of more, for each seed and split some orders of
    them, in which one after the other is added. A technique that is left out stands at its
    neutral strengths in the same compiled program, where it has such.

    Args:
        model, train: as in `compare`.
        recipe: of at least one technique.
        orders: how many orders for each seed and split, an even number, as each is taken
            backwards too; all subsets where there are at most six techniques, else 4, if None.
        on: as in `Study.verdict`: a column of the table; the test metric if None, or the
            validation metric without test rows.
        seeds, progress: as in `compare`.
        training: how to train, as in `compare`: validation, test, splits, epochs, ….

    Returns:
        The contributions; `study` among them has all trainings.

    Raises:
        DataError, ModelError, RecipeError: as `compare`; a recipe without techniques, or one
            of which some part cannot be trained.
    """
    full = as_recipe(recipe)
    _check(full, orders)
    members = len(full.techniques)
    count = orders if orders is not None or members <= MOST_WITH_ALL else _ORDERS
    setup = Setup.of(model, train, **training)
    trials: list[Trial] = []
    wanted: dict[Subset, None] = {}
    runs = [(seed, split) for split in range(setup.splits) for seed in checked_seeds(seeds)]
    parts = {run: _parts(members, run, count) for run in runs}
    for of_run in parts.values():
        wanted |= dict.fromkeys(of_run)
    for part in wanted:
        name, one = _named(full, part)
        trials += [
            trial
            for trial in setup.trials(name, one, checked_seeds(seeds))
            if part in parts[trial.seed, trial.split]
        ]
    try:
        study = setup.train(trials, progress)
    except RecipeError as error:
        raise RecipeError(
            f"Some part of the recipe {full!s} cannot be trained without the rest of it: {error}"
        ) from error
    return study.contributions(str(full), on)


def _parts(members: int, run: tuple[int, int], orders: int | None) -> list[Subset]:
    """What to train in one run, the whole recipe and none of it first."""
    team = frozenset(range(members))
    if orders is None:
        return [team, *(one for one in subsets_of(team) if one != team)]
    near = [team - set(away) for size in (1, 2) for away in combinations(sorted(team), size)]
    ends = [team, frozenset(), *(frozenset([i]) for i in sorted(team)), *near]
    added = (part for order in drawn_orders(*run, orders, members) for part in prefixes(order))
    return list(dict.fromkeys([*ends, *added]))


def _named(full: Recipe, part: Subset) -> tuple[str, Recipe]:
    """A part of a recipe and its name; the others are off, or left out where they cannot be."""
    kept = Recipe(*(one for i, one in enumerate(full.techniques) if i in part))
    techniques = [one if i in part else _switched_off(one) for i, one in enumerate(full.techniques)]
    name = str(kept) if part else PLAIN
    return name, Recipe(*(one for one in techniques if one is not None))


def _switched_off(one: Technique) -> Technique | None:
    """A technique that is off in the program; None where it is out of it."""
    # What needs no program costs nothing to leave out.
    return neutral_of(one) if Recipe(one).in_program().techniques else None


def _check(recipe: Recipe, orders: int | None) -> None:
    if not recipe.techniques:
        raise RecipeError("The recipe is empty: give one with techniques, as in Dropout(0.4).")
    for one in recipe.techniques:
        if one == neutral_of(one):
            raise RecipeError(
                f"{one!r} changes nothing at these strengths, so it contributes nothing. Take it "
                "out of the recipe."
            )
    if orders is not None and (not isinstance(orders, int) or orders < 2 or orders % 2):
        raise RecipeError(f"orders={orders!r}: give an even number of at least 2, or None.")
