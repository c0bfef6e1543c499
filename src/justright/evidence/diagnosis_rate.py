"""How often a diagnosis is wrong: measured by benchmarks/diagnosis.py, kept beside this file."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

_SOURCES = {
    "curves": "from curves alone",
    "rows": "from curves and rows",
    "trainings": "from a model and rows, with helper trainings",
}


@cache
def measured() -> dict[str, Any]:
    """What benchmarks/diagnosis.py has written, by half of the data sets and by source."""
    text = files("justright.evidence").joinpath("diagnosis.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def rate_in_words(source: str) -> str:
    """The error rate of diagnoses from a source, in a sentence.

    Args:
        source: `"curves"`, `"rows"` or `"trainings"`.
    """
    found = measured()["judging"][source]
    wrong, count = found["wrong"], found["cases"]
    return (
        f"How far to trust this: {_SOURCES[source]}, the first finding was wrong in "
        f"{100 * wrong / count:.1f} % of {count} trainings of known condition, on data sets that "
        "no threshold was set on."
    )
