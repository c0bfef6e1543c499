"""Tune strengths by the derivative of the validation loss through the whole training."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from justright.data.arrays import check_count
from justright.engine.hypergradient import slopes_of
from justright.errors import DataError, RecipeError, did_you_mean
from justright.evidence.descent import Point, descend, doubts_of, told
from justright.evidence.estimate import estimate
from justright.evidence.measure import Measure
from justright.experiments.given import Given
from justright.experiments.seeds import checked_seeds
from justright.experiments.setup import Setup, Training
from justright.network.randomness import random_numbers_kept
from justright.regularizers.adversarial_training import AdversarialTraining
from justright.regularizers.named import limits_by_name, with_strengths
from justright.regularizers.places import ActsOnStopping, ActsOnUpdate
from justright.regularizers.recipe import Recipe, as_recipe
from justright.regularizers.technique import Technique
from justright.report.progress import search_bar

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# What of its range a strength may take: at 1 a drop probability divides by zero.
_BELOW_HIGH = 0.99


@dataclass(frozen=True, repr=False)
class Tuned:
    """Strengths that were moved along the derivative of the validation loss.

    Attributes:
        recipe: with the best strengths that were seen; as it was given, where the derivative
            was refused.
        table: one row for each time the derivative was taken or probed. Columns: kind (step,
            probe), each strength, val_loss (mean over seeds and splits), val_error (its
            standard error, which allows for the rows that splits share), train_loss, val_metric,
            and by each strength the slope of val_loss along its natural logarithm.
        doubts: when not to trust them, in sentences; the first says why, where the derivative
            was refused.
        notes: of the task, in sentences.
    """

    recipe: Recipe
    table: pd.DataFrame
    doubts: tuple[str, ...]
    notes: tuple[str, ...]
    _words: str = field(repr=False)

    def __repr__(self) -> str:
        doubt = "" if self.trusted else ", not to be trusted"
        return f"<Tuned to {self.recipe}{doubt}>"

    @property
    def trusted(self) -> bool:
        """Whether nothing speaks against them."""
        return not self.doubts

    def summary(self) -> str:
        """What was found, and when not to trust it."""
        doubts = ["Not to be trusted:", *self.doubts] if self.doubts else []
        return " ".join([self._words, *doubts])

    def plot(self) -> Figure:
        """The losses and the strengths, step by step."""
        from justright.report.tuning import draw_tuning

        return draw_tuning(self.table)


@random_numbers_kept()
def tune_strengths(
    model: Any,
    train: Given,
    recipe: Recipe | Technique,
    *,
    over: str | Sequence[str] | None = None,
    steps: int = 12,
    span: float = 1e3,
    seeds: int | Sequence[int] = 3,
    progress: bool | None = None,
    **training: Unpack[Training],
) -> Tuned:
    """Descend to the strengths with the lowest validation loss, by derivatives through training.

    The derivative of the validation loss after all epochs by the logarithms of the strengths is
    carried along with the weights, step by step: exact, and for d strengths at most 1 + 2d times
    a training. Steps that grow and shrink (Rprop) follow the signs of its mean over seeds and
    splits, all of which keep their draws. So several strengths, such as one for each layer, are
    tuned at the price of a few trainings, where a grid grows with the power of their number.

    Before a step is taken the derivative must foretell what a change of the strengths by a
    quarter really does. Where it does not (training is chaotic, or the derivative explodes) it
    is refused, and the recipe comes back as it was given.

    Args:
        model, train: as for `compare`; rows in memory.
        recipe: where to start. The strengths to tune are more than 0.
        over: which strengths: names such as `"L2.strength"` or `"L2.strength[hidden]"`, or
            patterns of names; all that have a derivative if None.
        steps: of the descent, at most.
        span: no strength leaves its start by more than this factor.
        seeds: how many, or which; each trains at each evaluation.
        progress: whether to show a progress bar; None for where someone watches.
        training: rows and training as for `compare`: `validation`, `epochs`, `optimizer`, ….

    Raises:
        DataError: rows that cannot be trained on, or are read in each epoch.
        ModelError: a network that cannot be read or does not fit.
        RecipeError: a strength that is unknown, zero, or has no derivative (a mask jumps where
            its rate passes a draw), or a rule for when to stop.

    Source: Franceschi, Donini, Frasconi, Pontil, "Forward and reverse gradient-based
    hyperparameter optimization", ICML 2017; Igel, Hüsken, "Empirical evaluation of the improved
    Rprop learning algorithms", Neurocomputing 50, 2003.
    """
    start = as_recipe(recipe)
    names = _chosen(start, over)
    check_count("steps", steps)
    bounds = _bounds(start, names, span)
    setup = Setup.of(model, train, chooses=True, **training)
    if setup.keep is not None:
        raise DataError("tune_strengths trains in one call, and keeps no store. Leave store out.")
    if setup.driver is not None:
        raise DataError("tune_strengths trains in this process. Leave workers out.")
    if setup.task.stream is not None:
        raise DataError(
            "tune_strengths differentiates the whole training, and wants rows in memory. Give "
            "(X, y) arrays, or a part of the rows."
        )
    listed = checked_seeds(seeds)
    points: list[Point] = []

    logs = np.log([float(start.strengths()[name]) for name in names])
    with search_bar(progress, None, Measure("loss", False)) as show:
        show(0, [])

        def evaluate(kind: str, places: list[np.ndarray]) -> list[Point]:
            points.extend(_points(setup, start, names, listed, kind, places))
            trained = sum(len(point.validation) for point in points)
            show(trained, [point.loss for point in points if point.finite])
            return points[-len(places) :]

        descent = descend(evaluate, logs, bounds, int(steps))
    doubts = doubts_of(descent, names, bounds) + _of_techniques(start, names)
    return Tuned(
        recipe=start if descent.best is descent.start else _moved(start, names, descent.best.logs),
        table=_table(points, names, setup),
        doubts=tuple(doubts),
        notes=setup.notes,
        _words=told(descent, names, len(points)),
    )


def _points(
    setup: Setup,
    start: Recipe,
    names: tuple[str, ...],
    seeds: Sequence[int],
    kind: str,
    places: list[np.ndarray],
) -> list[Point]:
    """Train at the strengths exp(place), all seeds and splits of each, and derive."""
    known = tuple(start.in_program().strengths())
    leaves = tuple(known.index(name) for name in names)
    trials = [
        trial
        for logs in places
        for trial in setup.trials("tuned", _moved(start, names, logs), seeds)
    ]
    slopes = slopes_of(setup.task, trials, setup.start, leaves, setup.layout)
    each = len(trials) // len(places)
    return [
        Point(kind, logs, *map(np.array, zip(*slopes[i * each : (i + 1) * each], strict=True)))
        for i, logs in enumerate(places)
    ]


def _moved(recipe: Recipe, names: Sequence[str], logs: np.ndarray) -> Recipe:
    """The recipe with the strengths exp(logs)."""
    return with_strengths(recipe, dict(zip(names, np.exp(logs).tolist(), strict=True)))


def _chosen(recipe: Recipe, over: str | Sequence[str] | None) -> tuple[str, ...]:
    """The names of the strengths to tune.

    Raises:
        RecipeError: one that is unknown, zero or has no derivative, or a rule when to stop.
    """
    stopping = recipe.filling(ActsOnStopping)
    if stopping:
        raise RecipeError(
            f"{type(stopping[0]).__name__} ends training at an epoch that jumps as strengths "
            "change, so there is no derivative. Take it out, and give the epochs."
        )
    limits, values = limits_by_name(recipe), recipe.strengths()
    smooth = [n for n in limits if limits[n].smooth and not n.endswith(".epochs") and values[n] > 0]
    if over is None:
        names = smooth
    else:
        wanted = [over] if isinstance(over, str) else list(over)
        names = [name for one in wanted for name in _matching(str(one), recipe)]
    if not names:
        raise RecipeError(
            f"The recipe {recipe!r} has no strength of more than 0 that has a derivative. Start "
            "from one such as L2(1e-3)."
        )
    for name in names:
        if name not in smooth:
            raise RecipeError(_why_not(name, values[name], smooth))
    return tuple(dict.fromkeys(names))


def _matching(wanted: str, recipe: Recipe) -> list[str]:
    """Strengths by name: `L2.strength` is that of all layers, too."""
    known = list(recipe.strengths())
    found = [
        name
        for name in known
        if name == wanted or name.startswith(f"{wanted}[") or fnmatch.fnmatchcase(name, wanted)
    ]
    if not found:
        raise RecipeError(
            f"over={wanted!r} is no strength of the recipe. {did_you_mean(wanted, known)}"
        )
    return found


def _why_not(name: str, value: Any, smooth: Sequence[str]) -> str:
    others = f" Those that have one: {', '.join(smooth)}." if smooth else ""
    if value == 0:
        return f"{name} is 0, and the descent moves its logarithm. Start from a small number."
    return (
        f"{name} has no derivative: what it does jumps as it passes a draw, or it counts. Compare "
        f"values of it instead.{others}"
    )


def _bounds(recipe: Recipe, names: Sequence[str], span: Any) -> np.ndarray:
    """Lowest and highest logarithm of each strength, (strengths, 2)."""
    number = isinstance(span, int | float | np.number) and not isinstance(span, bool)
    if not (number and 1 < span < np.inf):
        raise RecipeError(f"span={span!r}: a factor of more than 1 is wanted.")
    limits, values = limits_by_name(recipe), recipe.strengths()
    ends = []
    for name in names:
        value, high = float(values[name]), limits[name].high
        ends.append((value / span, max(value, min(value * span, _BELOW_HIGH * high))))
    bounds: np.ndarray = np.log(ends)
    return bounds


def _of_techniques(recipe: Recipe, names: Sequence[str]) -> list[str]:
    """What of a derivative holds only in part, technique by technique."""
    zeros = [
        one
        for one in recipe.filling(ActsOnUpdate)
        if one.makes_zeros and any(name.startswith(type(one).__name__ + ".") for name in names)
    ]
    said = [
        f"{type(one).__name__} keeps weights at exactly zero, and there they have no slope: the "
        "derivative does not see those that are about to wake."
        for one in zeros
    ]
    if any(isinstance(one, AdversarialTraining) for one in recipe.techniques):
        said.append(
            "AdversarialTraining goes by signs that jump as weights change, which no derivative "
            "sees."
        )
    return said


def _table(points: Sequence[Point], names: Sequence[str], setup: Setup) -> pd.DataFrame:
    import pandas as pd

    ratio = setup.overlap.ratio("val_loss")

    def row(point: Point) -> dict[str, object]:
        losses = point.validation[:, 0]
        # Trials stand split by split.
        splits = np.repeat(np.arange(setup.splits), len(losses) // setup.splits)
        return {
            "kind": point.kind,
            **dict(zip(names, np.exp(point.logs).tolist(), strict=True)),
            "val_loss": point.loss,
            "val_error": float(np.sqrt(estimate(losses, splits, ratio).variance)),
            "train_loss": float(point.train[:, 0].mean()),
            "val_metric": float(point.validation[:, 1].mean()),
            **{f"slope {n}": float(g) for n, g in zip(names, point.gradient, strict=True)},
        }

    return pd.DataFrame([row(point) for point in points])
