"""The numbers that a search's words are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from justright.experiments.choice import TRAININGS_A_SEED
from justright.regularizers.places import ActsOnStopping
from justright.report.search import LEAST_BUDGET, Facts

if TYPE_CHECKING:
    from justright.experiments.found import Search


def facts_of(search: Search) -> Facts:
    """What a search says of itself, in numbers.

    Args:
        search: that has ended.
    """
    explorer = search.hunt.explorer
    model = explorer.shapes.of(search.point).task.blueprint.model
    units = None
    if search.hidden is not None:
        units = (model.input_shape[-1], *search.hidden, model.output_shape[-1])
    space = explorer.settings.space
    return Facts(
        budget=str(search.budget),
        explored=len(search.explored),
        given_up=sum(one.outcome == "pruned" for one in search.explored),
        failed=sum(one.outcome == "failed" for one in search.records),
        fresh=len(search.finals),
        seeds=len({one.seed for one in search.finals}),
        asked_seeds=search.hunt.seeds,
        seeds_cost=TRAININGS_A_SEED * search.hunt.seeds,
        pays=search.budget.trainings is None or search.budget.trainings >= LEAST_BUDGET,
        programs=len({space.structure(one.point) for one in search.records}),
        recipe=str(search.recipe),
        units=units,
        learning_rate=search.learning_rate,
        epochs=search.epochs,
        stops=bool(search.recipe.filling(ActsOnStopping)),
        smallest_gap=explorer.settings.wish == "smallest gap",
        validation=search.validation,
        test=search.test if search.has_test else None,
        gap=search.gap,
        optimism=search.optimism,
        verdict=search.verdict,
        measure=search.measure,
        test_apart=search.overlap.test_apart,
    )
