"""The same rows by justright's means: recipes and networks chosen by cross-validation, averaged.

Each split's training rows are divided into folds. Networks stop early on the fold that they do not
train on; what they say of it chooses among candidates and fits the noise, its scale and its tails;
all folds' networks of the chosen candidate predict together. Test rows have no part in any of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from scipy.stats import norm, t

import justright as jr
from justright.experiments.setup import Setup
from justright.network.weights import Arrays
from uci.tables import Blocks, Table
from uci.theirs import network

FOLDS = 5
# Steps of a training, at most, and networks of each split: 5 folds times the seeds.
_STEPS, _SEEDS = 20_000, 2
_LARGE = 3000
# Of the noise: the tails that held-out rows ask for.
FREEDOMS = (np.inf, 20.0, 8.0, 4.0, 2.5)


@dataclass(frozen=True)
class Candidate:
    """A network and a recipe; the rate and the strength are data of one program."""

    hidden: tuple[int, ...]
    rate: float
    strength: float

    @property
    def name(self) -> str:
        """What a study calls it."""
        layers = "-".join(map(str, self.hidden))
        return f"{layers}, dropout {self.rate:g}, L2 {self.strength:g}"

    def recipe(self, patience: int) -> jr.Recipe:
        """Dropout on hidden units, L2, and early stopping."""
        return (
            jr.Dropout(self.rate) + jr.L2(self.strength) + jr.EMA(0.99) + jr.EarlyStopping(patience)
        )


@dataclass(frozen=True)
class Budget:
    """How long to train.

    Attributes:
        epochs: at most.
        patience: of early stopping.
        batch: rows a step.
        choosing: on how many folds of each split the candidates are compared.
        seeds: networks a fold in the end.
        splits: at most so many.
    """

    epochs: int
    patience: int
    batch: int
    choosing: int
    seeds: int
    splits: int

    @classmethod
    def of(cls, table: Table, splits: int, share: float = 1.0) -> Budget:
        """As many steps for small and large tables alike; small ones compare on more folds."""
        rows = (FOLDS - 1) * len(table.splits[0][0]) // FOLDS
        large = rows > _LARGE
        batch = 128 if large else 32
        epochs = max(2, round(share * _STEPS / -(-rows // batch)))
        choosing = 1 if large else 2
        return cls(epochs, max(1, epochs // 4), batch, choosing, _SEEDS, splits)


CANDIDATES = [
    Candidate(hidden, rate, 1e-4) for hidden in ((50,), (64, 64)) for rate in (0.0, 0.02, 0.1, 0.3)
]
"""The published network and a deeper one, without dropout and with a little, some and much."""


def folds_of(table: Table, budget: Budget) -> list[tuple[np.ndarray, np.ndarray]]:
    """The folds of the training rows of each split, (train, held), split by split."""
    folds = []
    for number, (train, _) in enumerate(table.splits[: budget.splits]):
        parts = np.array_split(np.random.default_rng(number).permutation(train), FOLDS)
        folds += [(np.concatenate([*parts[:i], *parts[i + 1 :]]), parts[i]) for i in range(FOLDS)]
    return folds


@dataclass(frozen=True)
class Trained:
    """Networks of one candidate: what they say of held-out and of test rows.

    Attributes:
        held: for each (split, fold) the predictions (rows,) of its networks for the rows that
            it held out.
        test: for each split the predictions (rows,) of its networks for the test rows.
    """

    held: dict[tuple[int, int], list[np.ndarray]]
    test: dict[int, list[np.ndarray]]


Wanted = tuple[Candidate, tuple[int, int], int]
"""A candidate, the split and fold, and the seed."""


def tuned(table: Table, candidates: list[Candidate], budget: Budget) -> dict[str, object]:
    """Choose for each split, train the chosen one on all folds, and judge on the test rows.

    Returns:
        Per split: the candidate, τ and the degrees of freedom of the noise, test root mean square
        error and log-likelihood.
    """
    folds = folds_of(table, budget)
    splits = len(folds) // FOLDS
    first = [(split, fold) for split in range(splits) for fold in range(budget.choosing)]
    trials = [(one, where, 0) for one in candidates for where in first]
    found = _trained(table, folds, trials, budget)
    scores = np.array(
        [[_held_out(table, folds, found[c], s)[:2] for s in range(splits)] for c in candidates]
    )
    chosen = [candidates[i] for i in scores[:, :, 1].argmax(axis=0)]
    done = set(trials)
    rest = [
        (chosen[split], (split, fold), seed)
        for split, fold, seed in product(range(splits), range(FOLDS), range(budget.seeds))
    ]
    _trained(table, folds, [t for t in rest if t not in done], budget, found)
    rmse, likelihood, noises = np.zeros(splits), np.zeros(splits), []
    for split, one in enumerate(chosen):
        noises.append(_held_out(table, folds, found[one], split)[2])
        y = table.y[table.splits[split][1]]
        draws = np.stack(found[one].test[split])
        rmse[split] = np.sqrt(np.mean((draws.mean(axis=0) - y) ** 2))
        likelihood[split] = mixture_likelihood(draws, y, *noises[-1])
    return {
        "candidates": [one.name for one in candidates],
        "held_out_rmse": np.round(scores[:, :, 0], 8).tolist(),
        "held_out_likelihood": np.round(scores[:, :, 1], 6).tolist(),
        "chosen": [one.name for one in chosen],
        "precision": [precision for precision, _ in noises],
        "freedom": [None if np.isinf(freedom) else freedom for _, freedom in noises],
        "rmse": rmse.tolist(),
        "likelihood": likelihood.tolist(),
    }


def mixture_likelihood(
    draws: np.ndarray, y: np.ndarray, precision: float, freedom: float = np.inf
) -> float:
    """The mean log of the mean density around the predictions (networks, rows).

    Args:
        draws: what the networks predict.
        y: (rows,) the targets.
        precision: τ, of the noise.
        freedom: degrees of freedom of Student's t; infinite for normal noise.
    """
    density = norm if np.isinf(freedom) else t(freedom)
    logs = logsumexp(density.logpdf(np.sqrt(precision) * (draws - y)), axis=0)
    return float(logs.mean() - np.log(len(draws)) + 0.5 * np.log(precision))


def _held_out(
    table: Table, folds: list[tuple[np.ndarray, np.ndarray]], found: Trained, split: int
) -> tuple[float, float, tuple[float, float]]:
    """Root mean square error, best log-likelihood and its noise over a split's held-out rows."""
    predicted, targets, errors = [], [], []
    for (where, fold), of_fold in found.held.items():
        if where == split:
            y = table.y[folds[split * FOLDS + fold][1]]
            predicted.append(np.stack(of_fold))
            targets.append(y)
            errors.append(predicted[-1].mean(axis=0) - y)
    rmse = float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))

    def loss(log: float, freedom: float) -> float:
        weighted = [
            len(y) * mixture_likelihood(draws, y, np.exp(log), freedom)
            for draws, y in zip(predicted, targets, strict=True)
        ]
        return -float(np.sum(weighted)) / sum(map(len, targets))

    middle = -2 * np.log(rmse)
    fitted = {
        freedom: minimize_scalar(
            loss, bounds=(middle - 2, middle + 5), args=(freedom,), method="bounded"
        )
        for freedom in FREEDOMS
    }
    best = min(fitted, key=lambda freedom: fitted[freedom].fun)
    return rmse, -float(fitted[best].fun), (float(np.exp(fitted[best].x)), best)


