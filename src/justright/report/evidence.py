"""The evidence by strength: the figure, with the losses below it, and a table to print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.measure import minus
from justright.report.curves import FAINT, INK, TRAIN, VALIDATION

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

_EVIDENCE = "#009E73"
# Of the evidence so much of its lower part is left out: at tiny strengths it falls off a cliff.
_SHOWN = 0.35


def draw_evidence(table: pd.DataFrame, chosen: float, fixed_point: float | None) -> Figure:
    """Draw the log evidence, a thin line a seed, and train and validation loss below it.

    Args:
        table: one row a training: strength, seed, log_evidence, train_loss, val_loss.
        chosen: the strength to mark.
        fixed_point: that of MacKay's update, if there is one.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 6.0), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    mean = table.groupby("strength").mean()
    for _, of_seed in table.groupby("seed"):
        upper.plot(of_seed["strength"], of_seed["log_evidence"], color=_EVIDENCE, lw=0.8, alpha=0.5)
    upper.plot(mean.index, mean["log_evidence"], color=_EVIDENCE, lw=2, marker="o", ms=4)
    _zoom(upper, mean["log_evidence"].to_numpy(float))
    lower.plot(mean.index, mean["train_loss"], color=TRAIN, lw=2, marker="o", ms=4, label="train")
    if mean["val_loss"].notna().any():
        label = "validation (decides nothing)"
        lower.plot(
            mean.index, mean["val_loss"], color=VALIDATION, lw=2, marker="o", ms=4, label=label
        )
    upper.set_ylabel("log evidence (nats)", color=INK)
    lower.set_ylabel("loss", color=INK)
    lower.set_xlabel("strength λ of L2", color=INK)
    lower.set_xscale("log")
    for axes in (upper, lower):
        axes.axvline(chosen, color=INK, lw=1.2, label=f"chosen: {chosen:.3g}")
        if fixed_point is not None:
            label = f"MacKay's fixed point: {fixed_point:.3g}"
            axes.axvline(fixed_point, color=FAINT, lw=1.2, ls="--", label=label)
        axes.grid(axis="y", color="#e6e6e6", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=INK, labelsize=9)
    upper.legend(frameon=False, fontsize=9)
    losses = lower.get_lines()[: 1 + int(mean["val_loss"].notna().any())]
    lower.legend(handles=losses, frameon=False, fontsize=9)
    figure.suptitle("Evidence of the training rows by strength", x=0.01, ha="left", color=INK)
    return figure


def evidence_table(curve: pd.DataFrame, chosen: float) -> Table:
    """One line a strength.

    Args:
        curve: strength, log_evidence and its error, effective, train_loss, val_loss.
        chosen: the strength to mark.
    """
    from rich import box
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    judged = curve["val_loss"].notna().any()
    losses = {"train loss": "train_loss"} | ({"validation": "val_loss"} if judged else {})
    for name in ("λ", "log evidence", "decided", *losses, ""):
        shown.add_column(name, justify="right", no_wrap=True)
    nearest = int(np.abs(np.log(curve["strength"] / chosen)).argmin())
    for i, row in enumerate(curve.to_dict("records")):
        error = row["log_evidence_error"]
        shown.add_row(
            f"{row['strength']:.3g}",
            minus(f"{row['log_evidence']:.1f}") + (f" ± {error:.1f}" if np.isfinite(error) else ""),
            f"{row['effective']:.0f}",
            *(f"{row[column]:.4g}" for column in losses.values()),
            "←" if i == nearest else "",
        )
    return shown


def _zoom(axes: Axes, values: np.ndarray) -> None:
    """Show the top of the curve, where it decides."""
    good = np.sort(values[np.isfinite(values)])
    if len(good) > 3:
        low = good[int(_SHOWN * (len(good) - 1))]
        margin = 0.08 * max(good[-1] - low, 1.0)
        axes.set_ylim(low - margin, good[-1] + margin)
