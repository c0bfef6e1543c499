"""The sections that pages share: verdicts, contributions, the diagnosis, the network, the code."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from justright.engine.program import Task
from justright.evidence.contributions import ALONE, SHAPLEY, TAKEN_OUT
from justright.evidence.diagnosis import Diagnosis
from justright.evidence.interval import Interval
from justright.evidence.measure import Measure
from justright.evidence.summary import Row
from justright.evidence.verdict import Verdict
from justright.network.blueprint import Blueprint
from justright.report.page.page import Picture, Section, Table
from justright.report.page.series import short
from justright.report.page.trained import NOTHING, figures_of

if TYPE_CHECKING:
    from justright.report.page.contributions_page import ReportedContributions

_MOST_DRAWN = 12
_KINDS = {ALONE: "alone", SHAPLEY: "Shapley share", TAKEN_OUT: "lost if taken out"}


def recipes_table(
    rows: Sequence[Row], measure: Measure, has_test: bool, marked: frozenset[int]
) -> Table:
    """A row a recipe: the metric on each part, the gap with its interval, epochs run."""
    unit = " in points" if measure.is_share else ""
    parts = ["train", "validation", *(["test"] if has_test else [])]
    cells = []
    for row in rows:
        text = figures_of(row, measure, has_test)
        gap = text["gap"].removesuffix(" points")
        if text["gap_range"]:
            gap += f" ({text['gap_range']})"
        failed = f" ({row.failed} failed)" if row.failed else ""
        cells.append([row.recipe + failed, *(text[p] for p in parts), gap, text["epochs"]])
    head = ["recipe", *parts, f"gap{unit}{ranged(row.gap for row in rows)}", "epochs"]
    return Table(
        f"{measure.words.capitalize()} of each recipe, means over runs", head, cells, marked
    )


def ranged(gaps: Iterable[Interval]) -> str:
    """What a column of gaps says of their intervals, where there are any."""
    return " (95 %)" * any(gap.enough for gap in gaps)


def verdicts_section(verdicts: Sequence[Verdict], said: str) -> Section | None:
    """What paired runs allow one to say, with intervals; None without any.

    Args:
        verdicts: to show.
        said: how they are corrected.
    """
    if not verdicts:
        return None
    measure, figure = verdicts[0].measure, verdicts[0].figure
    unit = " (points)" if measure.is_share else ""
    cells = [
        [
            v.a,
            v.b,
            _signed(v.difference, measure) if v.pairs else NOTHING,
            measure.show_range(v.low, v.high) if v.enough else _why_not(v),
            _p(v.corrected_p if v.comparisons > 1 else v.p) if v.enough else NOTHING,
            v.decision if v.pairs else "no runs to compare",
            f"{v.pairs}",
        ]
        for v in verdicts
    ]
    p_name = "corrected p" if verdicts[0].comparisons > 1 else "p"
    head = ["recipe", "against", f"better by{unit}", "95 % interval", p_name, "verdict", "pairs"]
    table = Table(f"Verdicts in {figure}", head, cells)
    known = sorted((v for v in verdicts if v.pairs), key=lambda v: -v.difference)
    drawn = [v for v in verdicts if v in known[:_MOST_DRAWN]]
    bars = [{"label": v.a, "bars": [_bar(0, v.difference, *_ends(v))]} for v in drawn]
    apart = ""
    if verdicts[0].comparisons > 1:
        apart = "; one that does not may show none either, as p is corrected and intervals are not"
    most = f"The {len(drawn)} best of {len(known)}: " * (len(drawn) < len(known))
    picture = Picture(
        "forest",
        f"Better than {verdicts[0].b} by, in {figure}{unit}",
        f"{most}Differences in {figure} with their 95 % intervals, paired over seeds and splits. "
        f"An interval that holds 0 shows no difference{apart}.",
        table,
        {"groups": [""], "rows": bars, "share": measure.is_share},
    )
    # Where no run ended there is nothing to draw.
    pictures, tables = ([picture], []) if known else ([], [table])
    title = "What is shown, and what is not"
    return Section("verdicts", title, [said], pictures=pictures, tables=tables)


def contributions_section(one: ReportedContributions | None) -> Section | None:
    """What each technique brings; None where the study has no parts of a recipe."""
    if one is None:
        return None
    kinds, cells = _kinds_of(one), _cells(one)
    rows = [
        {
            "label": name,
            "bars": [
                _bar(kinds.index(kind), row["mean"], row["low"], row["high"])
                for kind, row in cells[name].items()
            ],
        }
        for name in one.worths.names
    ]
    unit = " (points)" * one.measure.is_share
    picture = Picture(
        "forest",
        f"Better by, in {one.figure}{unit}",
        f"What each technique of {one.recipe} brings, with 95 % intervals.",
        contributions_table(one),
        {"groups": [_KINDS[k] for k in kinds], "rows": rows, "share": one.measure.is_share},
    )
    pictures = [] if one.table.empty else [picture]
    pictures += [_pairs_picture(one)] if len(one.interactions) else []
    return Section(
        "contributions", "What each ingredient brings", words=one.summary(), pictures=pictures
    )


def contributions_table(one: ReportedContributions) -> Table:
    """A row a technique: each contribution with its interval."""
    kinds, cells = _kinds_of(one), _cells(one)
    unit = " (points)" * one.measure.is_share
    rows = [
        [name, *(_interval(cells[name].get(kind), one.measure) for kind in kinds)]
        for name in one.worths.names
    ]
    head = ["technique", *(f"{_KINDS[kind]}{unit}" for kind in kinds)]
    return Table(f"Contributions to {one.figure}", head, rows)


def _pairs_picture(one: ReportedContributions) -> Picture:
    """Whether one technique still helps where another is."""
    measure, unit = one.measure, " (points)" * one.measure.is_share
    pairs = [
        (f"{row['first']} × {row['second']}", row) for row in one.interactions.to_dict("records")
    ]
    bars = [
        {"label": name, "bars": [_bar(0, row["mean"], row["low"], row["high"])]}
        for name, row in pairs
    ]
    rows = [
        [name, _signed(row["without"], measure), _signed(row["beside"], measure),
         _interval(row, measure)]
        for name, row in pairs
    ]  # fmt: skip
    head = ["pair", f"first without second{unit}", f"beside it{unit}", f"interaction{unit}"]
    return Picture(
        "forest",
        f"Interactions of pairs, in {one.figure}{unit}",
        "What the first of two brings beside the second, less what it brings without it, with "
        "95 % intervals: below 0 they overlap, above 0 they support each other.",
        Table("Interactions of pairs of techniques", head, rows),
        {
            "groups": [""],
            "rows": bars,
            "share": measure.is_share,
            "ends": ["← overlap", "support →"],
        },
    )


def _kinds_of(one: ReportedContributions) -> list[str]:
    return [kind for kind in _KINDS if (one.table["contribution"] == kind).any()]


def _cells(one: ReportedContributions) -> dict[str, dict[str, Any]]:
    """The rows of the table by technique and kind."""
    cells: dict[str, dict[str, Any]] = {name: {} for name in one.worths.names}
    for row in one.table.to_dict("records"):
        cells[row["technique"]][row["contribution"]] = row
    return cells


def diagnosis_section(diagnosis: Diagnosis | None, recipes: Sequence[str]) -> Section | None:
    """What ails the trainings of some recipes, by which sign, and what to try."""
    if diagnosis is None:
        return None
    findings = [
        {
            "recipe": one.recipe,
            "title": one.title,
            "label": one.label,
            "fine": one.condition == "fine",
            "signs": list(one.signs),
            "advice": one.advice,
            "code": one.python,
            "command": one.command,
        }
        for name in recipes
        for one in diagnosis.findings
        if one.recipe == name
    ]
    paragraphs = [*diagnosis.notes, diagnosis.rate]
    return Section("diagnosis", "Diagnosis", [" ".join(paragraphs)], findings=findings)


def network_section(
    task: Task, recipes: Mapping[str, str], notes: Sequence[str], name: str = "recipe"
) -> Section:
    """The network and the recipes.

    Args:
        task: with the network.
        recipes: in words, by name; they stand there where the name does not say all.
        notes: what was decided on the way.
        name: what the recipes are called.
    """
    layers = [
        [layer.name, type(layer).__name__, _shape(layer.output.shape), f"{layer.count_params():,}"]
        for layer in task.blueprint.model.layers
    ]
    tables = [Table("Layers of the network", ["layer", "kind", "output", "parameters"], layers)]
    telling = {key: words for key, words in recipes.items() if key != words}
    if telling:
        rows = [[key, words] for key, words in telling.items()]
        tables.append(Table(f"What each {name} is", [name, "techniques"], rows))
    return Section("network", "Network and recipe", [*notes], tables=tables)


def network_in_words(blueprint: Blueprint) -> str:
    """`"30 → 128 → 64 → 1, 12,289 parameters"`."""
    model = blueprint.model
    sizes = [model.get_layer(name).output.shape[-1] for name in blueprint.anatomy.layers]
    chain = " → ".join([_shape(model.input_shape), *map(str, sizes)])
    return f"{chain}, {model.count_params():,} parameters"


def rows_in_words(task: Task) -> str:
    """`"80 to train, 245 to validate, 244 to test"`."""
    rows = task.rows
    parts = [f"{task.training_rows:,} to train", f"{rows.validation.shape[1]:,} to validate"]
    parts += [f"{rows.test.shape[1]:,} to test"] if rows.test.shape[1] else []
    splits = rows.train.shape[0]
    return ", ".join(parts) + (f", in {splits} splits" if splits > 1 else "")


def _shape(shape: Sequence[Any]) -> str:
    return "×".join("?" if size is None else str(size) for size in shape[1:]) or "1"


def _why_not(verdict: Verdict) -> str:
    """Why there is no interval: `"2 pairs, too few"`."""
    return verdict.interval_text.removesuffix(" for an interval")


def _ends(verdict: Verdict) -> tuple[float, float]:
    """Of the interval; none of too few pairs."""
    return (verdict.low, verdict.high) if verdict.enough else (math.nan, math.nan)


def _bar(group: int, mean: float, low: float, high: float) -> dict[str, Any]:
    return {"group": group, "mean": short(mean), "low": short(low), "high": short(high)}


def _signed(value: float, measure: Measure) -> str:
    text = measure.show_difference(value).removesuffix(" points")
    return f"+{text}" if value > 0 and any(digit in "123456789" for digit in text) else text


def _interval(row: Any, measure: Measure) -> str:
    if row is None:
        return NOTHING
    text = _signed(row["mean"], measure)
    if math.isfinite(row["high"] - row["low"]):
        text += f" ({measure.show_range(row['low'], row['high'])})"
    return text


def _p(value: float) -> str:
    if math.isnan(value):
        return NOTHING
    return "< 0.001" if value < 0.001 else f"{value:.2g}"
