"""The pictures of the benchmark, drawn from the numbers that go to its file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from findings import short
from matplotlib.axes import Axes
from matplotlib.figure import Figure

OURS, OTHERS, BAND = "#1b6ca8", "#9aa5b1", "#e3edf5"
INSIDE = {"label_type": "center", "color": "white"}
ON_WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 1}
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
        dots(axes, names, times)
        axes.set_xlabel("time for 200 trainings, times justright's")
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


def dots(axes: Axes, names: list[str], times: list[float]) -> None:
    """A point for each on a logarithmic scale, the first on top, each with its value."""
    axes.set_xscale("log")
    axes.axvline(1, color=OTHERS, linewidth=1, zorder=0)
    for row, (name, value) in enumerate(zip(names, times, strict=True)):
        axes.plot(value, row, "o", color=_color(name), markersize=8)
        place = {"xytext": (9, 0), "textcoords": "offset points", "va": "center_baseline"}
        axes.annotate(short(value, 2), (value, row), **place, bbox=ON_WHITE)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(min(0.4, *times) / 1.3, 2 * max(times))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.grid(axis="y", color=BAND)
    axes.set_axisbelow(True)


def bars(axes: Axes, names: list[str], values: list[float], label: str) -> None:
    """Horizontal bars, the first on top, each with its value; justright's are blue."""
    drawn = axes.barh(names, values, color=list(map(_color, names)), height=0.65)
    axes.bar_label(drawn, [short(value, 2) for value in values], padding=4)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(label)


def _color(name: str) -> str:
    return OURS if name.startswith("justright") else OTHERS


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
    axes.bar_label(drawn, [f"{speed:.2f}" for speed in speeds], **INSIDE)
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
