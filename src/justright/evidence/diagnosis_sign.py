"""What a rule of a diagnosis finds: a condition, and the sign that it rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from justright.evidence.diagnosis_reading import Reading
from justright.evidence.measure import Measure

Condition = Literal[
    "leak",
    "unstable",
    "shuffled_labels",
    "overfitting",
    "underfitting",
    "too_little_validation",
    "fine",
]
Cause = Literal["", "rate", "rows", "column", "time", "size"]


@dataclass(frozen=True)
class Sign:
    """That a training shows a condition.

    Attributes:
        condition: which.
        words: what shows it, a sentence with its numbers.
        numbers: the same numbers by name.
        epoch: from which it shows, as the log numbers them; None where that has no meaning.
        cause: what to mend, where the condition leaves it open.
        name: of the input that it speaks of.
    """

    condition: Condition
    words: str
    numbers: dict[str, float] = field(default_factory=dict)
    epoch: int | None = None
    cause: Cause = ""
    name: str = ""


Rule = Callable[[Reading], Sign | None]


def reach_in_words(measure: Measure, train: float, validation: float) -> str:
    """What was reached on training and on validation rows."""
    return (
        f"{measure.words.capitalize()} is {measure.show(train)} on training rows and "
        f"{measure.show(validation)} on validation rows"
    )


def percent(share: float) -> str:
    """A share in percent: `"14 %"`."""
    return f"{100 * share:.0f} %"
