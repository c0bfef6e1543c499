"""How often a diagnosis is wrong: measured by benchmarks/diagnosis.py, kept beside this file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Source = Literal["curves", "sizes", "rows", "trainings"]

SOURCES: dict[Source, str] = {
    "curves": "curves alone",
    "sizes": "curves, the number of validation rows and classes",
    "rows": "curves and rows",
    "trainings": "a network and rows, with helper trainings",
}
"""What a diagnosis rests on, in words."""


@cache
def measured() -> dict[str, Any]:
    """What benchmarks/diagnosis.py has counted, by half of the data sets."""
    text = files("justright.evidence").joinpath("diagnosis.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def rate_in_words(source: Source) -> str:
    """The error rate of diagnoses from a source, in a sentence."""
    judging = measured()["judging"]
    share, count = judging["wrong"][source] / judging["cases"], judging["cases"]
    return (
        f"How far to trust this: from {SOURCES[source]}, the first finding was wrong in "
        f"{100 * share:.1f} % of {count} trainings of known condition, on data sets that no "
        "threshold was set on."
    )


def rate_table(half: Mapping[str, Any]) -> str:
    """The error rate and, condition by condition, how often it was found first, as Markdown.

    Args:
        half: the counts of one half of the data sets.
    """
    head = ["made to be", "trainings", *(f"from {words}" for words in SOURCES.values())]
    confusion = half["confusion"]
    rows = []
    for condition in confusion["curves"]:
        made = sum(confusion["curves"][condition].values())
        shares = [_share(confusion[one][condition].get(condition, 0), made) for one in SOURCES]
        rows.append([condition.replace("_", " "), str(made), *shares])
    wrong = [_share(half["wrong"][source], half["cases"]) for source in SOURCES]
    rows.append(["**first finding wrong**", str(half["cases"]), *(f"**{one}**" for one in wrong)])
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _share(count: int, of: int) -> str:
    return f"{100 * count / of:.1f} %" if of else "–"
