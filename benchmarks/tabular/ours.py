"""justright's estimators on a table, as they are when nothing but the table is given."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from sklearn.metrics import balanced_accuracy_score

import justright as jr
from justright.estimators.thresholds import balanced, decided, tuned
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
    extra = {}
    if table.is_class:
        p = found.predict_proba(table.X.iloc[test])
        codes = np.searchsorted(found.classes_, table.y[known])
        held = found.held_out_
        there = ~np.isnan(held).any(axis=1)
        held, codes = held[there], codes[there]

        def score(t):
            return balanced_accuracy_score(codes, decided(held, t, False))

        for name, t in (("power", balanced(held, codes)), ("tuned", tuned(held, score, False))):
            extra[name] = judged(table, found.classes_[decided(p, t, False)], test)
        models[NAMES[1]] = {"test": extra["power"]} | spent
    return {"models": models, "recipe": str(found.recipe_), "extra": extra}
