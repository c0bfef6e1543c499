"""The trainings of a search to move through, by time or by rank, and to filter by what they have.

A search's points are scattered, so there is no slider for each strength: two sliders go through the
same trainings in two orders, and lists leave away those that are not wanted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from justright.engine.trial import TrialResult
from justright.evidence.diagnosis import Diagnosis
from justright.evidence.measure import Measure
from justright.evidence.overlap import ONE_SPLIT
from justright.evidence.summary import rows_of
from justright.report.page.page import Control, Explorer, Table
from justright.report.page.search_choices import choices_of, options_of
from justright.report.page.trained import NOTHING, Trained, explorer_of

if TYPE_CHECKING:
    import pandas as pd

MOST = 1_000
_LOG = (
    "Its curves and weights were not kept: it comes from a history file, or a thousand trainings "
    "were better."
)
_NO_WEIGHTS = {
    "pruned": "No weights: the training was given up early.",
    "failed": "No weights: the training failed.",
}

_NO_FINDING = {"pruned": "Given up early, so there is no diagnosis."}


@dataclass(frozen=True)
class Tried:
    """One training of a search.

    Attributes:
        recipe: in words.
        network: units of its hidden layers, in words; "" where the model was given.
        rate: its learning rate.
        result: its curves and some of its weights; None where they were not kept.
        chosen: whether it is of the choice.
        plain: whether it is of the plain recipe.
    """

    recipe: str
    network: str
    rate: float
    result: TrialResult | None
    chosen: bool
    plain: bool


def search_explorer(
    trainings: Sequence[Tried],
    history: pd.DataFrame,
    measure: Measure,
    has_test: bool,
    diagnosed: Callable[[Sequence[TrialResult]], Diagnosis | None],
) -> Explorer:
    """Sliders through all trainings, in order of time and of the metric, and filters.

    Args:
        trainings: of the search, in order.
        history: their rows of a search's table.
        measure: the metric.
        has_test: whether test rows judge.
        diagnosed: what ails trainings, by name.
    """
    names = [str(number + 1) for number in history["training"]]
    table = history.assign(
        recipe=names,
        gap=[measure.advantage(*pair) for pair in _pairs(history, "metric")],
        loss_gap=history["val_loss"] - history["train_loss"],
    )
    results = {
        name: [] if one.result is None else [named(one.result, name)]
        for name, one in zip(names, trainings, strict=True)
    }
    diagnosis = diagnosed([one for listed in results.values() for one in listed])
    rows = {row.recipe: row for row in rows_of(table, ONE_SPLIT)}
    ranks, ranked = _ranks(history, measure)
    words = [_words(i, one, history) for i, one in enumerate(trainings)]
    places = {name: ([i, ranks[i]], words[i]) for i, name in enumerate(names)}
    chosen = _telling([one.chosen for one in trainings], trainings, history)
    start = 0 if chosen is None else chosen
    figures = [_shown(value, measure) for value in history["val_metric"]]
    labels = [f"{r + 1} ({figures[i]})" for r, i in enumerate(ranked)]
    controls = [
        Control("training, in order of time", names, start, is_strength=True),
        Control(f"rank by validation {measure.words}", labels, ranks[start], is_strength=True),
    ]
    plain = _telling([one.plain for one in trainings], trainings, history)
    jumps = [("The choice", start), ("The best single training", ranked[0])]
    jumps += [] if plain is None else [("No regularization", plain)]
    beside = start if plain is None else plain
    made = explorer_of(
        Trained(results, rows, measure, has_test, diagnosis),
        controls,
        places,
        jumps,
        beside,
        "the choice" if plain is None else "no regularization",
    )
    choices = choices_of(history)
    options = [options_of(one) for one in choices]
    codes = [code for _, code in options]
    points = [_told(p, one, history["outcome"].iloc[i]) for i, (p, one) in
              enumerate(zip(made.data["points"], trainings, strict=True))]  # fmt: skip
    data = {**made.data, "points": points, "linked": True, "codes": codes}
    filters = [(one.words, listed) for one, (listed, _) in zip(choices, options, strict=True)]
    return replace(made, data=data, filters=filters, finding=points[start]["finding"])


def named(result: TrialResult, name: str) -> TrialResult:
    """A training under another name."""
    return replace(result, trial=replace(result.trial, name=name))


def shown_trainings(
    trainings: Sequence[Tried], history: pd.DataFrame, measure: Measure, most: int = MOST
) -> list[int]:
    """Which trainings a page shows: all, or of many those with the best validation figures.

    Those of the choice and of the plain recipe are among them.

    Args:
        trainings: of a search.
        history: its table.
        measure: the metric.
        most: how many are shown.
    """
    _, ranked = _ranks(history, measure)
    # Fresh seeds come last, and they are what the figures are of.
    telling = [i for i, one in enumerate(trainings) if one.chosen or one.plain][-most // 2 :]
    return sorted({*ranked[: most - len(telling)], *telling})


def choices_table(trainings: Sequence[Tried], history: pd.DataFrame, measure: Measure) -> Table:
    """A row a training: what was chosen for it, and what it gave."""
    networks = any(one.network for one in trainings)
    rows = [
        [
            str(history["training"].iloc[i] + 1),
            _shown(history["val_metric"].iloc[i], measure),
            one.recipe,
            *([one.network] if networks else []),
            f"{one.rate:.2g}",
        ]
        for i, one in enumerate(trainings)
    ]
    network = ["network"] if networks else []
    head = ["training", f"validation {measure.words}", "recipe", *network, "learning rate"]
    return Table("What was chosen in each training", head, rows)


def _telling(mine: Sequence[bool], trainings: Sequence[Tried], history: pd.DataFrame) -> int | None:
    """The training that stands for a point, best with a fresh seed: the others were picked."""
    fresh, values = history["stage"] == "final", history["val_metric"]
    known = [
        (bool(fresh.iloc[i]), math.isfinite(values.iloc[i]), trainings[i].result is not None, -i)
        for i, one in enumerate(mine)
        if one
    ]
    return -max(known)[-1] if known else None


def _pairs(history: pd.DataFrame, figure: str) -> list[tuple[float, float]]:
    return list(zip(history[f"train_{figure}"], history[f"val_{figure}"], strict=True))


def _ranks(history: pd.DataFrame, measure: Measure) -> tuple[list[int], list[int]]:
    """The rank of each training, from 0, and the trainings by rank; those without a figure last."""
    values = history["val_metric"].to_numpy(float) * (-1 if measure.higher_is_better else 1)
    ranked = np.lexsort((history["val_loss"].to_numpy(float), values)).tolist()
    ranks = np.argsort(ranked).tolist()
    return ranks, ranked


def _words(i: int, one: Tried, history: pd.DataFrame) -> str:
    row = history.iloc[i]
    marks = ["fresh seed"] * (row["stage"] == "final")
    marks += [f"given up after {row['epochs_run']} epochs"] * (row["outcome"] == "pruned")
    said = f" ({', '.join(marks)})" if marks else ""
    network = f", {one.network} units" if one.network else ""
    return (
        f"Training {row['training'] + 1}{said}, {one.recipe}{network}, learning rate {one.rate:.2g}"
    )


def _told(point: Mapping[str, Any], one: Tried, outcome: str) -> dict[str, Any]:
    """A point; where there are no curves or weights it says why."""
    told = dict(point)
    if one.result is None:
        told |= {"finding": _LOG, "weights": _LOG}
    elif not point["histogram"]:
        told["weights"] = _NO_WEIGHTS.get(outcome, point["weights"])
        told["finding"] = point["finding"] or _NO_FINDING.get(outcome, "")
    return told


def _shown(value: float, measure: Measure) -> str:
    return measure.show(float(value)) if math.isfinite(value) else NOTHING
