"""Which networks predict together, and which class their probabilities stand for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

ROUNDS = 20
EXPONENTS = (0.0, 0.25, 0.5, 0.75, 1.0)


def blend(
    held: Sequence[np.ndarray], loss: Callable[[np.ndarray], float], rounds: int = ROUNDS
) -> np.ndarray:
    """Shares of candidates in a joint prediction, chosen one after the other on held-out rows.

    In each round the candidate is taken once more that lowers the loss of the mean most. A
    candidate may be taken again, so its share grows in steps, and noise in a single comparison
    moves no more than one of them.

    Args:
        held: of each candidate the predictions (rows, …) for rows that it was not trained on.
        loss: of a joint prediction, lower is better.
        rounds: how many are taken.

    Returns:
        (candidates,) shares that add up to 1, those of the rounds with the lowest loss.

    Source: Caruana, Niculescu-Mizil, Crew, Ksikes, "Ensemble selection from libraries of
    models", ICML 2004, with replacement.
    """
    counts = np.zeros(len(held))
    total = np.zeros_like(held[0], dtype=np.float64)
    best, shares = np.inf, counts
    for taken in range(1, rounds + 1):
        losses = [loss((total + one) / taken) for one in held]
        pick = int(np.nanargmin(losses))
        counts[pick] += 1
        total += held[pick]
        if losses[pick] < best:
            best, shares = losses[pick], counts / taken
    return shares


def prior_exponent(
    probabilities: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """How far to correct probabilities for the classes' shares, for the best balanced accuracy.

    The class with the largest `p / share**exponent` is decided for: 0 is the most probable
    class, and 1, right if the probabilities are, gives each class the same weight. Rows that are
    few, or probabilities that are too sure, want something between.

    Args:
        probabilities: (rows, classes) for rows that had no part in training.
        y: (rows,) their classes, counted from 0.
        weights: (rows,) what each row counts; None if all count alike.

    Returns:
        The largest of `EXPONENTS` that is within one standard error of the best one.

    Source: Menon et al., "Long-tail learning via logit adjustment", ICLR 2021; one standard
    error: Breiman et al., "Classification and regression trees", 1984, section 3.4.3.
    """
    shares = class_shares(y, probabilities.shape[1], weights)
    choices = [decided(probabilities, shares, one) for one in EXPONENTS]
    scores = np.array([balanced_accuracy(y, one, weights) for one in choices])
    best = int(scores.argmax())
    enough = scores[best] - _standard_error(y, choices[best])
    return max(one for one, score in zip(EXPONENTS, scores, strict=True) if score >= enough)


def _standard_error(y: np.ndarray, chosen: np.ndarray) -> float:
    """Of the mean of the classes' rates, each with a row more on either side."""
    there = np.unique(y)
    counts = np.array([(y == c).sum() for c in there])
    hits = np.array([(chosen[y == c] == c).sum() for c in there])
    rates = (hits + 1) / (counts + 2)
    return float(np.sqrt((rates * (1 - rates) / counts).sum()) / len(there))


def decided(probabilities: np.ndarray, shares: np.ndarray, exponent: float) -> np.ndarray:
    """The class (rows,) with the largest `p / share**exponent`."""
    chosen: np.ndarray = (probabilities / shares**exponent).argmax(axis=1)
    return chosen


def class_shares(y: np.ndarray, classes: int, weights: np.ndarray | None = None) -> np.ndarray:
    """The share of each class among rows; one without rows counts as a single row."""
    counts = np.bincount(y, weights, minlength=classes)
    shares: np.ndarray = np.where(counts > 0, counts, 1) / len(y)
    return shares


def balanced_accuracy(
    y: np.ndarray, chosen: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """The mean over the classes that there are of the share that is decided rightly."""
    there = np.unique(y)
    counts = np.ones(len(y)) if weights is None else weights
    rates = [np.average(chosen[y == c] == c, weights=counts[y == c]) for c in there]
    return float(np.mean(rates))
