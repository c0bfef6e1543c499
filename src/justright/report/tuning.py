"""The figure of a descent along derivatives: losses and strengths, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from justright.report.curves import FAINT, INK, TRAIN, VALIDATION

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# Okabe & Ito's palette, without the colors of the losses.
_COLORS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_STYLES = ("-", "--", ":", "-.")


def draw_tuning(table: pd.DataFrame) -> Figure:
    """Draw the losses above and the strengths below; probes beside the way are left out.

    Args:
        table: kind, the strengths, val_loss, val_error, train_loss, a row an evaluation.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    steps = table[table["kind"] == "step"]
    names = list(table.columns[1 : table.columns.get_loc("val_loss")])
    count = np.arange(len(steps))
    figure = Figure(figsize=(6.4, 6.0), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    losses = steps["val_loss"].to_numpy(float)
    errors = np.nan_to_num(steps["val_error"].to_numpy(float))
    upper.fill_between(
        count, losses - errors, losses + errors, color=VALIDATION, alpha=0.18, linewidth=0
    )
    upper.plot(count, losses, color=VALIDATION, lw=2, marker="o", ms=4, label="validation")
    upper.plot(count, steps["train_loss"], color=TRAIN, lw=2, marker="o", ms=4, label="train")
    best = int(np.nanargmin(losses)) if np.isfinite(losses).any() else 0
    for i, name in enumerate(names):
        lower.plot(
            count, steps[name], color=_COLORS[i % len(_COLORS)],
            ls=_STYLES[i // len(_COLORS) % len(_STYLES)], lw=2, marker="o", ms=4, label=name,
        )  # fmt: skip
    lower.set_yscale("log")
    upper.set_ylabel("loss", color=INK)
    lower.set_ylabel("strength", color=INK)
    lower.set_xlabel("step", color=INK)
    lower.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in (upper, lower):
        axes.axvline(best, color=FAINT, lw=1.2, ls="--", label="best")
        axes.grid(axis="y", color="#e6e6e6", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=INK, labelsize=9)
        axes.legend(frameon=False, fontsize=9)
    figure.suptitle("Strengths along the derivative", x=0.01, ha="left", color=INK)
    return figure
