"""A dropout ensemble in the terminal, and its figure: loss against how many masks are averaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from justright.evidence.ensemble import (
    GEOMETRIC,
    SAMPLED,
    SCALING,
    mean_by_prediction,
    reference_of,
)
from justright.evidence.measure import Measure
from justright.report.curves import FAINT, INK, TRAIN, VALIDATION

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from rich.table import Table


def draw_ensemble(table: pd.DataFrame, loss: str, title: str) -> Figure:
    """Draw the average over sampled masks with its spread, and lines for the others.

    Args:
        table: as `DropoutEnsemble` has it.
        loss: what the y axis is, in words.
        title: above it.
    """
    from matplotlib.figure import Figure

    means = mean_by_prediction(table)
    figure = Figure(figsize=(7.2, 4.4), layout="constrained")
    axes = figure.subplots()
    sampled = means[means["prediction"] == SAMPLED]
    count, mean, spread = (sampled[c].to_numpy() for c in ("masks", "loss", "loss_spread"))
    axes.fill_between(
        count, mean - spread, mean + spread, color=TRAIN, alpha=0.18, linewidth=0,
        label="± one deviation over draws of the masks",
    )  # fmt: skip
    axes.plot(count, mean, color=TRAIN, marker="o", linewidth=2, label="average of sampled masks")
    reference = reference_of(table)
    masks = int(means.loc[means["prediction"] == reference, "masks"].iloc[0])
    labels = {
        SCALING: ("weight scaling, one pass", VALIDATION, "-"),
        reference: (f"average of {reference.replace('all', f'all {masks:,}')}", INK, "--"),
        GEOMETRIC: (f"geometric mean of all {masks:,} masks", FAINT, ":"),
    }
    for prediction, (label, color, style) in labels.items():
        found = means.loc[means["prediction"] == prediction, "loss"]
        if len(found):
            axes.axhline(
                float(found.iloc[0]), color=color, linestyle=style, linewidth=2, label=label
            )
    axes.set_xscale("log")
    axes.set_xticks(count, [f"{n:g}" for n in count])
    axes.minorticks_off()
    axes.set_xlabel("masks averaged", color=INK)
    axes.set_ylabel(loss, color=INK)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=9)
    axes.legend(frameon=False, fontsize=9)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK)
    return figure


def ensemble_table(table: pd.DataFrame, measure: Measure) -> Table:
    """One line a prediction: loss and metric with their deviations over draws, and distance.

    Args:
        table: as `DropoutEnsemble` has it.
        measure: the metric.
    """
    from rich import box
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    shown.add_column("prediction")
    for name in ("masks", "loss", "± draws", measure.words, "± draws", "distance"):
        shown.add_column(name, justify="right", no_wrap=True)
    loss = Measure("loss", False)
    for row in mean_by_prediction(table).to_dict("records"):
        drawn = row["prediction"] == SAMPLED
        shown.add_row(
            row["prediction"],
            f"{row['masks']:,}" if row["masks"] else "–",
            loss.show(row["loss"]),
            loss.show_difference(row["loss_spread"]) if drawn else "",
            measure.show(row["metric"]),
            measure.show_difference(row["metric_spread"]) if drawn else "",
            f"{row['distance']:.2g}",
        )
    return shown
