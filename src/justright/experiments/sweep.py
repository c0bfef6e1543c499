"""Sweep strengths: what each of them does, where the best lies, and whether any is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, Unpack

from justright.engine.interruption import CutShort, stop_asked, stoppable
from justright.engine.trial import Trial
from justright.errors import DataError, did_you_mean
from justright.experiments.cut_short import whole_seeds
from justright.experiments.given import Given
from justright.experiments.seeds import checked_seeds
from justright.experiments.setup import Setup, Training
from justright.experiments.swept import CHOOSERS, Sweep
from justright.network.randomness import random_numbers_kept
from justright.regularizers.grid import Grid, Over, Point
from justright.regularizers.recipe import Recipe, as_recipe
from justright.regularizers.technique import Technique
from justright.study import Study

MOST_ROUNDS = 8


@stoppable()
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

    Returns:
        What was found. Ctrl-C ends it early, with the seeds that all points have; a warning and
        the study's notes say so. A second Ctrl-C raises KeyboardInterrupt at once.

    Raises:
        DataError: rows, targets or parts that cannot be trained on.
        KeyboardInterrupt: Ctrl-C before there was a training of each point.
        ModelError: a network that cannot be read or does not fit.
        RecipeError: a strength that is not known, or values outside its range.
    """
    grid = Grid.of(over, Recipe() if base is None else as_recipe(base), zero)
    if on not in CHOOSERS:
        raise DataError(f"on={on!r} chooses nothing. {did_you_mean(on, CHOOSERS)}")
    rounds = MOST_ROUNDS if expand else 0
    setup, listed = Setup.of(model, train, chooses=True, **training), checked_seeds(seeds)
    trials = _trials(setup, grid.points, listed)
    each = len(grid.points) * setup.splits
    study = setup.train(trials, progress, cut_short=True, seeds_of=each)
    found = Sweep(_whole(study, grid), grid, on)
    while rounds and not stop_asked() and (wider := found.widened()):
        known = set(found.study.recipes)
        fresh = [point for point in wider.points if point.name not in known]
        more = setup.train(_trials(setup, fresh, listed), progress, cut_short=True)
        if stop_asked():
            return replace(found, study=replace(found.study, notes=more.notes))
        joined = replace(more, results=[*found.study.results, *more.results])
        found, rounds = Sweep(_whole(joined, wider), wider, on), rounds - 1
    return found


def _trials(setup: Setup, points: Sequence[Point], seeds: Sequence[int]) -> list[Trial]:
    """All points with one seed, then with the next: cut short, there are whole seeds."""
    return [
        trial
        for seed in seeds
        for point in points
        for trial in setup.trials(point.name, point.recipe, [seed])
    ]


def _whole(study: Study, grid: Grid) -> Study:
    """The study of the seeds that all points and splits have, in the order of the grid.

    Raises:
        CutShort: there are none.
    """
    whole = whole_seeds(study.results, len(grid.points) * len(study.task.rows.train))
    if not whole:
        raise CutShort
    order = {point.name: i for i, point in enumerate(grid.points)}
    ordered = sorted(whole, key=lambda r: (order[r.trial.name], r.trial.split))
    return replace(study, results=ordered)
