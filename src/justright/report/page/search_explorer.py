"""The trainings of a search to move through, by time or by rank, and to filter by what they have.

A search's points are scattered, so there is no slider for each strength: two sliders go through the
same trainings in two orders, and lists leave away those that are not wanted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from justright.engine.trial import TrialResult
from justright.errors import RecipeError
from justright.evidence.measure import Measure
from justright.evidence.overlap import ONE_SPLIT
from justright.evidence.summary import rows_of
from justright.regularizers.axis import Axis
from justright.regularizers.axis import short as short_number
from justright.regularizers.recipe import Recipe
from justright.report.page.page import Control, Explorer, Picture, Table
from justright.report.page.series import short
from justright.report.page.trained import NOTHING, Trained, explorer_of
from justright.report.strength_scale import Scale

if TYPE_CHECKING:
    import pandas as pd

_ANY, _OFF, _ON = "any", "off", "on"
_FEW, _PARTS, _TICKS = 4, 3, 5
_WORST = 0.05
MOST = 1_000
_LOG = "It comes from a history file, which keeps neither curves nor weights."
_NO_WEIGHTS = {
    "pruned": "No weights: the training was given up early.",
    "failed": "No weights: the training failed.",
}


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


@dataclass(frozen=True)
class _Choice:
    """What a search chose for each training: a strength, a size, or whether something is on.

    Attributes:
        words: what it is.
        values: (trainings,) of it, NaN where it was off.
        shown: the names of values, by value.
    """

    words: str
    values: np.ndarray
    is_switch: bool

    @property
    def known(self) -> np.ndarray:
        """The values that there are, ascending."""
        return np.unique(self.values[np.isfinite(self.values)])


def search_explorer(
    trainings: Sequence[Tried], history: pd.DataFrame, measure: Measure, has_test: bool
) -> Explorer:
    """Sliders through all trainings, in order of time and of the metric, and filters.

    Args:
        trainings: of the search, in order.
        history: their rows of a search's table.
        measure: the metric.
        has_test: whether test rows judge.
    """
    names = [str(number + 1) for number in history["training"]]
    table = history.assign(
        recipe=names,
        gap=[measure.advantage(*pair) for pair in _pairs(history, "metric")],
        loss_gap=history["val_loss"] - history["train_loss"],
    )
    results = {
        name: [] if one.result is None else [one.result]
        for name, one in zip(names, trainings, strict=True)
    }
    rows = {row.recipe: row for row in rows_of(table, ONE_SPLIT)}
    ranks, ranked = _ranks(history, measure)
    words = [_words(i, one, history) for i, one in enumerate(trainings)]
    places = {name: ([i, ranks[i]], words[i]) for i, name in enumerate(names)}
    start = next(i for i, one in enumerate(trainings) if one.chosen)
    figures = [_shown(value, measure) for value in history["val_metric"]]
    labels = [f"{r + 1} ({figures[i]})" for r, i in enumerate(ranked)]
    controls = [
        Control("training, in order of time", names, start, is_strength=True),
        Control(f"rank by validation {measure.words}", labels, ranks[start], is_strength=True),
    ]
    plain = next((i for i, one in enumerate(trainings) if one.plain), None)
    jumps = [("The choice", start), ("The best single training", ranked[0])]
    jumps += [] if plain is None else [("No regularization", plain)]
    beside = start if plain is None else plain
    made = explorer_of(
        Trained(results, rows, measure, has_test, None),
        controls,
        places,
        jumps,
        beside,
        "the choice" if plain is None else "no regularization",
    )
    choices = choices_of(history)
    options = [_options(one) for one in choices]
    codes = [code for _, code in options]
    points = [_told(p, one, history["outcome"].iloc[i]) for i, (p, one) in
              enumerate(zip(made.data["points"], trainings, strict=True))]  # fmt: skip
    data = {**made.data, "points": points, "linked": True, "codes": codes}
    filters = [(one.words, listed) for one, (listed, _) in zip(choices, options, strict=True)]
    return replace(made, data=data, filters=filters, finding=points[start]["finding"])


def shown_trainings(
    trainings: Sequence[Tried], history: pd.DataFrame, measure: Measure
) -> list[int]:
    """Which trainings a page shows: all, or of many those with the best validation figures.

    Those of the choice and of the plain recipe are among them.

    Args:
        trainings: of a search.
        history: its table.
        measure: the metric.
    """
    _, ranked = _ranks(history, measure)
    telling = [i for i, one in enumerate(trainings) if one.chosen or one.plain]
    return sorted({*ranked[:MOST], *telling[:MOST]})


def choices_of(history: pd.DataFrame) -> list[_Choice]:
    """What the search chose, column by column of its table, as far as it differs."""
    found = []
    for name in history.columns[list(history.columns).index("test_metric") + 1 :]:
        column = history[name]
        is_switch = bool(column.dropna().map(lambda value: isinstance(value, bool)).all())
        values = [_number(value) for value in column]
        one = _Choice(_column_words(name), np.array(values, float), is_switch)
        if len(one.known) > 1 or np.isnan(one.values).any():
            found.append(one)
    return found


def strands(history: pd.DataFrame, measure: Measure, table: Table) -> Picture:
    """Every training as a line through what was chosen for it, down to the metric.

    Args:
        history: a search's table.
        measure: the metric.
        table: the same in numbers.
    """
    values = history["val_metric"].to_numpy(float)
    data = {
        "rows": [*(_row(one) for one in choices_of(history)), _metric_row(values, measure)],
        "points": [{"value": short(float(v))} for v in values],
        "share": measure.is_share,
        "higher": measure.higher_is_better,
    }
    words = (
        "Each line is a training, from what was chosen for it down to what it reached; the "
        "lighter, the better. Those that the lists above leave away are faint."
    )
    return Picture("strands", "What was chosen, and what it gave", words, table, data)


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
    return told


def _shown(value: float, measure: Measure) -> str:
    return measure.show(float(value)) if math.isfinite(value) else NOTHING


def _number(value: Any) -> float:
    """A value as a number; NaN of what is off, or has no number."""
    if isinstance(value, bool):
        return float(value)
    return float(value) if isinstance(value, int | float | np.number) else math.nan


def _column_words(name: str) -> str:
    """`"dropout rate"` of `"Dropout.rate"`; others as they are."""
    try:
        return Axis.of(name, Recipe()).words if "." in name else name.replace("_", " ")
    except RecipeError:
        return name


def _options(one: _Choice) -> tuple[list[str], list[int]]:
    """What a list offers, and which of it each training is: all first, then off, then values."""
    values, known = one.values, one.known
    off = np.isnan(values)
    listed = [_ANY, *([_OFF] if off.any() else [])]
    first = len(listed)
    if one.is_switch:
        bins, names = np.zeros(len(values), int), [_ON]
    elif len(known) <= _FEW:
        bins, names = np.searchsorted(known, values), [short_number(value) for value in known]
    else:
        edges = np.quantile(known, np.linspace(0, 1, _PARTS + 1)[1:-1], method="nearest")
        bins = np.searchsorted(edges, values)
        texts = [short_number(float(edge)) for edge in edges]
        between = [f"{a} to {b}" for a, b in pairwise(texts)]
        names = [f"up to {texts[0]}", *between, f"above {texts[-1]}"]
    code = np.where(off, 1, first + bins)
    return [*listed, *names], code.tolist()


def _row(one: _Choice) -> dict[str, Any]:
    """A line of the picture: what it is, ticks, and where each training stands, None for off."""
    known = [float(value) for value in one.known]
    if one.is_switch:
        places, ticks = np.where(np.isnan(one.values), math.nan, 1.0), [[1.0, _ON]]
    else:
        scale = Scale.of(known)
        at = np.array([scale.at(value) for value in known])
        span = float(at[-1] - at[0]) or 1.0
        where = dict(zip(known, ((at - at[0]) / span).tolist(), strict=True))
        places = np.array([where.get(float(value), math.nan) for value in one.values])
        chosen = np.unique(np.linspace(0, len(known) - 1, min(_TICKS, len(known))).astype(int))
        ticks = [[where[known[i]], short_number(known[i])] for i in chosen]
    return {
        "words": one.words,
        "ticks": ticks,
        "at": [short(float(place)) for place in places],
        "off": bool(np.isnan(one.values).any()),
    }


def _metric_row(values: np.ndarray, measure: Measure) -> dict[str, Any]:
    """The same for what they reached; the worst few stand at the end, or they press the others."""
    good = values[np.isfinite(values)]
    ends = (_WORST, 1.0) if measure.higher_is_better else (0.0, 1 - _WORST)
    low, high = np.quantile(good, ends).tolist() if len(good) else (0.0, 1.0)
    span = high - low or 1.0
    ticks = [[share, measure.show(low + share * span)] for share in (0.0, 0.5, 1.0)]
    if len(good) and good.min() < low:
        ticks[0][1] = f"≤ {ticks[0][1]}"
    if len(good) and good.max() > high:
        ticks[-1][1] = f"≥ {ticks[-1][1]}"
    places = np.clip((values - low) / span, 0, 1)
    return {
        "words": f"validation {measure.words}",
        "ticks": ticks,
        "at": [short(float(place)) for place in places],
        "off": False,
    }
