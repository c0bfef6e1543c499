"""A descent along derivatives of the validation loss: what it shows, and when not to trust it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

REACH = float(np.log(1.25))
"""By how much, in natural logarithms, strengths are changed to see what really happens."""

# A derivative and a difference that are further apart than this factor speak of a loss that is
# rough: training is chaotic there. The descent goes by signs, so it may be large.
_AGREE = 10.0
# Steps of the descent, in natural logarithms: at most a factor 10, at least 3 %.
_LONGEST, _SHORTEST = 2.3, 0.03
# Changes of the validation loss that are less than this share of it are none.
_FLAT = 1e-4
# Slopes of so many times the loss itself, for strengths e times as strong, are no slopes.
_EXPLODED = 100.0


@dataclass(frozen=True)
class Point:
    """What the trainings at some strengths gave.

    Attributes:
        kind: step (of the descent) or probe (beside one).
        logs: natural logarithms of the strengths, (strengths,).
        train, validation: loss and metric of each training, (trainings, 2).
        gradients: of each one's validation loss by `logs`, (trainings, strengths).
    """

    kind: str
    logs: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    gradients: np.ndarray

    @property
    def loss(self) -> float:
        """The mean validation loss."""
        return float(self.validation[:, 0].mean())

    @property
    def gradient(self) -> np.ndarray:
        """Of the mean validation loss, (strengths,)."""
        mean: np.ndarray = self.gradients.mean(axis=0)
        return mean

    @property
    def finite(self) -> bool:
        """Whether all trainings came to an end with numbers."""
        return bool(np.isfinite(self.validation).all() and np.isfinite(self.gradients).all())


Evaluate = Callable[[str, list[np.ndarray]], list[Point]]
"""`(kind, places) → points`: train at the strengths exp(place), and derive."""


@dataclass(frozen=True)
class Descent:
    """From the start to the best strengths.

    Attributes:
        start, best: the first point, and that of the lowest loss; the first, if refused.
        refusal: why the derivative was not followed; empty if it was.
        around: points with one strength a quarter weaker, then stronger, strength by strength.
    """

    start: Point
    best: Point
    refusal: str
    around: tuple[Point, ...] = ()


def descend(evaluate: Evaluate, start: np.ndarray, bounds: np.ndarray, steps: int) -> Descent:
    """Check the derivative, follow its signs, and look around at the end.

    Each strength has a step of its own, at first a factor e: half as long where its derivative
    has changed sign, 1.2 times as long where it has not (Rprop). Lengths of derivatives do not
    enter: they are small on plateaus, and the loss is a little rough wherever training is.

    Args:
        evaluate: trains and derives.
        start: logarithms of the strengths, (strengths,).
        bounds: of them, (strengths, 2).
        steps: at most.

    Source: Igel & Hüsken, "Empirical evaluation of the improved Rprop learning algorithms",
    Neurocomputing 50, 2003 (Rprop⁻, algorithm 2).
    """
    (first,) = evaluate("step", [start])
    refusal = _refusal(evaluate, first, bounds)
    if refusal:
        return Descent(first, first, refusal)
    point, best, length, before = first, first, np.ones(len(start)), np.zeros(len(start))
    for _ in range(steps):
        # Where training has failed, back towards the best.
        sign = np.sign(point.gradient) if point.finite else np.sign(point.logs - best.logs)
        factor = np.select([sign * before < 0, sign * before > 0], [0.5, 1.2], 1)
        length, before = np.minimum(length * factor, _LONGEST), sign
        there = np.clip(point.logs - sign * length, *bounds.T)
        if np.abs(there - point.logs).max() < _SHORTEST:
            break
        (point,) = evaluate("step", [there])
        if point.finite and point.loss < best.loss:
            best = point
    beside = [
        np.clip(best.logs + sign * REACH * np.eye(len(start))[i], *bounds.T)
        for i in range(len(start))
        for sign in (-1, 1)
    ]
    return Descent(first, best, "", tuple(evaluate("probe", beside)))


def _refusal(evaluate: Evaluate, point: Point, bounds: np.ndarray) -> str:
    """Why the derivative at a point is not to be followed; empty if it may be."""
    slope = float(np.linalg.norm(point.gradient))
    if not point.finite:
        return "training, or its derivative, is not a finite number there"
    if slope > _EXPLODED * abs(point.loss):
        return (
            f"the derivative has exploded to {slope:.2g}, for a validation loss of "
            f"{point.loss:.2g}: training magnifies small changes step by step, and the derivative "
            "holds for the last digits of the strengths only"
        )
    return _contradiction(evaluate, point, bounds, slope) if slope else ""


def _contradiction(evaluate: Evaluate, point: Point, bounds: np.ndarray, slope: float) -> str:
    """Where the loss does not change along the gradient as the derivative says."""
    along = point.gradient / slope
    ends = [np.clip(point.logs + sign * REACH * along, *bounds.T) for sign in (-1, 1)]
    low, high = evaluate("probe", ends)
    if not (low.finite and high.finite):
        return "training is not finite for strengths a quarter weaker or stronger"
    foretold = slope * float((high.logs - low.logs) @ along)
    changes = high.validation[:, 0] - low.validation[:, 0]
    change = float(changes.mean())
    unseen = max(foretold, abs(change)) < _FLAT * abs(point.loss) + 2 * _error(changes)
    if unseen or 1 / _AGREE <= change / foretold <= _AGREE:
        return ""
    return (
        f"the derivative foretells that the validation loss changes by {foretold:.2g} between "
        f"strengths a quarter weaker and stronger, and it is {change:.2g}: the loss is rough "
        "there, because training is chaotic"
    )


def told(descent: Descent, names: Sequence[str], evaluations: int) -> str:
    """The descent in a sentence or two."""
    start, best = descent.start, descent.best
    if descent.refusal:
        return "The strengths are as they were given."
    moved = ", ".join(
        f"{name} from {np.exp(a):.3g} to {np.exp(b):.3g}"
        for name, a, b in zip(names, start.logs, best.logs, strict=True)
    )
    return (
        f"{moved}: validation loss from {start.loss:.4g} to {best.loss:.4g}, the mean of "
        f"{len(best.validation)} trainings, after {evaluations} evaluations. These rows have "
        "chosen: judge on others."
    )


def doubts_of(descent: Descent, names: Sequence[str], bounds: np.ndarray) -> list[str]:
    """When not to trust the strengths that were found, in sentences."""
    if descent.refusal:
        return [
            f"No step was taken: {descent.refusal}. Use a grid (compare), a smaller learning rate, "
            "or fewer epochs."
        ]
    said, best = [], descent.best
    for name, log, ends in zip(names, best.logs, bounds, strict=True):
        if np.isclose(log, ends, atol=1e-3).any():
            said.append(f"{name} has reached the end of what it may be: widen span.")
    if np.array_equal(best.logs, descent.start.logs):
        said.append("No strengths with a lower validation loss were found: they are the start's.")
    for i, name in enumerate(names):
        weaker, stronger = descent.around[2 * i : 2 * i + 2]
        said += _beside(name, best, weaker, "weaker") + _beside(name, best, stronger, "stronger")
    if len(best.validation) > 1:
        said += _between_trainings(descent, names)
    return said


def _beside(name: str, best: Point, other: Point, word: str) -> list[str]:
    """A sentence where a strength a quarter away is better in nearly all trainings."""
    if not other.finite:
        return [f"Training fails with {name} a quarter {word}."]
    gain = best.validation[:, 0] - other.validation[:, 0]
    if gain.mean() <= max(_FLAT * abs(best.loss), _error(gain)):
        return []
    return [
        f"A quarter {word}, {name} gives a validation loss that is lower by {gain.mean():.2g}: the "
        "descent has not come to its end. Give it more steps."
    ]


def _between_trainings(descent: Descent, names: Sequence[str]) -> list[str]:
    """A sentence where seeds and splits do not agree which way to go from the start."""
    gradients = descent.start.gradients
    unsure = [
        name
        for name, mean, error in zip(
            names, gradients.mean(axis=0), np.apply_along_axis(_error, 0, gradients), strict=True
        )
        if abs(mean) < 2 * error
    ]
    if not unsure:
        return []
    return [
        f"Trainings do not agree which way {' and '.join(unsure)} should go from the start: more "
        "seeds would make it surer."
    ]


def _error(values: np.ndarray) -> float:
    """The standard error of a mean; 0 of one value."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
