"""The data sets of the test-bed: half to tune thresholds on, half to judge.

No data set is in both halves. Real ones are those that scikit-learn ships, the others its
generators'; plane ones are turned into ten dimensions, so that many share a compiled program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn import datasets

Half = Literal["tuning", "judging"]
Pair = tuple[np.ndarray, np.ndarray]
POOL = 1400
WIDTH = 10


@dataclass(frozen=True)
class World:
    """Rows to draw trainings from.

    Attributes:
        name: of the data set.
        half: whether thresholds may be tuned on it.
        rows: from a seed to X (rows, features) and y (rows,), without added noise; shipped data
            sets give the same rows for every seed.
        train, validation: how many rows a well-posed training has.
        curved: whether a line is not enough for it.
    """

    name: str
    half: Half
    rows: Callable[[int], Pair]
    train: int = 500
    validation: int = 250
    curved: bool = False

    @property
    def numbers(self) -> bool:
        """Whether the target is a number rather than a class."""
        return bool(self.rows(0)[1].dtype.kind == "f")


def _shipped(load: Callable[..., Pair]) -> Callable[[int], Pair]:
    def rows(_: int) -> Pair:
        X, y = load(return_X_y=True)
        return X, y

    return rows


def _turned(make: Callable[[int], Pair]) -> Callable[[int], Pair]:
    """The same rows seen from ten dimensions."""

    def rows(seed: int) -> Pair:
        X, y = make(seed)
        draws = np.random.default_rng(seed)
        turn = np.linalg.qr(draws.normal(size=(WIDTH, WIDTH)))[0][: X.shape[1]]
        X = (X - X.mean(axis=0)) / X.std(axis=0)
        return X @ turn + 0.02 * draws.normal(size=(len(X), WIDTH)), y

    return rows


def _classification(seed: int) -> Pair:
    return datasets.make_classification(
        POOL, WIDTH, n_informative=5, n_redundant=2, class_sep=1.2, flip_y=0, random_state=seed
    )


def _mixture(seed: int) -> Pair:
    return datasets.make_classification(
        POOL,
        WIDTH,
        n_informative=6,
        n_redundant=0,
        n_classes=4,
        n_clusters_per_class=1,
        class_sep=1.5,
        flip_y=0,
        random_state=seed,
    )


def _hastie(seed: int) -> Pair:
    X, y = datasets.make_hastie_10_2(2 * POOL, random_state=seed)
    return X, (y > 0).astype(int)


def _friedman(number: int) -> Callable[[int], Pair]:
    make = getattr(datasets, f"make_friedman{number}")

    def rows(seed: int) -> Pair:
        X, y = make(POOL, random_state=seed)
        return X, (y - y.mean()) / y.std()

    return rows


def _line(seed: int) -> Pair:
    X, y = datasets.make_regression(POOL, WIDTH, n_informative=6, noise=0, random_state=seed)
    return X, y / y.std()


def _sparse(seed: int) -> Pair:
    X, y = datasets.make_sparse_uncorrelated(POOL, WIDTH, random_state=seed)
    return X, y / y.std()


WORLDS = (
    World("breast_cancer", "tuning", _shipped(datasets.load_breast_cancer), 350, 210),
    World("digits", "tuning", _shipped(datasets.load_digits), 1000, 400, curved=True),
    World(
        "moons",
        "tuning",
        _turned(lambda s: datasets.make_moons(POOL, noise=0.1, random_state=s)),
        curved=True,
    ),
    World("classification", "tuning", _classification),
    World(
        "quantiles",
        "tuning",
        lambda s: datasets.make_gaussian_quantiles(
            n_samples=POOL, n_features=WIDTH, n_classes=2, random_state=s
        ),
        curved=True,
    ),
    World("friedman1", "tuning", _friedman(1), curved=True),
    World("line", "tuning", _line),
    World("wine", "judging", _shipped(datasets.load_wine), 110, 68),
    World("iris", "judging", _shipped(datasets.load_iris), 95, 55),
    World("diabetes", "judging", _shipped(datasets.load_diabetes), 290, 150),
    World("hastie", "judging", _hastie, 1000, 400, curved=True),
    World(
        "circles",
        "judging",
        _turned(lambda s: datasets.make_circles(POOL, noise=0.08, factor=0.5, random_state=s)),
        curved=True,
    ),
    World("mixture", "judging", _mixture, curved=True),
    World("friedman2", "judging", _turned(_friedman(2)), curved=True),
    World("friedman3", "judging", _turned(_friedman(3)), curved=True),
    World("sparse", "judging", _sparse),
)