def _trained(
    table: Table,
    folds: list[tuple[np.ndarray, np.ndarray]],
    wanted: list[Wanted],
    budget: Budget,
    known: dict[Candidate, Trained] | None = None,
) -> dict[Candidate, Trained]:
    """Train what is wanted, and put it to what is known."""
    found = {} if known is None else known
    blocks = Blocks.of(table, folds)
    for hidden in dict.fromkeys(one.hidden for one, _, _ in wanted):
        setup = Setup.of(
            network(table.X.shape[1], *hidden),
            (blocks.X, blocks.y),
            splits=blocks.folds,
            epochs=budget.epochs,
            batch_size=budget.batch,
            optimizer="adam",
            metric="mean_squared_error",
        )
        here = [one for one in wanted if one[0].hidden == hidden]
        trials = [
            trial
            for one, (split, fold), seed in here
            for trial in setup.trials(one.name, one.recipe(budget.patience), [seed])
            if trial.split == split * FOLDS + fold
        ]
        study = setup.train(trials)
        for (one, where, _), result in zip(here, study.results, strict=True):
            kept = found.setdefault(one, Trained({}, {}))
            _keep(kept, table, blocks, where, result.values)
    return found


def _keep(
    kept: Trained, table: Table, blocks: Blocks, where: tuple[int, int], values: Arrays
) -> None:
    """Let a network predict its held-out rows and its split's test rows, in their own unit."""
    split, fold = where
    number = split * FOLDS + fold
    center, scale = blocks.center[number], blocks.scale[number]
    held = forward(values, blocks.held(number)[0])
    test = forward(values, blocks.standardized(table.X[table.splits[split][1]], number))
    kept.held.setdefault(where, []).append(center + scale * held)
    kept.test.setdefault(split, []).append(center + scale * test)


def forward(values: Arrays, X: np.ndarray) -> np.ndarray:
    """ReLU layers and a linear output, (rows,): the values of `network`, layer by layer."""
    layers = list(dict.fromkeys(path.split("/")[0] for path in values))
    for layer in layers:
        X = X @ values[f"{layer}/kernel"] + values[f"{layer}/bias"]
        if layer != layers[-1]:
            X = np.maximum(X, 0)
    return X[:, 0]
