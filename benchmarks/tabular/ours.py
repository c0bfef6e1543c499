"""justright's estimators on a table, as they are when nothing but the table is given."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

import justright as jr
from justright.estimators.thresholds import balanced, decided
from tabular.peers import judged
from tabular.rows import Division, Table

NAMES = ("justright", "justright, balanced")


def ours(table: Table, division: Division, budget: int | None = None) -> dict[str, Any]:
    """Test figures and cost; for classes twice, with two decisions from the same networks.

    The first decides for the most probable class, as scikit-learn's models do; the second is
    `threshold="tuned"`, for the class that held-out training rows say is best for balanced
    accuracy.
    """
    began, used = time.perf_counter(), time.process_time()
    known, test = division.known, division.test
    groups = None if table.groups is None else table.groups[known]
    kind = jr.RegularizedClassifier if table.is_class else jr.RegularizedRegressor
    found = kind(budget=budget).fit(table.X.iloc[known], table.y[known], groups=groups)
    told = found.predict(table.X.iloc[test])
    spent = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - used}
    models: dict[str, Any] = {NAMES[0]: {"test": judged(table, told, test)} | spent}
    if table.is_class:
        held = found.held_out_
        there = ~np.isnan(held).any(axis=1)
        codes = np.searchsorted(found.classes_, table.y[known])
        thresholds = balanced(held[there], codes[there])
        p = found.predict_proba(table.X.iloc[test])
        chosen = found.classes_[decided(p, thresholds, several=False)]
        models[NAMES[1]] = {"test": judged(table, chosen, test)} | spent
    return {"models": models, "recipe": str(found.recipe_)}
