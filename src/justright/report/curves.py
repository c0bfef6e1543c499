"""The figure of a comparison: train and validation curves by epoch, one panel a recipe."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.measure import Measure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito's palette: told apart by people who do not see all colors.
TRAIN, VALIDATION = "#0072B2", "#D55E00"
INK, FAINT = "#222222", "#8a8a8a"
_MOST_COLUMNS = 4
_TITLE_WIDTH = 38


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
    from matplotlib.ticker import MaxNLocator

    names = list(dict.fromkeys(table["recipe"]))
    rows = -(-len(names) // _MOST_COLUMNS)
    columns = -(-len(names) // rows)
    curves = _of_good_trials(curves, table)
    figure = Figure(figsize=(4.3 * columns + 0.6, 3.6 * rows + 0.8), layout="constrained")
    panels = figure.subplots(rows, columns, sharey=True, sharex=True, squeeze=False).ravel()
    for name, axes in zip(names, panels, strict=False):
        of_name = table[table["recipe"] == name]
        _draw_panel(axes, curves[curves["recipe"] == name], measure)
        _mark_stops(axes, of_name)
        _write_heading(axes, name, _caption(of_name, measure))
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    for axes in panels[::columns]:
        axes.set_ylabel(measure.words, color=INK)
    for axes in panels[: len(names)][-columns:]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("epoch", color=INK)
    panels[0].xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    panels[0].set_xlim(*_span(curves))
    panels[0].set_ylim(*_limits(curves, measure))
    if measure.is_share:
        panels[0].yaxis.set_major_formatter(lambda value, _: f"{100 * value:.5g} %")
    figure.legend(
        handles=panels[0].get_legend_handles_labels()[0], loc="outside lower right",
        ncols=2, frameon=False, fontsize=9,
    )  # fmt: skip
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK)
    return figure


def _of_good_trials(curves: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Without failed trials, whose last figures are beyond any scale; the caption counts them."""
    trial = ["recipe", "seed", "split"]
    return curves.merge(table.loc[table["outcome"] != "failed", trial], on=trial)


def _span(curves: pd.DataFrame) -> tuple[float, float]:
    last = max(2, int(curves["epoch"].max())) if len(curves) else 2
    return 1 - 0.03 * last, 1.03 * last


def _write_heading(axes: Axes, name: str, caption: str) -> None:
    """Name and figures above the panel, where no curve runs."""
    lines = [name]
    if len(name) > _TITLE_WIDTH:
        lines = textwrap.wrap(name.replace(",", ", "), _TITLE_WIDTH)
    axes.set_title(
        "\n".join(lines), loc="left", fontsize=11, fontweight="bold", color=INK, pad=20,
        parse_math=False,
    )  # fmt: skip
    axes.annotate(
        caption, (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points",
        fontsize=9, color=INK,
    )  # fmt: skip


def _draw_panel(axes: Axes, curves: pd.DataFrame, measure: Measure) -> None:
    for column, color, label in (
        ("train_metric", TRAIN, "train"),
        ("val_metric", VALIDATION, "validation"),
    ):
        # Seeds side by side; NaN where a trial has already stopped.
        runs = curves.pivot(index="epoch", columns=["seed", "split"], values=column)
        values, epochs = runs.to_numpy(float), runs.index.to_numpy()
        axes.plot(epochs, values, color=color, alpha=0.22, linewidth=0.6)
        still = np.isfinite(values).sum(axis=1) * 2 >= max(1, values.shape[1])
        epochs, values = epochs[still], values[still]
        mean, spread = np.nanmean(values, axis=1), np.nanstd(values, axis=1)
        low, high = mean - spread, mean + spread
        if measure.is_share:
            low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
        axes.fill_between(epochs, low, high, color=color, alpha=0.18, linewidth=0)
        # A line of one epoch has no length: a dot is seen.
        marker = "o" if len(epochs) == 1 else ""
        axes.plot(epochs, mean, color=color, linewidth=2, label=label, marker=marker)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=9)


def _mark_stops(axes: Axes, table: pd.DataFrame) -> None:
    """A tick at the top for the best epoch of each trial that was stopped."""
    for epoch in table.loc[table["outcome"] == "stopped", "best_epoch"]:
        axes.axvline(epoch, ymin=0.965, ymax=1.0, color=FAINT, linewidth=1.2)


def _caption(table: pd.DataFrame, measure: Measure) -> str:
    good = table[table["outcome"] != "failed"]
    if good.empty:
        return "all trials failed"
    parts = [
        f"validation {measure.show(float(good['val_metric'].mean()))}",
        f"gap {measure.show_difference(float(good['gap'].mean()))}",
    ]
    if len(good) < len(table):
        parts.append(f"{len(table) - len(good)} failed")
    if (table["outcome"] == "stopped").any():
        parts.append("ticks: best epochs")
    return ", ".join(parts)


def _limits(curves: pd.DataFrame, measure: Measure) -> tuple[float, float]:
    """Leave out the first epochs' climb: the interesting part is where the curves part."""
    values = curves[["train_metric", "val_metric"]].to_numpy(float)
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = np.quantile(values, [0.01, 1.0] if measure.higher_is_better else [0.0, 0.99])
    margin = 0.08 * max(high - low, 1e-3)
    if measure.is_share:
        return max(float(low - margin), -0.01), min(float(high + margin), 1.01)
    return float(low - margin), float(high + margin)
