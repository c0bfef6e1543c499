"""The steps of a regularization path: trainings that begin with other trainings' weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from justright.engine.interruption import CutShort, say_stopped
from justright.engine.keys import initial_weights_seed
from justright.engine.outcome import Outcome
from justright.engine.progress import Progress
from justright.engine.trial import TrialResult
from justright.engine.zero import gradient_at_zero
from justright.experiments.setup import Setup
from justright.network.network import Network
from justright.network.weights import Arrays
from justright.regularizers.axis import Axis, with_values
from justright.regularizers.grid import Grid
from justright.regularizers.recipe import Recipe
from justright.regularizers.shrinkage import Shrinks
from justright.store.packed import digest

Start = Callable[[int], Arrays] | Arrays
Tell = Callable[[Progress], None]

_SCANNED = tuple(float(f"{value:.1g}") for value in np.geomspace(1e-5, 1e4, 19))
# Of the way from the dense network's training loss to that under the strongest penalty.
_LEARNED_NOTHING = 0.9
_FURTHER = 20


@dataclass(frozen=True)
class Walk:
    """A penalty's way over its strengths.

    Attributes:
        setup: what is trained on.
        axis: the strength.
        base: what all points have beside it.
        seeds: of the trials; with the splits they go side by side.
        each: epochs at each strength but the first.
        tell: how far it is.
    """

    setup: Setup
    axis: Axis
    base: Recipe
    seeds: Sequence[int]
    each: int
    tell: Tell

    def zero_from(self) -> float | None:
        """The strength from which all weights are zero, of a network without hidden layers.

        The largest over the splits, rounded up so that it is still true; None for a penalty
        that holds no weight at zero.
        """
        found = []
        for gradient, _ in self._zeros:
            end = self._penalty.zero_from(self.axis.field, gradient, self._network.kernels)
            found.append(end)
        if None in found or self.axis.where is not None:
            return None
        return rounded_up(max(end for end in found if end is not None))

    def down(self, strengths: Sequence[float]) -> list[TrialResult]:
        """From zero weights to weaker and weaker strengths, and to none."""
        ordered = [*sorted(strengths, reverse=True), 0.0]
        start: Start = self._at_zero()
        results: list[TrialResult] = []
        for i, strength in enumerate(ordered):
            try:
                some = self._train([strength], start, self.each)
            except CutShort:
                _stopped(i, len(ordered))
                break
            results, start = [*results, *some], self._after(some, start)
            self._tell(i + 1, len(ordered))
        return results

    def up(self, strengths: Sequence[float] | None, points: int, ratio: float) -> list[TrialResult]:
        """From the dense network to stronger and stronger penalties, until nothing is left.

        Args:
            strengths: which; if None the end is found by trying, side by side.
            points: how many, where the end is found.
            ratio: the weakest over the strongest, where the end is found.
        """
        results = self._train([0.0], self.setup.start, self.setup.epochs)
        start = self._after(results, self.setup.start)
        self._tell(1, points + 2)
        ordered = sorted(strengths or spread(self._end(results, start), points, ratio))
        step = ordered[-1] / ordered[-2] if len(ordered) > 1 else 2.0
        further = _FURTHER if self._exact and not strengths else 0
        i = 0
        while i < len(ordered):
            try:
                some = self._train([ordered[i]], start, self.each)
            except CutShort:
                _stopped(i + 1, len(ordered) + 1)
                break
            results, start, i = [*results, *some], self._after(some, start), i + 1
            self._tell(i + 2, len(ordered) + 2)
            if self._gone(some):
                break
            if i == len(ordered) and further:
                ordered.append(float(f"{ordered[-1] * step:.4g}"))
                further -= 1
        return results

    def _end(self, dense: Sequence[TrialResult], start: Start) -> float:
        """Where nothing is left, or learned: the least of a row of strengths, tried side by side.

        A jump from the dense network leaves less than the path does, so the path may have to go
        on beyond.
        """
        lanes = len(dense)
        results = self._train(_SCANNED, start, self.each)
        tried = [results[i : i + lanes] for i in range(0, len(results), lanes)]
        ended = [one for one in tried if all(r.outcome is not Outcome.FAILED for r in one)]
        ended = ended or [list(dense)]
        least, most = _loss(dense), max(_loss(one) for one in ended)
        for one in ended:
            nothing_learned = _loss(one) >= least + _LEARNED_NOTHING * (most - least)
            if self._gone(one) if self._exact else nothing_learned:
                return self._strength(one[0])
        return self._strength(ended[-1][0]) or _SCANNED[0]

    def tried_in_words(self, taken: int) -> str:
        """What was trained to find where the path ends, in a sentence.

        Args:
            taken: trainings on the path.
        """
        tried = len(_SCANNED) * len(self.seeds) * self.setup.splits
        return (
            f"Beside the {taken} trainings of the path there were {tried} with {len(_SCANNED)} "
            "strengths, each from the dense network, to find where it ends."
        )

    @property
    def _exact(self) -> bool:
        """Whether the penalty makes weights exactly zero."""
        return bool(getattr(self._penalty, "makes_zeros", False))

    def _gone(self, some: Sequence[TrialResult]) -> bool:
        """Whether in all lanes all weights that the penalty acts on are zero."""
        return all(not result.values[path].any() for result in some for path in self.paths)

    def _strength(self, result: TrialResult) -> float:
        return float(result.trial.recipe.strengths()[self.axis.name])

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Of the kernels that the penalty acts on."""
        return self._penalty.shrunk(self._network.kernels)

    @cached_property
    def _penalty(self) -> Shrinks:
        recipe = with_values(self.base, [self.axis], [1.0])
        return next(one for one in recipe.filling(Shrinks) if isinstance(one, self.axis.kind))

    @cached_property
    def _network(self) -> Network:
        recipe = with_values(self.base, [self.axis], [1.0])
        return Network(self.setup.task.blueprint, recipe.in_program())

    @cached_property
    def _zeros(self) -> list[tuple[Arrays, Arrays]]:
        return [gradient_at_zero(self.setup.task, split) for split in range(self.setup.splits)]

    def _at_zero(self) -> Start:
        """Zero kernels with the best biases, for each seed and split."""
        drawn: dict[int, Arrays] = {}
        for split, (_, values) in enumerate(self._zeros):
            for seed in self.seeds:
                key = initial_weights_seed(seed, split)
                start = self.setup.start
                drawn[key] = {**(start(key) if callable(start) else start), **values}
        return drawn.__getitem__

    def _after(self, results: Sequence[TrialResult], before: Start) -> Start:
        """What the next strength begins with: where a training failed, what it began with."""
        found = {}
        for result in results:
            key = initial_weights_seed(result.trial.seed, result.trial.split)
            failed = result.outcome is Outcome.FAILED
            found[key] = result.values
            if failed:
                found[key] = before(key) if callable(before) else before
        return found.__getitem__

    def _train(self, strengths: Sequence[float], start: Start, epochs: int) -> list[TrialResult]:
        origin = b"" if start is self.setup.start else self._hash(start)
        setup = replace(self.setup, start=start, epochs=epochs, origin=origin)
        points = Grid((self.axis,), (tuple(strengths),), self.base).points
        trials = [t for point in points for t in setup.trials(point.name, point.recipe, self.seeds)]
        return list(setup.train(trials, progress=False).results)

    def _hash(self, start: Start) -> bytes:
        """Of what trainings begin with, by which a store knows them again."""
        if self.setup.keep is None:
            return b""
        splits = range(self.setup.splits)
        keys = [initial_weights_seed(seed, split) for split in splits for seed in self.seeds]
        values = [start(key) if callable(start) else start for key in keys]
        return digest([list(one.values()) for one in values])

    def _tell(self, done: int, of: int) -> None:
        lanes = len(self.seeds) * self.setup.splits
        self.tell(Progress(done * lanes, of * lanes, done, of))


def _stopped(done: int, of: int) -> None:
    """Leave the path where Ctrl-C has ended it, where there is one by now.

    Raises:
        CutShort: there are no two strengths yet.
    """
    if done < 2:
        raise CutShort
    say_stopped(f"Stopped by Ctrl-C after {done} of {of} strengths.")


def _loss(some: Sequence[TrialResult]) -> float:
    return float(np.mean([result.at_chosen("train_loss") for result in some]))


def spread(end: float, points: int, ratio: float) -> list[float]:
    """Strengths evenly on a logarithm, from `ratio` × end to end, with four digits.

    >>> spread(0.1, 3, 0.01)
    [0.001, 0.01, 0.1]
    """
    values = np.geomspace(end * ratio, end, points)
    return [*(float(f"{value:.4g}") for value in values[:-1]), end]


def rounded_up(value: float) -> float:
    """With four digits, and not smaller.

    >>> rounded_up(0.123401)
    0.1235
    """
    exponent = np.floor(np.log10(value)) - 3
    return float(f"{np.ceil(value / 10**exponent) * 10**exponent:.4g}")
