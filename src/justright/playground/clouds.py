"""Points of two classes in a plane: those that are drawn from a shape, and those that people draw.

The plane reaches from -3 to 3 both ways. Whatever the number of points, the rows that the engine
gets have the same shapes, so no cloud compiles anything anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from justright.engine.rows import Rows
from justright.errors import DataError, did_you_mean

REACH = 3.0
MOST_POINTS = 200
FEWEST_POINTS = 20
VALIDATING = 120
MOST_NOISE = 1.0
# Points that noise carries off the plane are put at its edge.
_EDGE = 0.98 * REACH
_FEWEST_OF_A_CLASS = 2


@dataclass(frozen=True)
class Cloud:
    """Points of two classes.

    Attributes:
        X: (points, 2) of float32, inside the plane.
        y: (points,) of 0 and 1.
        trains: (points,) whether a point trains; the others validate.
    """

    X: np.ndarray
    y: np.ndarray
    trains: np.ndarray

    def rows(self) -> Rows:
        """As the engine takes them, in the same shapes for every cloud.

        The pool is filled up with zeros and the indices with repeats; `counts` says how many of
        them are real.
        """
        train, held = (np.flatnonzero(self.trains == part) for part in (True, False))
        inputs = np.zeros((2 * MOST_POINTS, 2), np.float32)
        targets = np.zeros((2 * MOST_POINTS, 1), np.float32)
        inputs[: len(self.X)], targets[: len(self.y), 0] = self.X, self.y
        return Rows(
            inputs,
            targets,
            np.resize(train, (1, MOST_POINTS)).astype(np.int32),
            np.resize(held, (1, MOST_POINTS)).astype(np.int32),
            np.zeros((1, 0), np.int32),
            np.array([[len(train), len(held), 0]], np.int32),
        )


def sampled(shape: str, points: int, noise: float, seed: int) -> Cloud:
    """Points of a shape, and 120 others of it that validate.

    With the same seed more noise moves each point further the same way, more points leave those
    that were there, and the points that validate stay the same.

    Args:
        shape: one of `SHAPES`.
        points: to train on, 20 to 200; every other one is of class 1.
        noise: standard deviation of the Gaussian noise on both coordinates, 0 to 1.
        seed: what is drawn from.

    Raises:
        DataError: something else.
    """
    if shape not in SHAPES:
        raise DataError(f"There is no shape {shape!r}. {did_you_mean(shape, SHAPES)}")
    if not FEWEST_POINTS <= points <= MOST_POINTS:
        raise DataError(f"points={points}: {FEWEST_POINTS} to {MOST_POINTS} can be drawn.")
    if not 0 <= noise <= MOST_NOISE:
        raise DataError(f"noise={noise}: a number from 0 to {MOST_NOISE:g} is wanted.")
    parts = [_part(shape, count, noise, seed, i) for i, count in enumerate((points, VALIDATING))]
    (train, train_labels), (held, held_labels) = parts
    return Cloud(
        np.concatenate([train, held]),
        np.concatenate([train_labels, held_labels]),
        np.arange(points + VALIDATING) < points,
    )


def drawn(X: np.ndarray, y: np.ndarray, trains: np.ndarray) -> Cloud:
    """Points that a person has drawn.

    Args:
        X: (points, 2), inside the plane.
        y: (points,) of 0 and 1.
        trains: (points,) of truth values.

    Raises:
        DataError: points outside, too few to train or to validate, or too many.
    """
    if len(X) and float(np.abs(X).max()) > REACH:
        raise DataError(
            f"A point lies outside the plane, which reaches from -{REACH:g} to {REACH:g}."
        )
    counts = [int((trains & (y == label)).sum()) for label in (0, 1)]
    held = int((~trains).sum())
    if min(counts) < _FEWEST_OF_A_CLASS:
        there = f"{_count(counts[0], 'circle')} and {_count(counts[1], 'square')}"
        raise DataError(f"To train on: {there}. Draw at least {_FEWEST_OF_A_CLASS} of each.")
    if not held:
        raise DataError(
            "No point validates, so nothing says how well the network generalizes. Every third "
            "point of a class validates: draw more."
        )
    if max(sum(counts), held) > MOST_POINTS:
        raise DataError(
            f"There are {sum(counts)} points to train on and {held} to validate. At most "
            f"{MOST_POINTS} of each can be used: erase some."
        )
    return Cloud(X.astype(np.float32), y.astype(int), trains)


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'s' * (number != 1)}"


def _part(
    shape: str, count: int, noise: float, seed: int, part: int
) -> tuple[np.ndarray, np.ndarray]:
    """Points (count, 2) and their labels; a draw is a row, so that more of them change none."""
    draws = np.random.default_rng([seed, part, sorted(SHAPES).index(shape)])
    places = draws.uniform(size=(MOST_POINTS, 2))
    moves = draws.normal(size=(MOST_POINTS, 2))
    labels = np.arange(count) % 2
    clean = SHAPES[shape](places[:count, 0], places[:count, 1], labels)
    X = np.clip(clean + noise * moves[:count], -_EDGE, _EDGE)
    return X.astype(np.float32), labels


def _moons(t: np.ndarray, _: np.ndarray, label: np.ndarray) -> np.ndarray:
    angle, side = math.pi * t, 1 - 2 * label
    return 1.5 * np.stack([side * (np.cos(angle) - 0.5), side * (np.sin(angle) - 0.25)], axis=1)


def _circles(t: np.ndarray, _: np.ndarray, label: np.ndarray) -> np.ndarray:
    return _at(2 * math.pi * t, np.where(label, 1.0, 2.2))


def _spirals(t: np.ndarray, _: np.ndarray, label: np.ndarray) -> np.ndarray:
    along = 0.1 + 0.9 * np.sqrt(t)
    return _at(3 * math.pi * along + math.pi * label, 2.5 * along)


def _blobs(t: np.ndarray, u: np.ndarray, label: np.ndarray) -> np.ndarray:
    # The radius that gives a Gaussian of deviation 0.6 in both directions (Box and Muller, 1958).
    radius = 0.6 * np.sqrt(-2 * np.log1p(-u))
    return _at(2 * math.pi * t, radius) + np.where(label, 1.0, -1.0)[:, None]


def _xor(t: np.ndarray, u: np.ndarray, label: np.ndarray) -> np.ndarray:
    x, y = 2.4 * (2 * t - 1), 2.4 * u
    return np.stack([x, np.where((x > 0) == (label == 1), y, -y)], axis=1)


def _at(angle: np.ndarray, radius: np.ndarray) -> np.ndarray:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


SHAPES: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "moons": _moons,
    "circles": _circles,
    "spirals": _spirals,
    "blobs": _blobs,
    "xor": _xor,
}
"""From two uniform draws a point, and its label, to where it lies without noise."""
