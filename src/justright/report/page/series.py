"""Curves for a page: means and single runs, few enough digits and epochs to stay small."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from justright.engine.outcome import Outcome
from justright.engine.trial import TrialResult
from justright.evidence.measure import Measure

SERIES = ("train_metric", "val_metric", "train_loss", "val_loss")
_COLUMNS = (2, 3, 0, 1)
# About seven characters a number: 300,000 of them are 2 MB.
_NUMBERS = 300_000
_FEWER_EPOCHS, _FEWEST_EPOCHS = 60, 20


def series_of(named: Mapping[str, Sequence[TrialResult]]) -> tuple[list[int], list[dict[str, Any]]]:
    """The curves of recipes.

    Of many long trainings every epoch is not kept, and not every run.

    Args:
        named: trials by recipe.

    Returns:
        The epochs that are kept, from 1, and for each recipe: mean (4, epochs), in the order of
        `SERIES`, over the runs that still train where at least half of them do; runs
        (shown, 4, epochs); stops: the chosen epoch of each run that was stopped early.
    """
    good = _good(named)
    longest = max((r.epochs_run for results in good for r in results), default=1)
    most = max(map(len, good))
    points = max(len(good), 1)
    kept = min(
        longest,
        max(_FEWER_EPOCHS, _NUMBERS // (4 * points * (most + 1))),
        max(_FEWEST_EPOCHS, _NUMBERS // (4 * points)),
    )
    epochs = np.unique(np.round(np.linspace(1, longest, kept)).astype(int))
    shown = max(0, _NUMBERS // (4 * points * len(epochs)) - 1)
    return epochs.tolist(), [_of_recipe(results, epochs, min(most, shown)) for results in good]


def _good(named: Mapping[str, Sequence[TrialResult]]) -> list[list[TrialResult]]:
    """Of each recipe the trials with curves to draw."""
    return [[r for r in results if r.outcome is not Outcome.FAILED] for results in named.values()]


def _of_recipe(results: Sequence[TrialResult], epochs: np.ndarray, shown: int) -> dict[str, Any]:
    runs = np.full((len(results), 4, len(epochs)), np.nan)
    for run, result in zip(runs, results, strict=True):
        there = epochs[epochs <= result.epochs_run]
        run[:, : len(there)] = result.curves[there - 1][:, _COLUMNS].T
    return {
        "mean": [short_list(one) for one in _mean(runs)] if len(runs) else [[]] * 4,
        "runs": [[short_list(one) for one in run] for run in runs[:shown]],
        "stops": [r.chosen_epoch for r in results if r.outcome is Outcome.STOPPED],
    }


def _mean(runs: np.ndarray) -> np.ndarray:
    there = np.isfinite(runs).sum(axis=0)
    total = np.where(np.isfinite(runs), runs, 0).sum(axis=0)
    return np.where(2 * there >= max(len(runs), 1), total / np.maximum(there, 1), np.nan)


def thinned_in_words(
    named: Mapping[str, Sequence[TrialResult]],
    epochs: Sequence[int],
    series: Sequence[Mapping[str, Any]],
) -> list[str]:
    """What `series_of` left away, in a sentence; none where it is nothing.

    Args:
        named: trials by recipe.
        epochs: that are kept.
        series: of each recipe.
    """
    good = _good(named)
    ran = [r.epochs_run for results in good for r in results]
    runs = max(map(len, good), default=0)
    shown = max((len(one["runs"]) for one in series), default=0)
    longest = max(ran, default=0)
    less = []
    if len(epochs) < longest:
        less.append(f"{len(epochs)} of {longest:,} epochs")
    # One run is its mean.
    if shown < runs and runs > 1:
        less.append(f"{shown or 'none'} of the {runs} single runs")
    if not less:
        return []
    return [f"So that this page stays small, curves show {' and '.join(less)}; means are of all."]


def limits_of(points: Sequence[Mapping[str, Any]], measure: Measure) -> dict[str, list[float]]:
    """From where to where the charts go, the same for all points.

    Args:
        points: as `series_of` gives them.
        measure: the metric.
    """
    drawn = [[np.array(one["mean"][i], float) for one in points] for i in range(4)]
    for one in points:
        for i, lines in enumerate(drawn):
            lines += [np.array(run[i], float) for run in one["runs"]]
    sign = -1 if measure.higher_is_better else 1
    ends = sorted(sign * end for end in _span([sign * x for x in drawn[0] + drawn[1]], 0.99))
    metric = [max(ends[0], 0.0), min(ends[1], 1.0)] if measure.is_share else ends
    loss = _span(drawn[2] + drawn[3], 0.98)
    return {"metric": metric, "loss": [max(loss[0], 0.0), loss[1]]}


def _span(lines: Sequence[np.ndarray], worst: float) -> list[float]:
    """All that is drawn but the first epochs' climb, which would press the rest together.

    What comes later is inside, unless it were more than as high again as all but the worst.
    """
    values = np.concatenate([np.zeros(0), *lines])
    values = values[np.isfinite(values)]
    if not len(values):
        return [0.0, 1.0]
    low, usual = float(values.min()), float(np.quantile(values, worst))
    later = np.concatenate([line[len(line) // 10 :] for line in lines])
    high = max(usual, min(float(np.nanmax(later)), usual + (usual - low)))
    margin = 0.06 * max(high - low, 1e-3)
    return [low - margin, high + margin]


def short_list(values: np.ndarray) -> list[float | None]:
    """Numbers with four digits, None where there is none; nothing behind the last one."""
    listed = [short(one) for one in values.tolist()]
    while listed and listed[-1] is None:
        listed.pop()
    return listed


def short(value: float) -> float | None:
    """A number with four digits; None where it is none."""
    return float(f"{value:.4g}") if math.isfinite(value) else None
