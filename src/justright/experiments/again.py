"""The arguments with which a search is asked for again."""

from __future__ import annotations

from typing import Any

from justright.experiments.budget import Budget
from justright.experiments.dimension import Dimension, Pick
from justright.experiments.explore import Explorer
from justright.experiments.space import Space
from justright.experiments.starts import starts_for


def arguments_of(explorer: Explorer, seeds: int, budget: Budget) -> dict[str, Any]:
    """The arguments of `search` beside the rows and how they train; those that are usual left out.

    Args:
        explorer: of the search.
        seeds: fresh ones of the last finalists.
        budget: of the search.
    """
    settings, setup = explorer.settings, explorer.shapes.setup
    by = explorer.looks.scale.by
    usual = {
        "seeds": 5,
        "choose": "best",
        "objective": "both" if settings.wish == "best" else "metric",
        "sampler": "tpe",
        "start": starts_for(settings.space, setup.epochs, setup.learning_rate),
        "prune": True,
        "seed": 0,
    }
    given = {
        "seeds": seeds,
        "choose": settings.wish,
        "objective": by,
        "sampler": settings.sampler,
        "start": settings.start,
        "prune": settings.prune,
        "seed": settings.seed,
    }
    base = settings.space.base
    return {
        "space": spec_of(settings.space),
        "budget": budget.trainings if budget.seconds is None else f"{budget.seconds:g}s",
        **({"base": base} if base.techniques else {}),
        **{name: value for name, value in given.items() if value != usual[name]},
    }


def spec_of(space: Space) -> dict[str, Any]:
    """A space as `search` takes it, with its ranges and options in full."""
    known = {one.name for one in space.dimensions}
    always = [one.name for one in space.ingredients if not one.optional and one.name not in known]
    return {one.name: _values(one) for one in space.dimensions} | dict.fromkeys(always, True)


def _values(one: Dimension) -> Any:
    if not isinstance(one, Pick):
        return (one.low, one.high)
    options = [option for option in one.options if option is not None]
    # A technique without strengths is there or not, which its name alone says.
    return None if options == [True] else options
