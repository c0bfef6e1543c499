"""Signs in the rows themselves that validation is no fair test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# A column alone is judged with its nearest neighbors, in this many parts.
_NEIGHBORS = 5
_PARTS = 5
# Columns judged with neighbors: those that go with the target most.
_CANDIDATES = 6
_MOST_ROWS = 2000
_FEWEST_ROWS = 30
_MOST_COLUMNS = 10_000
# A column is continuous where this share of different rows has a value of its own: what repeats
# there is a copy, and none is by chance.
_OWN_VALUE = 0.9


@dataclass(frozen=True)
class Shared:
    """Validation rows that also train.

    Attributes:
        count: validation rows that equal a training row in all inputs and the target.
        expected: how many would by chance, if rows repeat there as they do among training rows;
            0 where a column is continuous, for rows that repeat all the same are copies.
        rows: how many validation rows there are.
    """

    count: int
    expected: float
    rows: int


@dataclass(frozen=True)
class Telling:
    """An input that tells the target by itself.

    Attributes:
        name: of the column.
        score: how much of the target it explains, from 0 (as a guess) to 1 (all): accuracy
            beyond the most frequent class, or R².
        next_score: that of the column that comes next.
    """

    name: str
    score: float
    next_score: float


def shared_rows(
    train_X: np.ndarray, train_y: np.ndarray, val_X: np.ndarray, val_y: np.ndarray
) -> Shared:
    """Count the validation rows that stand among the training rows too.

    Args:
        train_X, val_X: (rows, …).
        train_y, val_y: (rows, …), alike in form.
    """
    train, val = _joined(train_X, train_y), _joined(val_X, val_y)
    _, where = np.unique(np.concatenate([train, val]), axis=0, return_inverse=True)
    train_ids, val_ids = np.split(where.ravel(), [len(train)])
    _, position, counts = np.unique(train_ids, return_inverse=True, return_counts=True)
    # What a training row meets among the others, a validation row meets among all of them.
    repeated = 0.0 if _has_continuous_column(train) else float((counts[position] > 1).mean())
    count = int(np.isin(val_ids, train_ids).sum())
    return Shared(count, repeated * len(val), len(val))


def telling_column(X: np.ndarray, y: np.ndarray, names: Sequence[str] = ()) -> Telling | None:
    """The column that tells the target best by itself; None where there is nothing to compare.

    Each column is judged on rows that it was not fitted on, by its five nearest neighbors.

    Args:
        X: (rows, …) of numbers; more dimensions are columns too.
        y: (rows,): integers are classes, floats are numbers.
        names: of the columns; `x0`, `x1`, … where they have none.
    """
    flat = X.reshape(len(X), -1)
    if y.ndim > 1 or len(X) < _FEWEST_ROWS or not 2 <= flat.shape[1] <= _MOST_COLUMNS:
        return None
    some = np.random.default_rng(0).permutation(len(X))[:_MOST_ROWS]
    flat, y = flat[some].astype(float), y[some]
    near = np.argsort(-_association(flat, y))[:_CANDIDATES]
    scores = {int(column): _alone(flat[:, [column]], y) for column in near}
    best, second = sorted(scores, key=lambda column: -scores[column])[:2]
    name = names[best] if len(names) == flat.shape[1] else f"x{best}"
    return Telling(name, scores[best], scores[second])


def _joined(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    columns = [X.reshape(len(X), -1), y.reshape(len(y), -1)]
    return np.concatenate(columns, axis=1, dtype=np.float32)


def _has_continuous_column(rows: np.ndarray) -> bool:
    different = np.unique(rows, axis=0)
    return any(len(np.unique(one)) >= _OWN_VALUE * len(different) for one in different.T)


def _association(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How each column goes with the target.

    For classes it is the share of variance between them, for numbers the squared rank correlation.
    """
    if y.dtype.kind == "f":
        ranks = _standardized(_ranks(X))
        return np.square(_standardized(_ranks(y[:, None]))[:, 0] @ ranks / len(y))
    X = _standardized(X)
    kinds = [X[y == one] for one in np.unique(y)]
    return np.sum([len(rows) / len(X) * np.square(rows.mean(axis=0)) for rows in kinds], axis=0)


def _ranks(X: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(X, axis=0), axis=0).astype(float)


def _standardized(X: np.ndarray) -> np.ndarray:
    deviation = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(deviation > 0, deviation, 1)


def _alone(column: np.ndarray, y: np.ndarray) -> float:
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    numbers = y.dtype.kind == "f"
    model = (KNeighborsRegressor if numbers else KNeighborsClassifier)(_NEIGHBORS)
    parts = KFold(_PARTS, shuffle=True, random_state=0)
    said = cross_val_predict(model, column, y, cv=parts)
    if numbers:
        return 1 - float(np.square(y - said).mean() / (np.var(y) or 1))
    _, counts = np.unique(y, return_counts=True)
    guess = float(counts.max() / len(y))
    return (float((said == y).mean()) - guess) / ((1 - guess) or 1)
