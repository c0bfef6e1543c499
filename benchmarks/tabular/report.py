"""The benchmark's figures in words and tables of text, made of the record alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from findings import Table as Lines
from scipy.stats import rankdata

from tabular.ours import NAMES
from tabular.peers import PEERS
from tabular.published import FIGURES, METHODS

PLAIN = (NAMES[0], *PEERS[:4])
BALANCED = (NAMES[1], "MLP", "MLP, searched", *PEERS[4:])
Runs = Sequence[dict[str, Any]]


def by_table(runs: Runs) -> dict[str, list[dict[str, Any]]]:
    """The runs of each table, in the order of the record."""
    names = dict.fromkeys(run["table"] for run in runs)
    return {name: [run for run in runs if run["table"] == name] for name in names}


def figures(runs: Runs, model: str) -> np.ndarray:
    """Test figures in percent, one a split; of the plain model where the table has no classes."""
    known = runs[0]["models"]
    name = model if model in known else model.partition(", balanced")[0]
    return 100 * np.array([run["models"][name]["test"] for run in runs])


def figures_table(runs: Runs, models: Sequence[str]) -> Lines:
    """One line a table: what is predicted, and the mean over the splits of each model."""
    lines = []
    for name, mine in by_table(runs).items():
        means = [figures(mine, model).mean() for model in models]
        best = max(means)
        cells = [f"**{mean:.2f}**" if mean == best else f"{mean:.2f}" for mean in means]
        lines.append((name, "classes" if mine[0]["is_class"] else "R²", str(len(mine)), *cells))
    ranks = mean_ranks(runs, models)
    lines.append(("mean rank", "", "", *(f"{ranks[model]:.2f}" for model in models)))
    return Lines(("table", "figure", "splits", *models), lines)


def mean_ranks(runs: Runs, models: Sequence[str]) -> dict[str, float]:
    """The mean over the tables of each model's rank by its mean figure; ties share theirs."""
    ranks = [
        rankdata([-round(figures(mine, model).mean(), 6) for model in models])
        for mine in by_table(runs).values()
    ]
    means = np.mean(ranks, axis=0) if ranks else np.full(len(models), np.nan)
    return dict(zip(models, map(float, means), strict=True))


def published_table(runs: Runs) -> Lines:
    """Ours beside the published figures, and the mean over the tables that are done."""
    known = {name: mine for name, mine in by_table(runs).items() if name in FIGURES}
    rows = [
        [*(figures(mine, name).mean() for name in NAMES), *FIGURES[table]]
        for table, mine in known.items()
    ]
    lines = [
        (table, *(f"{one:.2f}" for one in row)) for table, row in zip(known, rows, strict=True)
    ]
    if rows:
        means = np.mean(rows, axis=0)
        lines.append((f"mean of {len(rows)}", *(f"{one:.2f}" for one in means)))
    return Lines(("table", *NAMES, *METHODS), lines)


def beside_the_cocktail(runs: Runs) -> str:
    """How the mean compares with the cocktail's, and which table weighs most in that."""
    known = {name: mine for name, mine in by_table(runs).items() if name in FIGURES}
    if len(known) < 2:
        return ""
    column = METHODS.index("cocktail")
    names = list(known)
    ahead = np.array([figures(known[n], NAMES[1]).mean() - FIGURES[n][column] for n in names])
    worst = int(ahead.argmin())
    others = np.delete(ahead, worst).mean()
    return (
        f" Beside the cocktail, justright, balanced is {_way(ahead.mean())} in the mean; on "
        f"{names[worst]} it is {_way(ahead[worst])}, and on the others {_way(others)} in the mean."
    )


def cost_table(runs: Runs) -> Lines:
    """Seconds of the clock and of the processor for one fit."""
    models = (NAMES[0], "MLP", "MLP, searched", "boosting", "linear")
    lines = []
    for name, mine in by_table(runs).items():
        size = f"{mine[0]['rows']} × {mine[0]['columns']}"
        spent = [
            np.mean([[run["models"][model][key] for run in mine] for key in ("seconds", "cpu")], 1)
            for model in models
        ]
        lines.append((name, size, *(f"{clock:.0f} / {cpu:.0f}" for clock, cpu in spent)))
    return Lines(("table", "rows × columns", *models), lines)


