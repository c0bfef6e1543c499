"""What is known beside the curves: sizes, what a guess reaches, what other models reach."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from justright.data.leaks import Shared, Telling, shared_rows, telling_column
from justright.engine.program import Task
from justright.network.objective import Objective

# Rows that the references are fitted and judged on, at most.
_MOST_ROWS = 4000
_MOST_COLUMNS = 4000
_FOREST = "a random forest"


@dataclass(frozen=True)
class Reference:
    """What another model reaches on the same validation rows.

    Attributes:
        name: in words.
        figure: accuracy for classes, the loss for numbers.
    """

    name: str
    figure: float


@dataclass(frozen=True)
class Facts:
    """What is known beside the curves; None where it is not.

    Attributes:
        training_rows, validation_rows, test_rows: how many.
        classes: how many; None for numbers too.
        guess_loss: the training loss of the best constant output.
        zero_loss: the training loss of the output 0, where targets are numbers.
        guess: the validation figure (accuracy for classes, else loss) of that constant.
        test_guess: its figure on test rows.
        references: what simple models reach, the best first; empty if none was tried.
        shared: rows in both parts.
        telling: the input that tells the target best by itself.
        out_of_bag: how much of the training targets a random forest learns from the other
            training rows: 0 as a guess, 1 all.
        slower_loss: the training loss that the same training reaches with a tenth of the
            learning rate and twice the epochs.
        permuted_pace: how the training loss, in the mean over epochs, compares with that of the
            same training on permuted targets: 1 if these are as easy to fit.
    """

    training_rows: int | None = None
    validation_rows: int | None = None
    classes: int | None = None
    guess_loss: float | None = None
    zero_loss: float | None = None
    guess: float | None = None
    references: tuple[Reference, ...] = ()
    shared: Shared | None = None
    telling: Telling | None = None
    out_of_bag: float | None = None
    slower_loss: float | None = None
    permuted_pace: float | None = None
    test_rows: int | None = None
    test_guess: float | None = None


def facts_of(task: Task, split: int = 0, names: tuple[str, ...] = ()) -> Facts:
    """What the rows of a task tell without training the network.

    Args:
        task: with its rows.
        split: which division of them.
        names: of the inputs.
    """
    rows, objective = task.rows, task.objective
    inputs, targets = np.asarray(rows.inputs), np.asarray(rows.targets)
    train, val, test = (np.asarray(part.index)[: part.count] for part in rows.parts(split))
    labels = _labels(targets, objective)
    by_accuracy = objective.metric_name == "accuracy"
    constant = _constant(targets[train], objective)
    rows_figure = objective.metric_rows if by_accuracy else objective.loss_rows

    others = _others(inputs, labels, train, val, objective)

    def of_constant(one_row: Any, part: np.ndarray, constant: np.ndarray) -> float:
        outputs = np.broadcast_to(constant, (len(part), *constant.shape))
        return float(np.mean(one_row(targets[part], outputs)))

    zero = np.zeros_like(constant) if objective.kind == "regression" else constant

    return Facts(
        training_rows=task.training_rows if task.stream else len(train),
        validation_rows=len(val),
        classes=None if objective.classes is None else len(objective.classes),
        guess_loss=of_constant(objective.loss_rows, train, constant),
        zero_loss=of_constant(objective.loss_rows, train, zero),
        guess=of_constant(rows_figure, val, constant),
        test_rows=len(test),
        test_guess=of_constant(rows_figure, test, constant) if len(test) else None,
        references=others.references,
        shared=shared_rows(inputs[train], targets[train], inputs[val], targets[val]),
        telling=telling_column(inputs[train], labels[train], names),
        out_of_bag=others.out_of_bag,
    )


def _labels(targets: np.ndarray, objective: Objective) -> np.ndarray:
    """Targets as scikit-learn takes them: (rows,) of integers or floats, or several columns."""
    if objective.kind == "binary":
        return targets.reshape(len(targets)).astype(int)
    if objective.kind == "categorical":
        return targets.astype(int) if objective.sparse else targets.argmax(axis=-1)
    if objective.kind == "multilabel":
        return targets.astype(int)
    return targets[:, 0] if targets.shape[1:] == (1,) else targets


def _constant(targets: np.ndarray, objective: Objective) -> np.ndarray:
    """The output that is best for all rows alike, in the form of the network's outputs."""
    if objective.kind == "regression":
        middle = np.median if "absolute" in objective.loss_name else np.mean
        return np.asarray(middle(targets, axis=0), np.float32)
    if objective.kind == "categorical" and objective.sparse:
        counts = np.bincount(targets.astype(int), minlength=objective.output_shape[-1])
        shares = counts / len(targets)
    else:
        shares = targets.mean(axis=0)
    shares = np.clip(shares, 1e-6, 1 - 1e-6)
    if objective.from_logits and objective.kind == "categorical":
        return np.log(shares).astype(np.float32)
    if objective.from_logits:
        return np.log(shares / (1 - shares)).astype(np.float32)
    return shares.astype(np.float32)


@dataclass(frozen=True)
class _Others:
    """What simple models reach on validation rows, and a forest on rows its trees left out."""

    references: tuple[Reference, ...] = ()
    out_of_bag: float | None = None


def _others(
    X: np.ndarray, y: np.ndarray, train: np.ndarray, val: np.ndarray, objective: Objective
) -> _Others:
    numbers = objective.kind == "regression"
    by_accuracy = objective.metric_name == "accuracy" and y.ndim == 1
    X = X.reshape(len(X), -1)
    if not (by_accuracy or numbers) or X.shape[1] > _MOST_COLUMNS:
        return _Others()
    draws = np.random.default_rng(0)
    train, val = (draws.permutation(part)[:_MOST_ROWS] for part in (train, val))
    found, models = [], _models(numbers)
    for name, model in models.items():
        with warnings.catch_warnings():
            # One that has not converged is judged as it is, and a row may be in every bag.
            warnings.simplefilter("ignore")
            said = model.fit(X[train], y[train]).predict(X[val])
        if by_accuracy:
            figure = float((said == y[val]).mean())
        else:
            outputs = said.reshape(len(val), -1).astype(np.float32)
            figure = float(np.mean(objective.loss_rows(y[val].reshape(outputs.shape), outputs)))
        found.append(Reference(name, figure))
    best_first = sorted(found, key=lambda one: one.figure, reverse=by_accuracy)
    score = float(models[_FOREST].oob_score_)
    if by_accuracy:
        guess = np.unique(y[train], return_counts=True)[1].max() / len(train)
        score = float((score - guess) / max(1 - guess, 1e-12))
    return _Others(tuple(best_first), score)


def _models(numbers: bool) -> dict[str, Any]:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    line = RidgeCV(np.logspace(-3, 3, 13)) if numbers else LogisticRegression(max_iter=300)
    neighbors = (KNeighborsRegressor if numbers else KNeighborsClassifier)(5)
    kind = RandomForestRegressor if numbers else RandomForestClassifier
    forest = kind(100, oob_score=True, random_state=0)
    return {
        "a linear model": make_pipeline(StandardScaler(), line),
        "the five nearest neighbors": make_pipeline(StandardScaler(), neighbors),
        _FOREST: forest,
    }
