"""What justright's default is compared with: scikit-learn's models, each with usual preparation."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from tabular.rows import Division, Table

# For classes the second of each pair weighs classes alike; there is no such option of the MLP.
PEERS = ("MLP", "MLP, searched", "boosting", "linear", "boosting, balanced", "linear, balanced")
_WIDTHS = ((64,), (128,), (256,), (128, 64), (256, 128), (512, 256))
_ALPHAS = np.logspace(-3, 3, 13)


def judged(table: Table, chosen: np.ndarray, rows: np.ndarray) -> float:
    """Balanced accuracy, or R², of what is predicted for rows."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "y_pred contains classes not in y_true")
        score = balanced_accuracy_score if table.is_class else r2_score
        return float(score(table.y[rows], chosen))


def peer(name: str, table: Table, division: Division, cpu: float) -> dict[str, Any]:
    """One peer's test figure, and what it cost.

    Args:
        name: of `PEERS`.
        table, division: it is fitted on all rows that do not judge.
        cpu: seconds of processor time that a random search may take.
    """
    began, used = time.perf_counter(), time.process_time()
    found: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if name == "MLP, searched":
            options, found = searched(table, division, cpu)
            model = network(table, options)
        else:
            model = _fixed(name, table)
        model.fit(table.X.iloc[division.known], table.y[division.known])
    chosen = model.predict(table.X.iloc[division.test])
    return {
        "test": judged(table, chosen, division.test),
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - used,
    } | found


def searched(table: Table, division: Division, cpu: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of an MLP by random search on the validation rows, the default ones first."""
    rng = np.random.default_rng(0)
    began, spent, best, tried = time.process_time(), 0.0, (-np.inf, {}), 0
    # Another one is begun where one like those before brings the search nearer to its time.
    while not tried or spent + spent / tried / 2 < cpu:
        options = _drawn(rng, len(division.train)) if tried else {}
        model = network(table, options)
        model.fit(table.X.iloc[division.train], table.y[division.train])
        chosen = model.predict(table.X.iloc[division.validation])
        score = judged(table, chosen, division.validation)
        best, tried = max(best, (score, options), key=lambda one: one[0]), tried + 1
        spent = time.process_time() - began
    return best[1], {"tried": tried, "validation": best[0]}


def network(table: Table, options: dict[str, Any]) -> Any:
    """scikit-learn's MLP; targets of a regression are standardized, or it fails on most."""
    if table.is_class:
        return make_pipeline(_scaled(table.X), MLPClassifier(random_state=0, **options))
    model = make_pipeline(_scaled(table.X), MLPRegressor(random_state=0, **options))
    return TransformedTargetRegressor(model, transformer=StandardScaler())


def _drawn(rng: np.random.Generator, rows: int) -> dict[str, Any]:
    return {
        "hidden_layer_sizes": _WIDTHS[rng.integers(len(_WIDTHS))],
        "alpha": float(10 ** rng.uniform(-6, 1)),
        "learning_rate_init": float(10 ** rng.uniform(-4, -2)),
        "batch_size": min(int(2 ** rng.integers(5, 9)), rows),
        "activation": str(rng.choice(["relu", "tanh"])),
        "early_stopping": bool(rng.integers(2)) and rows >= 200,
    }


def _fixed(name: str, table: Table) -> Any:
    kind, _, balanced = name.partition(", ")
    if kind == "MLP":
        return network(table, {})
    weights = {"class_weight": "balanced"} if balanced and table.is_class else {}
    if kind == "boosting":
        boosting = (
            HistGradientBoostingClassifier if table.is_class else HistGradientBoostingRegressor
        )
        numbers, words = columns(table.X)
        coded = list(range(len(numbers), len(numbers) + len(words)))
        model = boosting(categorical_features=coded or None, random_state=0, **weights)
        return make_pipeline(_coded(table.X), model)
    if table.is_class:
        return make_pipeline(_scaled(table.X), LogisticRegression(max_iter=1000, **weights))
    return make_pipeline(_scaled(table.X), RidgeCV(_ALPHAS))


def _scaled(X: pd.DataFrame) -> ColumnTransformer:
    """Numbers are imputed and standardized, text is one-hot."""
    numbers, words = columns(X)
    scaled = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()
    )
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer([("numbers", scaled, numbers), ("words", one_hot, words)])


def _coded(X: pd.DataFrame) -> ColumnTransformer:
    """Numbers as they are, missing ones too; text as codes, which boosting takes as categories."""
    numbers, words = columns(X)
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan
    )
    return ColumnTransformer([("numbers", "passthrough", numbers), ("words", codes, words)])


def columns(X: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The names of the columns of numbers and of the others."""
    numbers = [name for name in X if X[name].dtype.kind in "iufb"]
    return numbers, [name for name in X if name not in numbers]
