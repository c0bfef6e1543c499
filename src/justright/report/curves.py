"""The figure of a comparison: train and validation curves by epoch, one panel a recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.measure import Measure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito's palette: told apart by people who do not see all colours.
TRAIN, VALIDATION = "#0072B2", "#D55E00"
INK, FAINT = "#222222", "#8a8a8a"
_MOST_COLUMNS = 4


def draw_curves(curves: pd.DataFrame, table: pd.DataFrame, measure: Measure, title: str) -> Figure:
    """Draw a metric's curves: a thin line a seed, a bold mean, a band of one deviation.

    Args:
        curves: a study's curves in long form.
        table: its table, for the epochs chosen and the gaps.
        measure: the metric.
        title: above all panels.

    Returns:
        A figure with one panel a recipe and one y axis for all.
    """
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(table["recipe"]))
    columns = min(len(names), _MOST_COLUMNS)
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(4.3 * columns + 0.6, 3.6 * rows + 0.8), layout="constrained")
    panels = figure.subplots(rows, columns, sharey=True, sharex=True, squeeze=False).ravel()
    for name, axes in zip(names, panels, strict=False):
        _draw_panel(axes, curves[curves["recipe"] == name], table[table["recipe"] == name], measure)
        axes.set_title(name, loc="left", fontsize=11, fontweight="bold", color=INK)
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    for axes in panels[::columns]:
        axes.set_ylabel(measure.words, color=INK)
    panels[0].set_ylim(*_limits(curves, measure))
    if measure.is_share:
        panels[0].yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK)
    return figure


def _draw_panel(axes: Axes, curves: pd.DataFrame, table: pd.DataFrame, measure: Measure) -> None:
    for column, color, label in (
        ("train_metric", TRAIN, "train"),
        ("val_metric", VALIDATION, "validation"),
    ):
        # Seeds side by side; NaN where a trial has already stopped.
        runs = curves.pivot(index="epoch", columns=["seed", "split"], values=column)
        values, epochs = runs.to_numpy(), runs.index.to_numpy()
        axes.plot(epochs, values, color=color, alpha=0.22, linewidth=0.6)
        still = (~np.isnan(values)).mean(axis=1) >= 0.5
        mean, spread = np.nanmean(values[still], axis=1), np.nanstd(values[still], axis=1)
        low, high = mean - spread, mean + spread
        if measure.is_share:
            low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
        axes.fill_between(epochs[still], low, high, color=color, alpha=0.18, linewidth=0)
        axes.plot(epochs[still], mean, color=color, linewidth=2, label=label)
    _mark_stops(axes, table)
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    axes.text(
        0.12, 0.04, _caption(table, measure), transform=axes.transAxes, fontsize=9, color=INK,
        va="bottom",
    )  # fmt: skip
    axes.set_xlabel("epoch", color=INK)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=9)


def _mark_stops(axes: Axes, table: pd.DataFrame) -> None:
    """A tick at the top for each epoch whose weights were restored."""
    stopped = table[table["outcome"] == "stopped"]
    for epoch in stopped["best_epoch"]:
        axes.axvline(epoch, ymin=0.965, ymax=1.0, color=FAINT, linewidth=1.2)
    if len(stopped):
        axes.text(
            float(stopped["best_epoch"].max()), 0.975, "  best epochs restored", fontsize=8,
            color=FAINT, transform=axes.get_xaxis_transform(), va="center",
        )  # fmt: skip


def _caption(table: pd.DataFrame, measure: Measure) -> str:
    good = table[table["outcome"] != "failed"]
    if good.empty:
        return "all trials failed"
    gap = measure.show_difference(float(good["gap"].mean()))
    return f"validation {measure.show(float(good['val_metric'].mean()))}\ngap {gap}"


def _limits(curves: pd.DataFrame, measure: Measure) -> tuple[float, float]:
    """Leave out the first epochs' climb: the interesting part is where the curves part."""
    values = curves[["train_metric", "val_metric"]].to_numpy(float)
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = np.quantile(values, [0.01, 1.0] if measure.higher_is_better else [0.0, 0.99])
    margin = 0.08 * max(high - low, 1e-3)
    top = min(high + margin, 1.01) if measure.is_share else high + margin
    return float(low - 2 * margin), float(top)
