"""The results of a run: the table in the terminal and the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from machine import cores, describe
from runners import SWEEP, TRAININGS

OUT = Path(__file__).parent / "out"
CONDITIONS = ("rates", "strengths", "seeds", "epochs", "batch_size", "rate", "strength")
# A share of the cores that others may take before a line of the table is called disturbed.
DISTURBED = 0.05


@dataclass(frozen=True)
class Result:
    """One line of the table.

    Attributes:
        runner: its title.
        trainings: how many were timed.
        start: seconds for what is paid once: interpreter, imports, first calls.
        training: seconds for each training after that, at the sweep's 200 epochs.
        total: seconds for the sweep's 200 trainings.
        val_accuracy: at the last epoch at one point of the sweep, to see that all
            runners train the same.
        others: the share of the cores that other processes took meanwhile.
    """

    runner: str
    trainings: int
    start: float
    training: float
    total: float
    val_accuracy: float
    others: float | None


def report(results: list[Result], quick: bool) -> list[str]:
    """The table and what to know about it, at most 80 columns wide."""
    ours = next((one.total for one in results if one.runner == "justright"), None)
    lines = [
        "",
        f"{TRAININGS} trainings of {SWEEP.epochs} epochs on {cores()} cores",
        "",
        f"{'':<32}{'trainings':>10}{'seconds a':>11}{'seconds':>9}{'times':>11}",
        f"{'runner':<32}{'measured':>10}{'training':>11}{f'for {TRAININGS}':>9}{'justright':>11}",
        "-" * 73,
    ]
    for one in results:
        ratio = f"{one.total / ours:.1f}" if ours else "–"
        lines.append(
            f"{one.runner:<32}{one.trainings:>10}{one.total / TRAININGS:>11.3f}"
            f"{one.total:>9.0f}{ratio:>11}"
        )
    return [*lines, "", *notes(results, quick)]


def notes(results: list[Result], quick: bool) -> Iterator[str]:
    yield "justright: all of it measured, with start, imports and compilation; then the"
    yield "same call again in the same process. Its peers: a few trainings measured, and"
    yield f"scaled: seconds for {TRAININGS} = start + {TRAININGS} × seconds of one."
    yield f"Seconds a training: seconds for {TRAININGS}, divided by {TRAININGS}."
    yield "Tuned: what a careful user sets. Spread: a process on each core."
    yield "scikit-learn does less: no dropout, no figures on validation rows."
    if quick:
        yield f"Quick: few epochs, scaled to {SWEEP.epochs}. It shows that all runners work, and"
        yield "measures nothing."
    for one in results:
        if (one.others or 0.0) > DISTURBED:
            yield f"Disturbed: {one.runner}. Others took {one.others:.0%} of the cores."


def save(results: list[Result], quick: bool) -> None:
    """Write `out/sweep.json`, or `out/sweep_quick.json`, which does not replace a real run."""
    OUT.mkdir(exist_ok=True)
    content = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe(),
        "sweep": {name: getattr(SWEEP, name) for name in CONDITIONS},
        "quick": quick,
        "results": [asdict(one) for one in results],
    }
    path = OUT / ("sweep_quick.json" if quick else "sweep.json")
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
