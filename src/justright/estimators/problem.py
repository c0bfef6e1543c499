"""What an estimator asks for, and what it gets: the seam between rows and how they are learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from justright.engine.rows import Split
from justright.estimators.outputs import Link
from justright.experiments.found import Search
from justright.experiments.record import By
from justright.experiments.space import Spec
from justright.regularizers.recipe import Recipe
from justright.study import Study

if TYPE_CHECKING:
    import keras
    import pandas as pd

Way = Literal["given", "search", "together"]
Score = Callable[[np.ndarray, np.ndarray], float]
"""`(positions, probabilities or values) → score`, higher is better."""


@dataclass(frozen=True)
class Problem:
    """What an estimator asks for.

    Attributes:
        X: (rows, …) of float32, prepared by what saw the rows of `split.train` alone; where there
            is no split, by what saw all rows, but no targets.
        y: (rows,) of text, the numbers of the classes with leading zeros; (rows, labels) of 0
            and 1; or (rows,) or (rows, outputs) of floats, standardized.
        split: positions of the rows that train and of those that select; none that judge. None
            where the strategy divides the rows itself.
        weights: (rows,) what each row counts; None if all count alike.
        groups: (rows,) what is never on two sides; None if there are none. A split keeps to it.
        network: a Keras model, or None.
        hidden: units of the hidden layers of the network that stands in; None to choose.
        recipe: the only one to train, or None to choose.
        space: what to choose from, as in `search`.
        budget: as in `search`; None for the strategy's own.
        epochs, batch_size, optimizer, loss: as in `compare`; None for the strategy's own.
        learning_rate: None for the optimizer's own, or to choose.
        by: by which validation figures a search goes, as in `search`; None for both.
        score: chooses among the search's best in their stead, and the shares of networks that
            predict together; None for the strategy's own choice.
        refit: whether a choice that was made on a split is trained again on all rows.
        seed: the same one gives the same solution, where the budget counts trainings.
        progress: whether to show a progress bar.
    """

    X: np.ndarray
    y: np.ndarray
    split: Split | None = None
    weights: np.ndarray | None = None
    groups: np.ndarray | None = None
    network: keras.Model | None = None
    hidden: tuple[int, ...] | None = None
    recipe: Recipe | None = None
    space: Spec | None = None
    budget: int | str | None = None
    epochs: int | None = None
    batch_size: int | None = None
    optimizer: Any = None
    loss: Any = None
    learning_rate: float | None = None
    by: By | None = None
    score: Score | None = None
    refit: bool = True
    seed: int = 0
    progress: bool | None = False


@dataclass(frozen=True)
class Solution:
    """What was found.

    Attributes:
        way: to it: `"given"`, a recipe that was given; `"search"`, the best of a search; or
            `"together"`, several networks.
        model: plain Keras, from prepared rows to outputs; it predicts.
        link: from its outputs to probabilities.
        recipe: that it was trained with.
        study: the search, or the study of the one recipe; of several networks that predict
            together, the study of those whose recipe has the largest share.
        history: one row an epoch of the training that was judged, as in `Study.curves`.
        unseen: (rows, outputs) probabilities or values for each row by networks that were not
            trained on it, NaN where there are none: thresholds, calibration and the gap are
            read off these, so they must not be those of `model` after a refit.
        seen: the same by networks like those, for rows that they were trained on.
        metric_name, loss_name: of the training.
        notes: what was decided on the way, in sentences.
    """

    way: Way
    model: keras.Model
    link: Link
    recipe: Recipe
    study: Search | Study
    history: pd.DataFrame
    unseen: np.ndarray
    seen: np.ndarray
    metric_name: str
    loss_name: str
    notes: tuple[str, ...]


def with_outputs(outputs: np.ndarray) -> np.ndarray:
    """Positions of the rows for which there are outputs."""
    return np.flatnonzero(~np.isnan(outputs).any(axis=1))
