"""A regularization path: one penalty from none to all zero, each strength from the last's weights.

Which way the path goes follows from the network. Without hidden layers the penalized loss is
convex: the strength from which all weights are zero is computed, the path begins there at zero
and goes down, as glmnet's does. With hidden layers zero is a resting point at any strength (where
all kernels are zero none has a gradient), so a path from zero would never leave it: the path
begins with the dense network and goes up until nothing is left, as LassoNet's does. The end is
then found by trying: trainings at a row of strengths, side by side, all from the dense network.

Source: Friedman, Hastie, Tibshirani, "Regularization paths for generalized linear models via
coordinate descent", Journal of Statistical Software 33, 2010, section 2.5; Lemhadri, Ruan,
Abraham, Tibshirani, "LassoNet: a neural network with feature sparsity", JMLR 22, 2021, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, Unpack

from justright.engine.interruption import stoppable
from justright.engine.zero import is_linear
from justright.errors import DataError, RecipeError, did_you_mean
from justright.evidence.measure import Measure
from justright.experiments.given import Given
from justright.experiments.seeds import checked_seeds
from justright.experiments.setup import Setup, Training
from justright.experiments.swept import CHOOSERS, Sweep
from justright.experiments.traced import RegularizationPath
from justright.experiments.walk import Walk, spread
from justright.network.randomness import random_numbers_kept
from justright.regularizers import TECHNIQUES
from justright.regularizers.axis import Axis
from justright.regularizers.grid import Grid
from justright.regularizers.recipe import Recipe, as_recipe
from justright.regularizers.shrinkage import Shrinks
from justright.regularizers.technique import Technique
from justright.report.progress import progress_bar

POINTS, RATIO = 40, 1e-3
_BATCHES = (
    "Batches are smaller than the training rows: at the strongest strengths weights move around "
    "zero instead of resting there. Without batch_size a batch is all rows."
)


@stoppable()
@random_numbers_kept()
def path(
    model: Any,
    train: Given,
    over: str = "L1.strength",
    *,
    points: int | Sequence[float] = POINTS,
    ratio: float = RATIO,
    base: Recipe | Technique | None = None,
    seeds: int | Sequence[int] = 5,
    epochs_each: int | None = None,
    on: Literal["val_metric", "val_loss"] = "val_metric",
    progress: bool | None = None,
    **training: Unpack[Training],
) -> RegularizationPath:
    """Follow one penalty over its strengths, each training from the weights of the one before.

    A network without hidden layers is followed down from the strength from which all weights
    are zero, others up from the dense network until no weight that the penalty acts on is left.
    The network without the penalty is always on the path. Seeds and splits go side by side.

    Args:
        model: as for `compare`.
        train: as for `compare`.
        over: the strength of a penalty: of `L1`, `GroupLasso`, `ElasticNet`, `L2` or
            `WeightDecay`, named as for `sweep`.
        points: how many strengths, evenly on a logarithm, or which.
        ratio: the weakest over the strongest of them, in (0, 1).
        base: what all points have beside the penalty; nothing if None.
        seeds: how many (0, 1, …), or which; at least 0 each.
        epochs_each: epochs at each strength; a quarter of `epochs`, those of the first
            training, if None.
        on: what chooses: `"val_metric"`, or `"val_loss"`.
        progress: whether to show a progress bar; None for where someone watches.
        training: how to train: the other arguments of `compare`. Without hidden layers a
            batch is all rows if `batch_size` is None: weights do not rest at zero under
            gradients of single batches.

    Returns:
        The path. Ctrl-C ends it early, with the strengths that it has come by; a warning and its
        study's notes say so. A second Ctrl-C raises KeyboardInterrupt at once.

    Raises:
        DataError: rows, targets or parts that cannot be trained on.
        ModelError: a network that cannot be read or does not fit.
        RecipeError: something that is no strength of a penalty on weights.
    """
    recipe = Recipe() if base is None else as_recipe(base)
    axis = _penalty(over, recipe)
    if on not in CHOOSERS:
        raise DataError(f"on={on!r} chooses nothing. {did_you_mean(on, CHOOSERS)}")
    strengths, count = _strengths(axis, points, ratio)
    listed, setup = checked_seeds(seeds), Setup.of(model, train, chooses=True, **training)
    linear = setup.task.stream is None and is_linear(setup.task)
    if linear and training.get("batch_size") is None:
        setup = replace(setup, task=replace(setup.task, batch_size=setup.task.training_rows))
    notes: tuple[str, ...] = ()
    if linear and setup.task.batch_size < setup.task.training_rows:
        notes = (_BATCHES,)
    each = max(1, setup.epochs // 4) if epochs_each is None else epochs_each
    _check_whole("epochs_each", each)
    target = setup.task.objective
    measure = Measure(target.metric_name, target.higher_is_better)
    with progress_bar(progress, measure) as tell, stoppable() as run, setup.kept():
        walk = Walk(setup, axis, recipe, listed, each, tell)
        end = walk.zero_from() if linear else None
        if end is not None:
            results = walk.down(strengths or spread(end, count, ratio))
        else:
            results = walk.up(strengths, count, ratio)
    results = sorted(results, key=lambda r: r.trial.recipe.strengths()[axis.name])
    taken = tuple(dict.fromkeys(r.trial.recipe.strengths()[axis.name] for r in results))
    if end is None and strengths is None:
        notes = (*notes, walk.tried_in_words(len(results)))
    study = setup.study(results, (*notes, *setup.known(), *([run.said] if run.said else [])))
    sweep = Sweep(study, Grid((axis,), (taken,), recipe), on)
    return RegularizationPath(sweep, walk.paths, end)


def _penalty(over: str, base: Recipe) -> Axis:
    """The strength to follow.

    Raises:
        RecipeError: what does not pull weights to zero.
    """
    axis = Axis.of(over, base)
    if not issubclass(axis.kind, Shrinks):
        able = ", ".join(kind.__name__ for kind in TECHNIQUES if issubclass(kind, Shrinks))
        raise RecipeError(
            f"{axis.name} pulls no weights to zero, so it has no path from all of them to none. "
            f"Follow one of {able}, or use sweep."
        )
    return axis


def _strengths(axis: Axis, points: Any, ratio: Any) -> tuple[list[float] | None, int]:
    """The strengths that were given, without 0, or None; and how many there are to be."""
    if not isinstance(ratio, int | float) or not 0 < ratio < 1:
        raise DataError(f"ratio={ratio!r}: the weakest strength over the strongest lies in (0, 1).")
    if isinstance(points, Iterable) and not isinstance(points, str):
        given = sorted({axis.checked(value) for value in points} - {0.0})
        if not given:
            raise RecipeError(f"points={points!r} holds no strength above 0.")
        return given, len(given)
    _check_whole("points", points)
    return None, points


def _check_whole(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise DataError(f"{name}={value!r}: a whole number of at least 1 is wanted.")
