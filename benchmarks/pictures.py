"""The pictures of the benchmark, drawn from the numbers that go to its file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from findings import short
from matplotlib.axes import Axes
from matplotlib.figure import Figure

OURS, OTHERS, BAND = "#1b6ca8", "#9aa5b1", "#e3edf5"
QUIET = {"axes.spines.top": False, "axes.spines.right": False, "font.size": 10}


def sweep(data: dict[str, Any]) -> Figure:
    """How many times justright's time each runner takes."""
    results = data["results"]
    ours = next((one["total"] for one in results if one["runner"] == "justright"), None)
    base = ours or results[0]["total"]
    shown = [one for one in results if "early stopping" not in one["runner"]]
    names = [one["runner"] for one in shown]
    times = [one["total"] / base for one in shown]
    with mpl.rc_context(QUIET):
        figure = Figure(figsize=(8, 0.5 + 0.45 * len(shown)), layout="constrained")
        axes = figure.subplots()
        bars(axes, names, times, "time for 200 trainings, times justright's")
        axes.set_xscale("log")
        axes.set_xlim(min(0.3, *times), 2 * max(times))
        axes.xaxis.set_major_formatter("{x:g}")
    return figure


def first_picture(data: dict[str, Any]) -> Figure:
    """How long each way to the first picture takes, in times of the Keras script."""
    names = [name.split(" / ")[0] for name in data["ratios"]]
    with mpl.rc_context(QUIET):
        figure = Figure(figsize=(8, 1.9), layout="constrained")
        axes = figure.subplots()
        times = [*data["ratios"].values(), 1.0]
        bars(axes, [*names, "Keras script, two fits"], times, "time to the picture, times Keras'")
        axes.set_xlim(0, 1.15 * max(times))
    return figure


def bars(axes: Axes, names: list[str], values: list[float], label: str) -> None:
    """Horizontal bars, the first on top, each with its value; justright's are blue."""
    colors = [OURS if name.startswith("justright") else OTHERS for name in names]
    drawn = axes.barh(names, values, color=colors, height=0.65)
    axes.bar_label(drawn, [short(value, 2) for value in values], padding=4)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(label)


def scale(data: dict[str, Any]) -> Figure:
    """What a training costs among more of them, and what devices are worth."""
    with mpl.rc_context(QUIET):
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(3, 2), gridspec_kw={"wspace": 0.12})
        by_count(left, data["by_count"])
        by_devices(right, data["by_devices"])
    return figure


def by_count(axes: Axes, lines: list[dict[str, Any]]) -> None:
    counts = [one["trainings"] for one in lines]
    each = [one["seconds"] / one["trainings"] for one in lines]
    relative = [one / each[1] for one in each]
    axes.axhspan(0.85, 1.15, color=BAND, label="within 15 %", zorder=0)
    axes.plot(counts, relative, "o-", color=OURS)
    for count, value in zip(counts, relative, strict=True):
        axes.annotate(
            f"{value:.2f}", (count, value), (0, 8), textcoords="offset points", ha="center"
        )
    axes.set_xscale("log")
    axes.set_xticks(counts, [f"{count:,}" for count in counts])
    axes.minorticks_off()
    axes.set_xlim(counts[0] / 1.5, counts[-1] * 1.5)
    axes.set_ylim(0, max(1.4, 1.2 * max(relative)))
    axes.set(xlabel="trainings in one call", ylabel=f"cost of a training (among {counts[1]:,}: 1)")
    axes.legend(frameon=False, loc="lower left")


def by_devices(axes: Axes, lines: list[dict[str, Any]]) -> None:
    devices = [one["devices"] for one in lines]
    speeds = [lines[0]["seconds"] / one["seconds"] for one in lines]
    ideal = [one / devices[0] for one in devices]
    places = range(len(devices))
    drawn = axes.bar(places, speeds, color=OURS, width=0.5)
    axes.bar_label(drawn, [f"{speed:.2f}" for speed in speeds], padding=3)
    left, right = [i - 0.35 for i in places], [i + 0.35 for i in places]
    axes.hlines(ideal, left, right, colors="#444444", linestyles=":", label="in proportion")
    axes.set_xticks(list(places), [str(one) for one in devices])
    axes.set_ylim(0, 1.35 * max(*speeds, *ideal))
    axes.set(xlabel="CPU devices", ylabel=f"speed (on {devices[0]} device: 1)")
    axes.legend(frameon=False, loc="upper left")


DRAWINGS: dict[str, Callable[[dict[str, Any]], Figure]] = {
    "sweep": sweep,
    "first_picture": first_picture,
    "scale": scale,
}
