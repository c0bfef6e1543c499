"""Sweep strengths: what each of them does, where the best lies, and whether any is needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, Unpack

from justright.engine.trial import Trial
from justright.errors import DataError, did_you_mean
from justright.experiments.given import Given
from justright.experiments.setup import Setup, Training, checked_seeds
from justright.experiments.swept import CHOOSERS, Sweep
from justright.network.weights import random_numbers_kept
from justright.regularizers.grid import Grid, Over, Point
from justright.regularizers.recipe import Recipe, as_recipe
from justright.regularizers.technique import Technique
from justright.study import Study

MOST_ROUNDS = 8


@random_numbers_kept()
def sweep(
    model: Any,
    train: Given,
    over: Over,
    *,
    base: Recipe | Technique | None = None,
    seeds: int | Sequence[int] = 10,
    zero: bool = True,
    expand: bool = False,
    on: Literal["val_metric", "val_loss"] = "val_metric",
    progress: bool | None = None,
    **training: Unpack[Training],
) -> Sweep:
    """Train every combination of some strengths with every seed and split, as one program.

    Args:
        model: as for `compare`.
        train: as for `compare`.
        over: from the name of a strength to its values: `{"Dropout.rate": [0, 0.2, 0.5]}`.
            The name is that of a study's table; the strength's part may be left out where the
            technique has one, and the technique's may be spelled as on the command line:
            `"Dropout.rate"`, `"dropout"`, `"ElasticNet.l1"`. `"L2.strength[hidden]"` varies
            that of some layers. None in the place of the values tries usual ones; so does a
            name, or a list of names, in the place of the mapping.
        base: what all points have beside the strengths that are varied, the other strengths of
            their techniques among it; nothing if None.
        seeds: how many (0, 1, …), or which; at least 0 each.
        zero: whether the value at which a strength changes nothing is always tried (0, or
            infinity where smaller is stronger), so that "you do not need it" can come out.
        expand: whether to widen the grid while the best lies at its edge, until it is inside
            or the strength can go no further; at most 8 times.
        on: what chooses: `"val_metric"`, or `"val_loss"`.
        progress: whether to show a progress bar; None for where someone watches.
        training: how to train: the other arguments of `compare`, such as `validation`,
            `test`, `epochs` and `batch_size`.

    Raises:
        DataError: rows, targets or parts that cannot be trained on.
        ModelError: a network that cannot be read or does not fit.
        RecipeError: a strength that is not known, or values outside its range.
    """
    grid = Grid.of(over, Recipe() if base is None else as_recipe(base), zero)
    if on not in CHOOSERS:
        raise DataError(f"on={on!r} chooses nothing. {did_you_mean(on, CHOOSERS)}")
    rounds = MOST_ROUNDS if expand else 0
    setup, listed = Setup.of(model, train, chooses=True, **training), checked_seeds(seeds)
    found = Sweep(setup.train(_trials(setup, grid.points, listed), progress), grid, on)
    while rounds and (wider := found.widened()):
        known = set(found.study.recipes)
        fresh = [point for point in wider.points if point.name not in known]
        more = setup.train(_trials(setup, fresh, listed), progress)
        found, rounds = Sweep(_joined(found.study, more, wider), wider, on), rounds - 1
    return found


def _trials(setup: Setup, points: Iterable[Point], seeds: Sequence[int]) -> list[Trial]:
    return [t for point in points for t in setup.trials(point.name, point.recipe, seeds)]


def _joined(study: Study, more: Study, grid: Grid) -> Study:
    """One study of all trials, in the order of the grid."""
    order = {point.name: i for i, point in enumerate(grid.points)}
    results = [*study.results, *more.results]
    return replace(study, results=sorted(results, key=lambda r: order[r.trial.name]))
