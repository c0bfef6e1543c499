"""The figure of a regularization path: figures over the strength, and what is left below."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from justright.report.curves import FAINT, INK, TRAIN
from justright.report.drawn import Drawn
from justright.report.strength_scale import Scale
from justright.report.sweep_curve import draw_figures, tidy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_NAMED = 10
_COUNTS, _WIDEST = 14, 26


def draw_path(
    one: Drawn,
    table: pd.DataFrame,
    norms: np.ndarray | None,
    names: Sequence[str],
    lasting: Sequence[int] = (),
) -> Figure:
    """Draw a path.

    Args:
        one: its trainings as a sweep of one strength.
        table: a path's table.
        norms: of the weights that leave each input, (strengths, inputs); None where inputs
            have no weights of their own.
        names: of the inputs.
        lasting: the positions of the inputs, the one that lasts longest first.
    """
    from matplotlib.figure import Figure

    values = np.array(one.grid.values[0])
    scale = Scale.of(one.grid.values[0])
    figure = Figure(figsize=(8.8, 6.6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[1.15, 1])
    draw_figures(upper, scale, one)
    where = np.array([scale.at(value) for value in values])
    if norms is None:
        _draw_weights(lower, where, table)
    else:
        _draw_inputs(lower, where, norms, names, lasting[:_MOST_NAMED])
    _count(lower, where, table)
    scale.draw(lower, one.grid.axes[0])
    handles, _ = upper.get_legend_handles_labels()
    figure.legend(handles=handles, loc="outside lower right", ncols=4, frameon=False, fontsize=9)
    some_go = norms is not None and bool((norms == 0).any())
    below = "the inputs that survive" if some_go else "its weights"
    along = f"along the path of {one.grid.axes[0].words}"
    title = f"{one.measure.words.capitalize()} {along}, and {below}, {one.over}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK)
    return figure


def _draw_inputs(
    axes: Axes, where: np.ndarray, norms: np.ndarray, names: Sequence[str], lasting: Sequence[int]
) -> None:
    """A line for each input; those that last longest are named, in their order."""
    colors = {i: f"C{row}" for row, i in enumerate(lasting)}
    for i in range(norms.shape[1]):
        axes.plot(
            where, norms[:, i], linewidth=1.8 if i in colors else 0.8,
            color=colors.get(i, FAINT), alpha=1 if i in colors else 0.4,
        )  # fmt: skip
    axes.set_ylabel("norm of what leaves an input", color=INK)
    axes.set_ylim(0, 1.05 * max(float(np.nanmax(norms)), 1e-12))
    tidy(axes)
    some_go = bool((norms == 0).any())
    lines = ["last to go" if some_go else "largest", *(names[i] for i in lasting)]
    for row, text in enumerate(lines):
        axes.annotate(
            textwrap.shorten(text, _WIDEST, placeholder="…"), (1, 1), (6, -13 * row),
            xycoords="axes fraction", textcoords="offset points", va="top", fontsize=9,
            color=f"C{row - 1}" if row else INK, annotation_clip=False,
        )  # fmt: skip


def _draw_weights(axes: Axes, where: np.ndarray, table: pd.DataFrame) -> None:
    axes.plot(where, table["weights"], color=TRAIN, linewidth=2)
    axes.set_ylabel("weights that are not zero", color=INK)
    axes.set_ylim(0, None)
    tidy(axes)


def _count(axes: Axes, where: np.ndarray, table: pd.DataFrame) -> None:
    """How many inputs, or weights, are left, in a row of numbers above the panel."""
    column = "inputs" if np.isfinite(table["inputs"]).any() else "weights"
    shown = np.unique(np.linspace(0, len(where) - 1, min(_COUNTS, len(where))).astype(int))
    for i in shown:
        axes.annotate(
            f"{table[column].iloc[i]:.0f}", (where[i], 1), (0, 4),
            xycoords=axes.get_xaxis_transform(), textcoords="offset points", ha="center",
            fontsize=9, color=INK,
        )  # fmt: skip
    axes.annotate(
        f"{column} left:", (0, 1), (-8, 4), xycoords="axes fraction", textcoords="offset points",
        ha="right", fontsize=9, color=INK, annotation_clip=False,
    )  # fmt: skip
