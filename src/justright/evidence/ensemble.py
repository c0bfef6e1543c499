"""Weight scaling against averages over masks, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.estimate import estimate
from justright.evidence.interval import CONFIDENCE, Interval
from justright.evidence.measure import Measure

if TYPE_CHECKING:
    import pandas as pd

SCALING, ALL, SAMPLED, POOLED, GEOMETRIC = (
    "weight scaling",
    "all masks",
    "sampled masks",
    "all sampled masks",
    "geometric mean of all masks",
)
_LOSS = Measure("loss", False)
_ROUNDING = 1e-5
_NEAR = 0.02


def reference_of(table: pd.DataFrame) -> str:
    """What the others are compared with: the average of all masks, or of all that were sampled."""
    return ALL if (table["prediction"] == ALL).any() else POOLED


def mean_by_prediction(table: pd.DataFrame) -> pd.DataFrame:
    """The table's figures, the mean over trainings: one row a prediction and number of masks."""
    figures = ["loss", "loss_spread", "metric", "metric_spread", "distance", "to_geometric"]
    return table.groupby(["prediction", "masks"], sort=False)[figures].mean().reset_index()


def masks_below(table: pd.DataFrame, loss: float) -> int | None:
    """Of how many sampled masks the average has a mean loss of at most so much.

    Returns:
        The smallest number from which on it stays there; None if there is none.
    """
    means = mean_by_prediction(table)
    sampled = means[means["prediction"] == SAMPLED]
    above = np.flatnonzero(sampled["loss"].to_numpy() > loss)
    first = int(above[-1]) + 1 if len(above) else 0
    return int(sampled["masks"].iloc[first]) if first < len(sampled) else None


def ensemble_in_words(
    table: pd.DataFrame, units: int, part: str, measure: Measure, ratio: float = 0.0
) -> str:
    """What weight scaling and averages over masks gave.

    Args:
        table: as `DropoutEnsemble` has it.
        units: on how many dropout acts.
        part: which rows judge: test or validation.
        measure: the metric.
        ratio: what the intervals of several splits allow for, as `estimate` has it.
    """
    means, reference = mean_by_prediction(table), reference_of(table)
    change = _change(table, reference, ratio)
    told = [answer_in_words(table, units, part, measure, ratio), *_geometric(means)]
    told.append(_sampled(table, means, measure, reference, _is_shown(change)))
    return " ".join(told)


def answer_in_words(
    table: pd.DataFrame, units: int, part: str, measure: Measure, ratio: float = 0.0
) -> str:
    """Of how many networks it is an ensemble, and whether one pass is as good as their average.

    Args:
        table, units, part, measure, ratio: as for `ensemble_in_words`.
    """
    means, reference = mean_by_prediction(table), reference_of(table)
    count = int(means.loc[means["prediction"] == reference, "masks"].iloc[0])
    told = [_size(units, count, reference == ALL)]
    change = _change(table, reference, ratio)
    trainings = len(table[table["prediction"] == SCALING])
    told.append(
        f"On the {part} rows ({trainings} training{'s' * (trainings > 1)}), weight scaling, one "
        f"pass with all units, has {_figures(means, SCALING, measure)}; the average over "
        f"{'all' if reference == ALL else 'these'} masks has "
        f"{_figures(means, reference, measure)}: {_difference(change)}."
    )
    return " ".join(told)


def _size(units: int, count: int, exact: bool) -> str:
    head = f"Dropout acts on {units} unit{'s' * (units > 1)}, so the network stands for "
    if exact:
        return f"{head}{count:,} thinned networks, all of which were averaged."
    return (
        f"{head}2^{units} thinned networks, too many to go through; {count:,} sampled masks stand "
        "for them."
    )


def _figures(means: pd.DataFrame, prediction: str, measure: Measure) -> str:
    row = means[means["prediction"] == prediction].iloc[0]
    return f"loss {_LOSS.show(row['loss'])} and {measure.words} {measure.show(row['metric'])}"


def _change(table: pd.DataFrame, reference: str, ratio: float) -> Interval:
    """By how much weight scaling's loss is higher, over trainings."""
    by_training = table.set_index(["seed", "split"])
    a, b = (by_training.loc[by_training["prediction"] == p, "loss"] for p in (SCALING, reference))
    change = a - b
    splits = change.index.get_level_values("split").to_numpy()
    return estimate(change.to_numpy(float), splits, ratio).interval()


def _is_shown(change: Interval) -> bool:
    return change.enough and not change.low <= 0 <= change.high


def _difference(change: Interval) -> str:
    way = "higher" if change.mean > 0 else "lower"
    size = _LOSS.show_difference(abs(change.mean))
    if not change.enough:
        return f"weight scaling's loss is {size} {way} (too few trainings for an interval)"
    if not _is_shown(change):
        spread = _LOSS.show_range(change.low, change.high)
        return f"no difference in loss shown ({CONFIDENCE:.0%} interval {spread})"
    low, high = sorted((abs(change.low), abs(change.high)))
    spread = _LOSS.show_range(low, high)
    return f"weight scaling's loss is {size} {way} ({CONFIDENCE:.0%} interval {spread})"


def _geometric(means: pd.DataFrame) -> list[str]:
    """How near weight scaling is to the geometric mean, beside how near to the average."""
    scaling = means[means["prediction"] == SCALING].iloc[0]
    to_geometric, to_average = float(scaling["to_geometric"]), float(scaling["distance"])
    if np.isnan(to_geometric):
        return []
    if to_geometric < _ROUNDING:
        return ["Weight scaling is the normalized geometric mean of all masks, up to rounding."]
    sizes = [f"{100 * size:.2g} points" for size in (to_geometric, to_average)]
    return [
        f"Weight scaling's probabilities are {sizes[0]} from the normalized geometric mean of all "
        f"masks and {sizes[1]} from their average (root mean square)."
    ]


def _sampled(
    table: pd.DataFrame, means: pd.DataFrame, measure: Measure, reference: str, differs: bool
) -> str:
    sampled = means[means["prediction"] == SAMPLED]
    first, most = sampled.iloc[0], int(sampled["masks"].iloc[-1])

    def loss_of(prediction: str) -> float:
        return float(means.loc[means["prediction"] == prediction, "loss"].iloc[0])

    near = masks_below(table, (1 + _NEAR) * loss_of(reference))
    close = (
        f"from {near} masks on their average is within {_NEAR:.0%} of the loss of that of all"
        if near
        else f"averages of up to {most} are not yet within {_NEAR:.0%} of the loss of that of all"
    )
    matched = masks_below(table, loss_of(SCALING))
    versus = ""
    if matched:
        versus = f", and from {matched} on it is as good as weight scaling"
    elif differs:
        versus = f", and of up to {most} none is as good as weight scaling"
    return (
        f"A single sampled mask has loss {_LOSS.show(first['loss'])} (± "
        f"{_LOSS.show_difference(first['loss_spread'])} over draws) and {measure.words} "
        f"{measure.show(first['metric'])}; {close}{versus}."
    )