def losses(runs: Runs, models: Sequence[str]) -> list[str]:
    """A sentence for each table on which another model is better: by how much, and why."""
    told = []
    for name, mine in by_table(runs).items():
        own = figures(mine, models[0])
        others = {model: figures(mine, model) for model in models[1:]}
        best = max(others, key=lambda model: others[model].mean())
        gap = others[best] - own
        if gap.mean() <= 0:
            continue
        error = float(gap.std(ddof=1) / np.sqrt(len(gap))) if len(gap) > 1 else np.inf
        by = f"{name}: {best} is better by {gap.mean():.2f}"
        by += f" ± {error:.2f}" if np.isfinite(error) else " on one split"
        told.append(f"{by}. {_reason(mine, models[0], best, gap, error)}")
    return told


def _reason(mine: Runs, own: str, best: str, gap: np.ndarray, error: float) -> str:
    if not gap.mean() > 2 * error:
        return "That is within two standard errors: no difference is shown."
    balanced = figures(mine, NAMES[1]).mean()
    if own == NAMES[0] and figures(mine, best).mean() <= balanced:
        return (
            "The decision, not the networks: with classes weighed alike the same networks have "
            f"{balanced:.2f}."
        )
    if best.startswith("boosting"):
        return "Trees cut single columns sharply, and that is what this table asks for."
    if best.startswith("linear"):
        return "A straight line is enough here, and what networks can bend beyond it costs."
    return "Another network does better: the candidates do not hold what this table asks for."


def section(record: dict[str, Any]) -> str:
    """All of it, for the document."""
    runs = record["runs"]
    if not runs:
        return "\nThe record has no table yet.\n"
    parts = [_of_record(record), ""]
    for title, lines, words in _parts(runs):
        parts += [f"### {title}", "", words, "", *lines.lines(), ""]
    for models, title in ((PLAIN, "most probable class"), (BALANCED, "balanced")):
        told = losses(runs, models) or ["On none of these tables."]
        parts += [f"### Where it loses, and why: {title}", "", *_listed(told), ""]
    return "\n".join(["", *parts])


def _of_record(record: dict[str, Any]) -> str:
    runs = record["runs"]
    splits = sorted({run["split"] for run in runs})
    return (
        f"{len(by_table(runs))} tables, {_splits(len(splits))} of each, {record['date']}; "
        "[tables.json](tables.json) has every split."
    )


def _parts(runs: Runs) -> Iterable[tuple[str, Lines, str]]:
    splits = max((run["split"] for run in runs), default=-1) + 1
    yield (
        "As they come",
        figures_table(runs, PLAIN),
        f"{_means(splits)} in percent: balanced accuracy, or R². Every model "
        "decides for the class that it finds most probable. The searched MLP begins fits for as "
        "much processor time as justright takes, and ends the last one.",
    )
    yield (
        "Classes weighed alike",
        figures_table(runs, BALANCED),
        "justright's networks are those above, and their decision is for balanced accuracy; "
        "boosting and linear models have class_weight='balanced', for which scikit-learn's MLP "
        "has no option. Regressions are as above.",
    )
    yield (
        "Beside the published figures",
        published_table(runs),
        "Balanced accuracy in percent; the published ones are of one split, with weights by class "
        f"and a search of up to four days a table.{beside_the_cocktail(runs)}",
    )
    yield (
        "What a fit costs",
        cost_table(runs),
        "Seconds of the clock / of the processor, mean over the splits; the search of the MLP "
        "and its fit together.",
    )


def _listed(sentences: Iterable[str]) -> list[str]:
    return [f"- {one}" for one in sentences]


def _way(ahead: float) -> str:
    return f"{abs(ahead):.2f} {'higher' if ahead >= 0 else 'lower'}"


def _splits(count: int) -> str:
    return "1 split" if count == 1 else f"up to {count} splits"


def _means(splits: int) -> str:
    return "One split," if splits == 1 else f"Means over up to {splits} splits,"
