"""The figure of one strength: train and validation against it, and how often each value wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.measure import Measure
from justright.evidence.sweet_spot import SweetSpot, likely_values
from justright.report.curves import FAINT, INK, TRAIN, VALIDATION
from justright.report.drawn import Drawn
from justright.report.strength_scale import Scale, label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_ZEROS = 9  # Bars that are labelled though they are 0.
_MOST_DOTS = 15
_SPOT, _UNDER = "#f7ecd0", "#ececec"


def draw_curve(one: Drawn) -> Figure:
    """Draw train and validation over the values of one strength, the best and how sure it is."""
    from matplotlib.figure import Figure

    scale = Scale.of(one.grid.values[0])
    figure = Figure(figsize=(7.4, 5.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[4.5, 1])
    draw_figures(upper, scale, one)
    _draw_wins(lower, scale, one.grid.coordinates[:, 0], one.spot)
    scale.draw(lower, one.grid.axes[0])
    handles, _ = upper.get_legend_handles_labels()
    figure.legend(handles=handles, loc="outside lower right", ncols=4, frameon=False, fontsize=9)
    return figure


def draw_figures(axes: Axes, scale: Scale, one: Drawn) -> None:
    """Train and validation, where the best lies, and where the network underfits."""
    values = one.grid.coordinates[:, 0]
    _shade(axes, scale, values, one.table, one.spot)
    _draw_runs(axes, scale, values, one.runs, one.measure)
    _mark(axes, scale, values, one.spot, one.at_edge)
    axes.tick_params(bottom=False)


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
    ended = np.isfinite(runs).any(axis=(0, 2))  # Without those points whose trials all failed.
    runs, values = runs[:, ended], values[ended]
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
        marker = "o" if len(values) <= _MOST_DOTS else ""
        axes.plot(where, mean, color=color, linewidth=2, marker=marker, markersize=5, label=name)
    axes.set_ylabel(measure.words, color=INK)
    if measure.is_share:
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.5g} %")
    tidy(axes)


def _mark(axes: Axes, scale: Scale, values: np.ndarray, spot: SweetSpot, at_edge: bool) -> None:
    """The best value, and the strongest within one standard error, above the panel."""
    best, nearly = values[spot.best], values[spot.one_standard_error]
    same = bool(best == nearly)
    text = f"best: {label(best)}" + " (edge of the grid)" * at_edge
    text += ", none stronger within 1 SE" * (same and not at_edge)
    if same:
        _flag(axes, scale, best, text, "-", _inside(axes, scale.at(best), 0), 0)
        return
    # Away from each other, or on two rows where one would leave the panel.
    side = -1 if scale.at(nearly) > scale.at(best) else 1
    sides = [_inside(axes, scale.at(best), side), _inside(axes, scale.at(nearly), -side)]
    _flag(axes, scale, best, text, "-", sides[0], 0)
    _flag(
        axes, scale, nearly, f"strongest within 1 SE: {label(nearly)}", "--", sides[1],
        int(sides[0] == sides[1]),
    )  # fmt: skip


def _inside(axes: Axes, x: float, side: int) -> int:
    """Which way words lean so that they do not leave the panel: −1 to the left, 1 to the right."""
    share = (x - axes.get_xlim()[0]) / np.ptp(axes.get_xlim())
    return 1 if share < 0.3 else -1 if share > 0.7 else side


def _flag(
    axes: Axes, scale: Scale, value: float, text: str, style: str, side: int, row: int
) -> None:
    x = scale.at(value)
    axes.axvline(x, color=INK, linewidth=1.1, linestyle=style, zorder=1)
    axes.annotate(
        text, (x, 1), (0, 5 + 14 * row), xycoords=axes.get_xaxis_transform(),
        textcoords="offset points", ha={-1: "right", 0: "center", 1: "left"}[side],
        fontsize=10, color=INK, fontweight="bold" if style == "-" else "normal",
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
    tidy(axes)


def tidy(axes: Axes) -> None:
    """Light lines behind, none around."""
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=9)
