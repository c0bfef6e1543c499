"""The trainings that a page moves through: points with curves, figures, words and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from justright.engine.trial import TrialResult
from justright.evidence.diagnosis import Diagnosis, Finding
from justright.evidence.interval import Interval
from justright.evidence.measure import Measure
from justright.evidence.summary import Row
from justright.report.page.page import Control, Explorer
from justright.report.page.series import limits_of, series_of, thinned_in_words
from justright.report.page.shell import tight
from justright.report.page.weights import BINS, weights_of

NOTHING = "–"


@dataclass(frozen=True)
class Trained:
    """What was trained, recipe by recipe.

    Attributes:
        results: trials by recipe.
        rows: the figures of each recipe.
        measure: the metric.
        has_test: whether there are test rows.
        diagnosis: of the recipes; None where there is none.
    """

    results: Mapping[str, Sequence[TrialResult]]
    rows: Mapping[str, Row]
    measure: Measure
    has_test: bool
    diagnosis: Diagnosis | None

    def findings(self, recipe: str) -> list[Finding]:
        """What a recipe shows, the weightiest first."""
        if self.diagnosis is None:
            return []
        return [one for one in self.diagnosis.findings if one.recipe == recipe]


def explorer_of(
    one: Trained,
    controls: Sequence[Control],
    places: Mapping[str, tuple[Sequence[int], str]],
    jumps: Sequence[tuple[str, int]],
    reference: int,
    beside: str,
    left: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> Explorer:
    """Trainings to move through.

    Args:
        one: what was trained.
        controls: one an axis.
        places: for each recipe where it stands on the axes, and what it is in words.
        jumps: places worth seeing.
        reference: the point that the others are seen beside.
        beside: what that is called.
        left: for each recipe what it leaves of the network, in words; None for nothing to say.
        notes: what is not here, so that the page stays small.
    """
    named = {name: one.results[name] for name in places}
    epochs, series = series_of(named)
    reach, weights = weights_of(named)
    points = []
    rows = zip(places.items(), series, weights, strict=True)
    for (name, (at, words)), curves, kernels in rows:
        row, found = one.rows[name], one.findings(name)
        left_of = {} if left is None else {"left": left[name]}
        rest = f" Left: {left[name]}." if left else ""
        points.append(
            {
                "at": list(at),
                "words": words,
                "says": tight(_says(words, row, one.measure, one.has_test) + rest),
                "finding": f"Diagnosis: {found[0].title}" if found else "",
                "figures": figures_of(row, one.measure, one.has_test) | left_of,
                "weights": kernels.words if kernels else "No weights: all trials failed.",
                "histogram": [round(share, 4) for share in kernels.shares.tolist()]
                if kernels
                else [],
                "zeros": round(kernels.zeros, 4) if kernels else 0,
                **curves,
            }
        )
    start = [control.start for control in controls]
    first = next(point for point in points if point["at"] == start)
    data = {
        "measure": {"words": one.measure.words, "share": one.measure.is_share},
        "axes": [{"words": c.words, "labels": list(c.labels)} for c in controls],
        "epochs": epochs,
        "limits": limits_of(points, one.measure),
        "bins": {"reach": reach, "count": BINS},
        "reference": reference,
        "beside": beside,
        "points": points,
    }
    told = [*notes, *thinned_in_words(named, epochs, series)]
    return Explorer(controls, jumps, first["says"], first["finding"], data, notes=told)


def figures_of(row: Row, measure: Measure, has_test: bool) -> dict[str, str]:
    """A recipe's figures as text: train, validation, test, gap, its interval, epochs."""
    figures = {"train": row.train, "validation": row.validation}
    if has_test:
        figures["test"] = row.test
    shown = {
        name: measure.show(value) if np.isfinite(value) else NOTHING
        for name, value in figures.items()
    }
    return {
        **shown,
        "gap": measure.show_difference(row.gap.mean) if row.gap.count else NOTHING,
        "gap_range": range_of(row.gap, measure),
        "epochs": f"{row.epochs:.0f}" if np.isfinite(row.epochs) else NOTHING,
    }


def range_of(interval: Interval, measure: Measure) -> str:
    """The 95 % interval of a difference, in words; empty where there is none."""
    return measure.show_range(interval.low, interval.high) if interval.enough else ""


def _says(words: str, row: Row, measure: Measure, has_test: bool) -> str:
    if not row.gap.count:
        return f"{words}: all trials failed."
    text = figures_of(row, measure, has_test)
    said = f"{words}: training {measure.words} {text['train']}, validation {text['validation']}"
    if has_test:
        said += f", test {text['test']}"
    inside = f" (95% interval {text['gap_range']})" if text["gap_range"] else ""
    failed = f" {row.failed} of {row.trials} trials failed." if row.failed else ""
    return f"{said}, gap {text['gap']}{inside}.{failed}"
