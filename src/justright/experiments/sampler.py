"""Which points to try next: Optuna's samplers, asked for a batch and told of those before it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from justright.errors import DataError, did_you_mean
from justright.experiments.dimension import Amount, Dimension, Pick, Value
from justright.experiments.space import Point, Space

if TYPE_CHECKING:
    import optuna

Sampler = Literal["tpe", "random"] | Callable[[int], Any]
"""A name, or a function from a seed to one of Optuna's samplers."""
SAMPLERS = ("tpe", "random")
# Points that a sampler is told of, and how many of them are the best.
_MOST, _BEST = 256, 64


def checked_sampler(given: Any) -> Sampler:
    """A sampler by name, or a function that makes one from a seed.

    Raises:
        DataError: neither.
    """
    if callable(given) or given in SAMPLERS:
        chosen: Sampler = given
        return chosen
    raise DataError(
        f"sampler={given!r}: give a name, or a function from a seed to one of Optuna's samplers. "
        f"{did_you_mean(given, SAMPLERS)}"
    )


def ask(
    space: Space, told: Sequence[Point], count: int, sampler: Sampler, seed: Sequence[int]
) -> list[Point]:
    """New points to try.

    All that a sampler knows is what it is told here, so a search that is taken up again from
    its history goes on as if it had never been away.

    Args:
        space: where the points lie.
        told: the points tried so far, best first. Samplers learn of their order alone, and
            of more than 256 only of the best and of some of the others, evenly spread.
        count: how many to ask for. While they wait for one another, a liar stands for them.
        sampler: a name, or what makes one of a seed.
        seed: whole numbers: the same ones draw the same points.

    Returns:
        As many points as asked for.
    """
    with _quiet():
        import optuna

        study = optuna.create_study(sampler=_made(sampler, seed), direction="minimize")
        distributions = {d.name: _distribution(d) for d in space.dimensions}
        for rank, point in enumerate(_thinned(told)):
            study.add_trial(
                optuna.trial.create_trial(
                    params={d.name: _encoded(d, point.get(d.name)) for d in space.dimensions},
                    distributions=distributions,
                    value=float(rank),
                )
            )
        asked = [study.ask(distributions) for _ in range(count)]
    return [_decoded(space.dimensions, trial.params) for trial in asked]


def _thinned(told: Sequence[Point]) -> list[Point]:
    """The best and an even choice of the others: what a sampler weighs grows with all it knows.

    The tree-structured Parzen estimator takes at most 25 points for good, and the rest as one
    density, which fewer points draw as well.
    """
    if len(told) <= _MOST:
        return list(told)
    others = np.linspace(_BEST, len(told) - 1, _MOST - _BEST).round().astype(int)
    return [*told[:_BEST], *(told[i] for i in others)]


def _made(sampler: Sampler, seed: Sequence[int]) -> optuna.samplers.BaseSampler:
    import optuna

    number = int(np.random.SeedSequence(list(seed)).generate_state(1)[0])
    if callable(sampler):
        made: optuna.samplers.BaseSampler = sampler(number)
        return made
    if sampler == "random":
        return optuna.samplers.RandomSampler(seed=number)
    return optuna.samplers.TPESampler(seed=number, multivariate=True, constant_liar=True)


def _distribution(dimension: Dimension) -> optuna.distributions.BaseDistribution:
    from optuna import distributions

    if isinstance(dimension, Amount):
        return distributions.FloatDistribution(0.0, 1.0)
    last = len(dimension.options) - 1
    if dimension.ordered and last:
        return distributions.IntDistribution(0, last)
    return distributions.CategoricalDistribution(list(range(last + 1)))


def _encoded(dimension: Dimension, value: Value) -> float | int:
    if isinstance(dimension, Pick):
        return dimension.position_of(value)
    return dimension.unit_of(value)


def _decoded(dimensions: Sequence[Dimension], params: dict[str, Any]) -> Point:
    point: dict[str, Value] = {}
    for one in dimensions:
        number = params[one.name]
        value = one.options[number] if isinstance(one, Pick) else one.value_of(number)
        if value is not None:
            point[one.name] = value
    return point


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna logs each trial, and warns of what it calls experimental; put both back after."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)
