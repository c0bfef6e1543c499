"""A sweep in one paragraph, generated from its numbers and true of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.interval import CONFIDENCE
from justright.evidence.measure import Measure
from justright.evidence.optimism import Optimism
from justright.evidence.sweet_spot import SweetSpot, likely_values
from justright.evidence.verdict import Verdict
from justright.regularizers.axis import Axis
from justright.regularizers.grid import Grid
from justright.regularizers.usual import End

if TYPE_CHECKING:
    import pandas as pd

_MOST_NAMED = 6
_WAY = {"low": "smaller", "high": "larger"}


# Of points that are as good as the best, so many are named.
_TOLD_TIES = 3


@dataclass(frozen=True)
class Facts:
    """What a sweep found.

    Attributes:
        grid: what was varied.
        table: a sweep's table, one row a point.
        spot: which points were chosen.
        measure: the figure that chose; of `column` in the table.
        gap: how gaps of the metric read.
        need: the best point against the reference: on rows that had no part in the choice, or
            without such corrected for the number of points; None if it is the reference.
        optimism: what having been picked adds to the best figure; None if that is not known.
        edges: the axes at whose ends the best lies, with more beyond.
        scope: of which seeds and rows the figures speak.
        test_apart: whether test rows had no part in the choice (`Overlap`).
    """

    grid: Grid
    table: pd.DataFrame
    spot: SweetSpot
    measure: Measure
    column: str
    gap: Measure
    need: Verdict | None
    optimism: Optimism | None
    edges: Mapping[int, End]
    scope: str
    test_apart: bool = True


def sweep_in_words(facts: Facts) -> str:
    """Where the best lies, whether it is needed, how sure that is, and where it is too much."""
    sentences = [
        best_in_words(facts),
        *luck_in_words(facts),
        *need_in_words(facts),
        _certainty(facts),
        _nearly(facts),
        *_underfitting(facts),
        *_edges(facts),
        *_failures(facts),
        facts.scope,
    ]
    return " ".join(sentences)


def at(axes: Sequence[Axis], values: Sequence[float]) -> str:
    """A point in words: `"dropout rate 0.2 and L2 strength 0.001"`."""
    pairs = zip(axes, values, strict=True)
    return " and ".join(f"{axis.words} {axis.show(value)}" for axis, value in pairs)


def _at(facts: Facts, point: int) -> str:
    return at(facts.grid.axes, facts.grid.points[point].values)


def _reference(facts: Facts) -> str:
    """Where the strengths are off, or weakest: words that stand behind "at" or "with"."""
    grid, point = facts.grid, facts.grid.reference
    if not grid.is_off(grid.points[point]):
        return f"at {_at(facts, point)}, the weakest tried"
    if len(grid.axes) > 1:
        return f"with {'both' if len(grid.axes) == 2 else 'all'} off"
    return f"at {grid.axes[0].show(grid.points[point].values[0])}"


def best_in_words(facts: Facts, alike: bool = True) -> str:
    """Where the best lies, what it reaches, and what there is with the strengths off.

    Args:
        facts: of the sweep.
        alike: whether trainings differ in strengths alone, so that the need of them can be told.
    """
    best, reference = facts.spot.best, facts.grid.reference
    row, show = facts.table.iloc[best], facts.measure.show
    said = f"Validation {facts.measure.words} is best at {_at(facts, best)}: "
    said += show(row[facts.column])
    if np.isfinite(row["val_low"]):
        ends = facts.measure.show_interval(row["val_low"], row["val_high"])
        said += f" ({CONFIDENCE:.0%} interval {' to '.join(ends)})"
    said += _tied(facts)
    if best == reference:
        off = facts.grid.is_off(facts.grid.points[best])
        needless = ": you do not need it here" if alike else ""
        return said + (f". No other point does better{needless}." if off else ".")
    other = facts.table.iloc[reference][facts.column]
    return f"{said}." if np.isnan(other) else f"{said}; {_reference(facts)} it is {show(other)}."


def _tied(facts: Facts) -> str:
    """Which other points reach exactly the same."""
    best, values = facts.spot.best, facts.table[facts.column].to_numpy(float)
    same = [i for i in np.flatnonzero(values == values[best]).tolist() if i != best]
    if not same:
        return ""
    named = ", ".join(at(facts.grid.axes, facts.grid.points[i].values) for i in same[:_TOLD_TIES])
    more = f" and {len(same) - _TOLD_TIES} more" if len(same) > _TOLD_TIES else ""
    return f", and the same at {named}{more}"


def need_in_words(facts: Facts) -> list[str]:
    """Whether the best is shown to be better than the strengths off."""
    need, other = facts.need, _reference(facts)
    if need is None:
        return []
    said = f"In {need.figure}, which had no part in the choice,"
    if need.column.startswith("val") or not facts.test_apart:
        said = f"Corrected for the number of points (Holm), in {need.figure}"
    if need.decision == "no difference shown":
        shown = f"no difference from that {other} is shown ({need.evidence_text})"
        return [f"{said} {shown}: you may not need it."]
    return [f"{said} it is {need.decision} than {other} ({need.evidence_text})."]


def luck_in_words(facts: Facts) -> list[str]:
    """By how much having been picked flatters the best figure."""
    luck, show = facts.optimism, facts.measure.show
    if luck is None or show(luck.corrected) == show(luck.score) or luck.optimism < 0:
        return []
    size = facts.measure.show_difference(luck.optimism)
    return [
        f"Having been picked flatters that figure by an estimated {size}: {show(luck.corrected)} "
        "is to be expected."
    ]


def _certainty(facts: Facts) -> str:
    spot, grid = facts.spot, facts.grid
    if not spot.resampled:
        return "So few runs a point cannot say how sure that is: give more seeds."
    won = spot.wins[spot.best]
    share = "more than 99%" if 0.995 <= won < 1 else f"{won:.0%}"
    said = f"It is the best in {share} of resamples of the runs"
    ranges = []
    for i, axis in enumerate(grid.axes):
        low, high = likely_values(grid.coordinates[:, i], spot.wins)
        name = f" of {axis.words}" * (len(grid.axes) > 1)
        ranges += [f"{axis.show(low)} and {axis.show(high)}{name}"] * (low < high)
    if not ranges:
        return f"{said}."
    return f"{said}; in {CONFIDENCE:.0%} of them the best lies between {', '.join(ranges)}."


def _nearly(facts: Facts) -> str:
    spot, row = facts.spot, facts.table.iloc[facts.spot.one_standard_error]
    if not any(facts.grid.stronger):
        return "Which way is stronger is not known of what was varied."
    if spot.one_standard_error == spot.best:
        return "Nothing stronger is within one standard error of it."
    said = [facts.measure.show(row[facts.column]), f"gap {facts.gap.show_difference(row['gap'])}"]
    test = facts.column.replace("val", "test")
    if test in row:
        said.append(f"on the test rows {facts.measure.show(row[test])}")
    return (
        f"The strongest within one standard error of it is {_at(facts, spot.one_standard_error)} "
        f"({', '.join(said)})."
    )


def _underfitting(facts: Facts) -> list[str]:
    under = facts.table["underfits"].to_numpy(bool)
    if not under.any():
        return []
    grid, coordinates = facts.grid, facts.grid.coordinates
    home = coordinates[grid.reference]
    lines = []
    for i, axis in enumerate(grid.axes):
        others = np.delete(np.arange(len(grid.axes)), i)
        on_line = (coordinates[:, others] == home[others]).all(axis=1)
        line = _line(axis, coordinates[on_line, i], under[on_line])
        lines += [line] if line else []
    places = f"{int(under.sum())} of the {len(under)} points"
    if len(grid.axes) == 1:
        where = lines[0]
    else:
        where = f"At {places}" + (f" ({', '.join(map(_inside, lines))})" if lines else "")
    return [
        f"{where} it underfits: training and validation {facts.gap.words} are both worse than "
        f"{_reference(facts)}."
    ]


def _inside(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _line(axis: Axis, values: np.ndarray, under: np.ndarray) -> str:
    """Where on one axis a network underfits, in words."""
    order = np.argsort(values if axis.stronger >= 0 else -values)
    values, under = values[order], under[order]
    if not under.any():
        return ""
    first = int(under.argmax())
    if under[first:].all() and under[first:].sum() > 1:
        end = "on" if axis.stronger >= 0 else "down"
        return f"From {axis.words} {axis.show(values[first])} {end}"
    return f"At {axis.words} {' and '.join(axis.show(v) for v in values[under])}"


def _edges(facts: Facts) -> list[str]:
    further = [f"{_WAY[end]} {facts.grid.axes[i].words}" for i, end in facts.edges.items()]
    if not further:
        return []
    return [
        f"It lies at the edge of the grid: a {' and a '.join(further)} may be better still "
        "(expand=True, or --expand, widens the grid)."
    ]


def _failures(facts: Facts) -> list[str]:
    failed = facts.table[facts.table["failed"] > 0]
    if failed.empty:
        return []
    rows = failed.to_dict("records")
    some = ", ".join(
        f"{row['failed']} of {row['runs']} at {row['point']}" for row in rows[:_MOST_NAMED]
    )
    if len(rows) > _MOST_NAMED:
        some += f", and some at {len(rows) - _MOST_NAMED:,} other points"
    return [
        f"Trials failed ({some}): their loss became infinite or not a number. Points with more of "
        "them than others are not chosen."
    ]
