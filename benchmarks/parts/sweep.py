"""The sweep: 4 dropout rates × 5 λ of L2 × 10 seeds, with justright, with its peers, and the floor.

justright trains the whole sweep; a peer trains a few of its 200 trainings, and its
time for all is its start + 200 × seconds a training.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from findings import Asked, Findings, Table, ratios, short
from peers.job import Job
from process import Ran, ScriptFailedError, environment, run, script
from rows import save_rows

from parts.floor import Floor, floor_of
from parts.runners import JUSTRIGHT, RUNNERS, SWEEP, TRAININGS, Runner

QUICK_EPOCHS = 20
STOPPED_TARGET, FLOOR_TARGET = "≤ 0.45", "≤ 1.5"
# So many times as fast as a peer; whether the process has compiled already.
TARGETS = (
    ("Keras fit on JAX", 100, False),
    ("Keras fit on PyTorch", 500, False),
    ("PyTorch loop", 30, False),
    ("scikit-learn, spread", 4, False),
    ("scikit-learn, spread", 8, True),
)
NOTES = (
    "justright: all of it measured, with start, imports and compilation; then the same call again "
    "in the same process, with early stopping too. Its peers: a few trainings measured, and "
    f"scaled: seconds for {TRAININGS} = start + {TRAININGS} × seconds of one.",
    "Tuned: what a careful user sets. Spread: a process on each core. scikit-learn does less: no "
    "dropout, no figures on validation rows.",
)


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
            runners train the same; None where trainings stop early.
        others: the share of the cores that other processes took meanwhile.
    """

    runner: str
    trainings: int
    start: float
    training: float
    total: float
    val_accuracy: float | None
    others: float | None


@dataclass(frozen=True)
class Compiled:
    """justright's seconds for the sweep in a process that has compiled it."""

    full: float
    stopped: float


def measure(asked: Asked) -> Findings:
    save_rows(asked.folder)
    found = Findings()
    results: list[Result] = []
    compiled: Compiled | None = None
    for runner in RUNNERS:
        if runner.name in asked.skip:
            continue
        if importlib.util.find_spec(runner.needs) is None:
            found.notes.append(f"{runner.title}: skipped; {runner.needs} is not installed.")
            continue
        print(f"{runner.title} …", file=sys.stderr, flush=True)
        try:
            ran = timed(runner, asked)
        except ScriptFailedError as error:
            found.failed = True
            found.notes.append(f"{runner.title}: failed.\n{error}")
            continue
        found.notes += ran.disturbance(runner.title)
        results += lines(runner, ran, job_for(runner, asked).epochs)
        if runner is JUSTRIGHT:
            compiled = Compiled(results[1].total, results[2].total)
    found.data = {"sweep": asdict(SWEEP), "results": [asdict(one) for one in results]}
    found.tables.append(table(results))
    if compiled:
        add_floor(found, compiled, asked)
    found.notes += NOTES
    return found


def job_for(runner: Runner, asked: Asked) -> Job:
    """What each of a runner's processes trains."""
    wanted = asked.trainings or (1 if asked.quick else runner.trainings)
    job = replace(SWEEP, trainings=-(-wanted // runner.processes), tuned=runner.tuned)
    return replace(job, seeds=1, epochs=QUICK_EPOCHS) if asked.quick else job


def timed(runner: Runner, asked: Asked) -> Ran:
    job = job_for(runner, asked)
    if not asked.quick:
        # Untimed, so that no runner waits for the disk or for Python to compile modules.
        processes(runner, replace(job, epochs=1, trainings=1, seeds=1), asked.folder)
    return processes(runner, job, asked.folder)


def processes(runner: Runner, job: Job, folder: Path) -> Ran:
    """Run a runner's processes at the same time, each with seeds of its own."""
    jobs = [replace(job, first_seed=i * job.trainings) for i in range(runner.processes)]
    return run(
        [script(runner.module, folder, asdict(one)) for one in jobs],
        environment(folder, backend=runner.backend, one_thread=runner.spread),
    )


def lines(runner: Runner, ran: Ran, epochs: int) -> Iterator[Result]:
    """A runner's lines: one; for justright also those of a process that has compiled."""
    given = ran.answers
    seconds = fmean(one["seconds"] for one in given)
    trainings = sum(one["trainings"] for one in given)
    scale = SWEEP.epochs / epochs / trainings
    # What the process took to train everything once, less the trainings as they are
    # once it has compiled.
    start = ran.seconds - given[0]["later"] - seconds
    result = Result(
        runner=runner.title,
        trainings=trainings,
        start=start,
        training=seconds * scale,
        total=start + TRAININGS * seconds * scale,
        val_accuracy=fmean(one["val_accuracy"] for one in given),
        others=ran.others,
    )
    yield result
    if runner is JUSTRIGHT:
        title = f"{runner.title}, compiled already"
        again = replace(result, runner=title, start=0.0, total=TRAININGS * result.training)
        yield again
        stopped = given[0]["stopped"] * scale
        yield replace(
            again,
            runner=f"{title}, early stopping",
            training=stopped,
            total=TRAININGS * stopped,
            val_accuracy=None,
        )


def table(results: list[Result]) -> Table:
    ours = next((one.total for one in results if one.runner == JUSTRIGHT.title), None)
    return Table(
        (
            "runner",
            "trainings measured",
            "seconds a training",
            f"seconds for {TRAININGS}",
            "times justright",
            "validation accuracy",
        ),
        [
            (
                one.runner,
                str(one.trainings),
                f"{one.total / TRAININGS:.3f}",
                short(one.total),
                short(one.total / ours, 2) if ours else "–",
                "–" if one.val_accuracy is None else f"{one.val_accuracy:.3f}",
            )
            for one in results
        ],
    )


def add_floor(found: Findings, compiled: Compiled, asked: Asked) -> None:
    """Measure the floor, and say how far above it justright is."""
    print("the floor …", file=sys.stderr, flush=True)
    floor, ran = floor_of(asked)
    found.notes += ran.disturbance("the floor")
    found.tables += [floor.table(), ratios(list(over(floor, compiled)))]
    found.tables.append(targets(found.data["results"], floor))
    found.data |= {"floor": floor.data(), "compiled": asdict(compiled)}
    found.notes += floor.notes()


def targets(results: list[dict[str, Any]], floor: Floor) -> Table:
    """What each target allows, beside where the time goes."""
    of = {one["runner"]: one for one in results}
    ours = of[JUSTRIGHT.title]
    rows = []
    for peer, times, compiled in TARGETS:
        if peer not in of:
            continue
        allowed, start = of[peer]["total"] / times, 0.0 if compiled else ours["start"]
        training = TRAININGS * ours["training"]
        already = ", compiled already" if compiled else ""
        seconds = (allowed, start + training, start, training, floor.whole)
        rows.append(
            (f"{times} × {peer}{already}", *map(short, seconds), _met(start + training, allowed))
        )
    heads = ("target", "allowed, s", "taken, s", "start, s", "training, s", "its floor, s", "met")
    return Table(heads, rows)


def _met(taken: float, allowed: float) -> str:
    return "yes" if taken <= allowed else f"{short(taken - allowed)} s too many"


def over(floor: Floor, compiled: Compiled) -> Iterator[tuple[str, float, str]]:
    yield "compiled already / pure floor", compiled.full / floor.pure, ""
    yield "compiled already / floor", compiled.full / floor.whole, FLOOR_TARGET
    yield "with early stopping / without", compiled.stopped / compiled.full, STOPPED_TARGET
