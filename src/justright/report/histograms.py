"""The figure of what dropout does: a hidden layer's activations, one panel a rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from justright.report.curves import FAINT, INK, TRAIN, VALIDATION

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BINS = 16


def draw_histograms(
    activations: Mapping[float, np.ndarray], table: pd.DataFrame, title: str
) -> Figure:
    """Draw the activations that are not zero, and a bar for those that are.

    Args:
        activations: by dropout rate.
        table: rate, mean and zeros, a row a rate.
        title: above all panels.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(3.6 * len(activations) + 0.6, 3.6), layout="constrained")
    panels = figure.subplots(1, len(activations), sharex=True, sharey=True, squeeze=False)[0]
    edges = _edges(np.concatenate(list(activations.values())))
    for axes, row, x in zip(panels, table.to_dict("records"), activations.values(), strict=True):
        axes.set_title(
            heading(row["rate"]), loc="left", fontsize=11, fontweight="bold", color=INK, pad=20
        )
        axes.annotate(
            f"mean {row['mean']:.3f}, {100 * row['zeros']:.1f} % zeros", (0, 1), (0, 6),
            xycoords="axes fraction", textcoords="offset points", fontsize=9, color=INK,
        )  # fmt: skip
        _draw_panel(axes, x, edges, row["mean"])
        axes.set_xlabel("activation", color=INK)
    panels[0].set_ylabel("share of all activations", color=INK)
    panels[0].yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
    # No tick below the bins: there stands the bar of the zeros.
    ticks = MaxNLocator(5).tick_values(edges[0], edges[-1])
    panels[0].set_xticks([tick for tick in ticks if edges[0] <= tick <= edges[-1]])
    panels[0].legend(frameon=False, fontsize=9)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK)
    return figure


def heading(rate: float) -> str:
    """What a panel is of."""
    return f"{100 * rate:.3g} % dropped" if rate else "no dropout"


def _edges(x: np.ndarray) -> np.ndarray:
    """Bins of one width with 0 at an edge; the outermost take what lies beyond them."""
    others = x[x != 0] if x.any() else np.ones(1)
    low, high = np.quantile(others, [0.005, 0.995])
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    width = (high - low) / _BINS
    return width * np.arange(np.floor(low / width), np.ceil(high / width) + 1)


def _draw_panel(axes: Axes, x: np.ndarray, edges: np.ndarray, mean: float) -> None:
    zeros, width = float((x == 0).mean()), edges[1] - edges[0]
    counts, _ = np.histogram(np.clip(x[x != 0], edges[0], edges[-1]), edges)
    axes.bar(edges[:-1], counts / x.size, width, align="edge", color=TRAIN, label="not zero")
    # Beside the others, so that it hides none: zero has no width.
    axes.bar(edges[0] - width, zeros, width, color=FAINT, label="exactly zero")
    axes.axvline(mean, color=VALIDATION, linewidth=2, label="mean")
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=9)
