"""The figure of one strength: train and validation against it, and how often each value wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.measure import Measure
from justright.evidence.sweet_spot import SweetSpot, likely_values
from justright.regularizers.grid import Grid
from justright.report.curves import FAINT, INK, TRAIN, VALIDATION
from justright.report.strength_scale import Scale, label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_ZEROS = 9  # Bars that are labelled though they are 0.
_SPOT, _UNDER = "#f7ecd0", "#ececec"


def draw_curve(
    grid: Grid,
    table: pd.DataFrame,
    runs: np.ndarray,
    spot: SweetSpot,
    measure: Measure,
    at_edge: bool,
) -> Figure:
    """Draw train and validation over the values of one strength, the best and how sure it is.

    Args:
        grid: of one axis.
        table: a sweep's table.
        runs: train and validation figures of all trials, (2, points, runs).
        spot: which points were chosen.
        measure: how the figures read.
        at_edge: whether the best lies at the edge of the grid.
    """
    from matplotlib.figure import Figure

    values = grid.coordinates[:, 0]
    scale = Scale.of(grid.values[0])
    figure = Figure(figsize=(7.4, 5.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[4.5, 1])
    _shade(upper, scale, values, table, spot)
    _draw_runs(upper, scale, values, runs, measure)
    _mark(upper, scale, values, spot, at_edge)
    _draw_wins(lower, scale, values, spot)
    scale.draw(lower, grid.axes[0])
    upper.tick_params(bottom=False)
    handles, _ = upper.get_legend_handles_labels()
    figure.legend(handles=handles, loc="outside lower right", ncols=4, frameon=False, fontsize=9)
    return figure


def _shade(
    axes: Axes, scale: Scale, values: np.ndarray, table: pd.DataFrame, spot: SweetSpot
) -> None:
    if spot.resampled:
        low, high = likely_values(values, spot.wins)
        axes.axvspan(
            scale.edges(low)[0], scale.edges(high)[1], color=_SPOT, zorder=0,
            label="holds the best in 95 % of resamples",
        )  # fmt: skip
    under = values[table["underfits"].to_numpy(bool)]
    for value in under:
        axes.axvspan(*scale.edges(value), color=_UNDER, zorder=0)
    if len(under):
        # At the panel's edge the words lean inwards: the span may be narrow.
        low, high = scale.edges(under.min())[0], scale.edges(under.max())[1]
        at_end = bool(under.max() == values.max())
        axes.annotate(
            "underfits", (high if at_end else (low + high) / 2, 1), (-4 * at_end, -12),
            xycoords=axes.get_xaxis_transform(), textcoords="offset points",
            ha="right" if at_end else "center", fontsize=9, color=INK,
        )  # fmt: skip


def _draw_runs(
    axes: Axes, scale: Scale, values: np.ndarray, runs: np.ndarray, measure: Measure
) -> None:
    where = np.array([scale.at(value) for value in values])
    for figures, color, name in zip(
        runs, (TRAIN, VALIDATION), ("train", "validation"), strict=True
    ):
        axes.plot(where, figures, color=color, alpha=0.22, linewidth=0.6)
        mean, spread = np.nanmean(figures, axis=1), np.nanstd(figures, axis=1)
        low, high = mean - spread, mean + spread
        if measure.is_share:
            low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
        axes.fill_between(where, low, high, color=color, alpha=0.18, linewidth=0)
        axes.plot(where, mean, color=color, linewidth=2, marker="o", markersize=5, label=name)
    axes.set_ylabel(measure.words, color=INK)
    if measure.is_share:
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.5g} %")
    _tidy(axes)


def _mark(axes: Axes, scale: Scale, values: np.ndarray, spot: SweetSpot, at_edge: bool) -> None:
    """The best value, and the strongest within one standard error, above the panel."""
    best, nearly = values[spot.best], values[spot.one_standard_error]
    same = bool(best == nearly)
    side = -1 if scale.at(nearly) > scale.at(best) else 1
    text = f"best: {label(best)}" + " (edge of the grid)" * at_edge
    text += ", none stronger within 1 SE" * (same and not at_edge)
    _flag(axes, scale, best, text, "-", 0 if same else side)
    if not same:
        _flag(axes, scale, nearly, f"strongest within 1 SE: {label(nearly)}", "--", -side)


def _flag(axes: Axes, scale: Scale, value: float, text: str, style: str, side: int) -> None:
    x = scale.at(value)
    axes.axvline(x, color=INK, linewidth=1.1, linestyle=style, zorder=1)
    inside = (x - axes.get_xlim()[0]) / np.ptp(axes.get_xlim())
    align = {-1: "right", 0: "center", 1: "left"}[side]
    # Words that would leave the panel lean the other way.
    align = "left" if inside < 0.25 and side <= 0 else align
    align = "right" if inside > 0.75 and side >= 0 else align
    axes.annotate(
        text, (x, 1), (0, 5), xycoords=axes.get_xaxis_transform(), textcoords="offset points",
        ha=align, fontsize=10, color=INK, fontweight="bold" if style == "-" else "normal",
    )  # fmt: skip


def _draw_wins(axes: Axes, scale: Scale, values: np.ndarray, spot: SweetSpot) -> None:
    for value, won in zip(values, spot.wins, strict=True):
        low, high = scale.edges(value)
        width = 0.7 * (high - low)
        axes.bar(scale.at(value), won, width, color=VALIDATION if won else FAINT)
        if won < 0.005 and len(values) > _MOST_ZEROS:
            continue
        axes.annotate(
            f"{100 * won:.0f} %", (scale.at(value), won), (0, 2), textcoords="offset points",
            ha="center", fontsize=9, color=INK if won >= 0.005 else FAINT,
        )  # fmt: skip
    axes.set_ylim(0, 1.3)
    axes.set_yticks([0, 1], ["0", "100 %"])
    axes.set_ylabel("is best", color=INK)
    _tidy(axes)


def _tidy(axes: Axes) -> None:
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=9)
