"""The figure of two strengths: a map of the validation figure, the choices framed."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from justright.evidence.measure import Measure
from justright.evidence.sweet_spot import SweetSpot
from justright.regularizers.grid import Grid
from justright.report.curves import INK, VALIDATION
from justright.report.strength_scale import label
from justright.report.sweep_lines import marks

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_COLORS = "cividis"
_CELL = (1.05, 0.62)  # Inches.


def draw_map(
    grid: Grid, table: pd.DataFrame, spot: SweetSpot, measure: Measure, column: str, gap: Measure
) -> Figure:
    """Draw a cell for each combination: the mean on the validation rows, and the gap below it.

    Args:
        grid: of two axes.
        table: a sweep's table.
        spot: which points were chosen.
        measure: how the figure that chooses reads.
        column: where it stands in the table.
        gap: how gaps read.
    """
    from matplotlib.figure import Figure

    columns, rows = (len(values) for values in grid.values)
    size = _CELL[0] * max(columns, 4) + 2.6, _CELL[1] * max(rows, 3) + 1.9
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    figures = table[column].to_numpy(float)
    image = axes.imshow(
        figures.reshape(columns, rows).T, _COLORS if measure.higher_is_better else f"{_COLORS}_r",
        origin="lower", aspect="auto", norm=_colors(figures, table),
    )  # fmt: skip
    for i, row in enumerate(table.to_dict("records")):
        _write(axes, divmod(i, rows), row, image, (measure.show(row[column]), row[column]), gap)
    _ticks(axes, grid)
    for point, style, name in marks(spot):
        _frame(axes, divmod(point, rows), style, name)
    bar = figure.colorbar(image, ax=axes, label=f"validation {measure.words}", pad=0.02)
    bar.outline.set_visible(False)
    if measure.is_share:
        bar.ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.5g} %")
    figure.legend(loc="outside lower right", ncols=2, frameon=False, fontsize=9, handlelength=3)
    return figure


def _colors(figures: np.ndarray, table: pd.DataFrame) -> Normalize:
    """Colors for the points that can learn: those that underfit would take the whole range."""
    from matplotlib.colors import Normalize

    seen = figures[~table["underfits"].to_numpy(bool) & np.isfinite(figures)]
    if not len(seen):
        return Normalize(0, 1)
    return Normalize(float(seen.min()), float(seen.max()))


def _write(
    axes: Axes,
    cell: tuple[int, int],
    row: dict[Hashable, Any],
    image: AxesImage,
    figure: tuple[str, float],
    gap: Measure,
) -> None:
    shown, value = figure
    if not np.isfinite(value):
        axes.text(*cell, "failed", ha="center", va="center", fontsize=9, color=INK)
        return
    red, green, blue, _ = image.cmap(image.norm(np.asarray(value)))
    ink = _ink_on(red, green, blue)
    below = "underfits" if row["underfits"] else f"gap {gap.show_difference(row['gap'])}"
    axes.text(cell[0], cell[1] + 0.12, shown, ha="center", va="center", fontsize=11, color=ink)
    axes.text(
        cell[0], cell[1] - 0.22, below.removesuffix(" points"), ha="center", va="center",
        fontsize=8, color=ink,
    )  # fmt: skip


def _ink_on(*parts: float) -> str:
    """Black or white, whichever stands out more: one of them always does by 4.5 (WCAG 2.2)."""
    linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    luminance = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
    return "black" if luminance > 0.179 else "white"


def _ticks(axes: Axes, grid: Grid) -> None:
    for axis, values, set_ticks, set_label in (
        (grid.axes[0], grid.values[0], axes.set_xticks, axes.set_xlabel),
        (grid.axes[1], grid.values[1], axes.set_yticks, axes.set_ylabel),
    ):
        set_ticks(range(len(values)), [label(value) for value in values])
        set_label(axis.words, color=INK)
    axes.tick_params(length=0, colors=INK, labelsize=9)
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(len(grid.values[0]) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(grid.values[1]) - 1) + 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)


def _frame(axes: Axes, cell: tuple[int, int], style: str, label: str) -> None:
    from matplotlib.patches import Rectangle

    inside = 0.46 if style == "-" else 0.42
    axes.add_patch(
        Rectangle(
            (cell[0] - inside, cell[1] - inside), 2 * inside, 2 * inside, fill=False,
            edgecolor=VALIDATION, linewidth=2.5, linestyle=style, label=label,
        )
    )  # fmt: skip
