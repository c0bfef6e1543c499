"""A regularization path in one paragraph, generated from its numbers and true of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.sweep_summary import Facts, at, best_in_words, luck_in_words, need_in_words
from justright.regularizers.axis import Axis, short

if TYPE_CHECKING:
    import pandas as pd

_MOST_NAMED = 8
_STILL_MOVING = 0.05


@dataclass(frozen=True)
class PathFacts:
    """What a path found.

    Attributes:
        sweep: its trainings as a sweep of one strength.
        table: a path's table, one row a strength.
        zero_from: the strength from which all weights are zero, where it was computed.
        inputs: a path's table of inputs; None where these have no weights of their own.
        escapes: whether layers that the penalty leaves alone can make up for it by growing.
    """

    sweep: Facts
    table: pd.DataFrame
    zero_from: float | None
    inputs: pd.DataFrame | None
    escapes: bool


def path_in_words(facts: PathFacts) -> str:
    """Where the path leads, which strength is best, what is left there, and what lasts."""
    sweep = facts.sweep
    best, nearly = sweep.spot.best, sweep.spot.one_standard_error
    sentences = [
        _way(facts),
        best_in_words(sweep, alike=facts.zero_from is not None),
        f"There {_left(facts, best)}.",
        *luck_in_words(sweep),
        *_need(facts),
    ]
    if nearly != best:
        figure = sweep.measure.show(sweep.table.iloc[nearly][sweep.column])
        sentences.append(
            f"At {at(sweep.grid.axes, sweep.grid.points[nearly].values)}, the strongest within one "
            f"standard error ({figure}), {_left(facts, nearly)}."
        )
    sentences += [*lasting_in_words(facts.inputs), *_escape(facts), *_moving(facts), sweep.scope]
    return " ".join(sentences)


def path_answer(facts: PathFacts) -> str:
    """Which strength is best, whether it is needed, and what is left there."""
    sweep = facts.sweep
    best = best_in_words(sweep, alike=facts.zero_from is not None)
    return " ".join([best, f"There {_left(facts, sweep.spot.best)}.", *_need(facts)])


def _need(facts: PathFacts) -> list[str]:
    """Whether the best is shown to be better than no penalty, where trainings can tell."""
    if facts.zero_from is not None:
        return need_in_words(facts.sweep)
    return [
        "Each strength went on from the weights of the one before, so it has trained for longer "
        "than 0: whether the penalty helps is for a sweep to say."
    ]


def left_in_words(facts: PathFacts, point: int) -> str:
    """What is left at a point: `"12 of 30 inputs and 801 of 3,840 weights"`, or the norm.

    Args:
        facts: of the path.
        point: its position among the strengths.
    """
    row = facts.table.iloc[point]
    if (facts.table["weights"] == facts.table["of_weights"]).all():
        return f"norm of the weights {row['norm']:.3g}"
    weights = f"{_count(row['weights'])} of {row['of_weights']:,} weights"
    if facts.inputs is None:
        return weights
    return f"{_few(row['inputs'])} of {row['of_inputs']} inputs and {weights}"


def _way(facts: PathFacts) -> str:
    axis, values = facts.sweep.grid.axes[0], facts.sweep.grid.values[0]
    span = (
        f"{len(values) - 1} values of {axis.words} from {short(values[1])} to {short(values[-1])}"
    )
    if facts.zero_from is not None:
        return (
            f"The path goes down over {span}, and to 0: from {short(facts.zero_from)} on all "
            "weights are zero, as the gradient there says."
        )
    return f"The path goes up from the dense network over {span}{_end(facts, axis)}."


def _end(facts: PathFacts, axis: Axis) -> str:
    none = np.flatnonzero(facts.table["weights"] == 0)
    if not len(none):
        return ""
    return f"; at {short(float(facts.table[axis.name].iloc[none[0]]))} no weight is left"


def _left(facts: PathFacts, point: int) -> str:
    if (facts.table["weights"] == facts.table["of_weights"]).all():
        norm, at_zero = facts.table["norm"].iloc[point], facts.table["norm"][0]
        return f"the norm of the weights is {norm:.3g} ({at_zero:.3g} at 0)"
    row, columns = facts.table.iloc[point], ["weights", *(["inputs"] * (facts.inputs is not None))]
    mean = " on average" * any(not float(row[name]).is_integer() for name in columns)
    return f"{left_in_words(facts, point)} are left{mean}"


def _count(mean: float) -> str:
    return f"{mean:,.0f}" if mean >= 20 else _few(mean)


def _few(mean: float) -> str:
    """A mean of counts; of so few the halves matter."""
    return f"{mean:,.0f}" if float(mean).is_integer() else f"{mean:,.1f}"


def lasting_in_words(inputs: pd.DataFrame | None) -> list[str]:
    """The inputs in the order in which they go out, those that last longest first.

    Args:
        inputs: a path's table of inputs; None where these have no weights of their own.

    Returns:
        A sentence, or none where nothing goes out.
    """
    if inputs is None or not np.isfinite(inputs["out_from"]).any():
        return []
    longest = inputs["out_from"].iloc[0]
    tied = int((inputs["out_from"] == longest).sum())
    if tied > _MOST_NAMED or tied == len(inputs):
        return [
            f"{tied} of {len(inputs)} inputs last equally long, to "
            f"{'the end of the path' if np.isinf(longest) else f'{longest:.3g}'}, so there is no "
            "order among them."
        ]
    last = ", ".join(inputs["input"].iloc[:_MOST_NAMED])
    more = f"{_MOST_NAMED} of " if len(inputs) > _MOST_NAMED else ""
    return [f"The inputs that last longest, {more}{len(inputs)} in order: {last}."]


def _escape(facts: PathFacts) -> list[str]:
    if not facts.escapes:
        return []
    return [
        "The penalty leaves some layers alone, which can make up for it by growing, so the path "
        "may have no end: a base recipe with L2 keeps them from it."
    ]


def _moving(facts: PathFacts) -> list[str]:
    moving = facts.table["moving"].to_numpy(float)
    if (np.isnan(moving) & (facts.table["failed"] == 0)).any():
        return [
            "One epoch at a strength does not tell whether weights are at rest there: give more "
            "epochs_each."
        ]
    share = float((moving > _STILL_MOVING).mean())
    if share <= 0.1:
        return []
    return [
        f"At {share:.0%} of the strengths the penalized loss still changed by more than 5% in the "
        "last quarter of the epochs, so these weights are not at rest: give more epochs_each, or a "
        "larger learning rate."
    ]
