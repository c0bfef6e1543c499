"""Time one sweep, 4 dropout rates × 5 λ of L2 × 10 seeds, with justright and with its peers.

    python benchmarks/sweep.py

Each runner is a script in `peers/` and has fresh processes, one runner after the
other. justright trains the whole sweep; a peer trains a few of its 200 trainings,
and its time for all is its start + 200 × seconds a training. See README.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
from machine import Watch
from peers.job import Job
from report import Result, report, save
from runners import RUNNERS, SWEEP, TRAININGS, Runner, RunnerFailedError, answers

QUICK_EPOCHS = 20


def main() -> int:
    asked = arguments()
    results: list[Result] = []
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        save_rows(Path(folder))
        for runner in RUNNERS:
            if runner.name in asked.skip:
                continue
            if importlib.util.find_spec(runner.needs) is None:
                print(f"{runner.title}: skipped, because {runner.needs} is not installed.")
                continue
            print(f"{runner.title} …", file=sys.stderr, flush=True)
            try:
                results += measured(runner, job_for(runner, asked), Path(folder), asked.quick)
            except RunnerFailedError as error:
                failed = True
                print(f"{runner.title}: failed.\n{error}")
    print("\n".join(report(results, asked.quick)))
    save(results, asked.quick)
    return int(failed)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--trainings", type=positive, metavar="N", help="time N trainings of each peer"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"only see that it works: one seed, {QUICK_EPOCHS} epochs, one training a peer",
    )
    parser.add_argument(
        "--skip",
        action="append",
        default=[],
        metavar="NAME",
        choices=[runner.name for runner in RUNNERS],
        help="leave a runner out; can be repeated: %(choices)s",
    )
    return parser.parse_args()


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} trainings: at least 1 is wanted.")
    return number


def job_for(runner: Runner, asked: argparse.Namespace) -> Job:
    """What each of a runner's processes trains."""
    wanted = asked.trainings or (1 if asked.quick else runner.trainings)
    job = replace(SWEEP, trainings=-(-wanted // runner.processes), tuned=runner.tuned)
    return replace(job, seeds=1, epochs=QUICK_EPOCHS) if asked.quick else job


def save_rows(folder: Path) -> None:
    """Write the rows that all runners train on."""
    from justright.data.examples import example

    data = example()
    (X, y), (X_val, y_val) = data.train, data.validation
    targets = {"y": y.astype(np.float32), "y_val": y_val.astype(np.float32)}
    np.savez(folder / "rows.npz", X=X, X_val=X_val, **targets)


def measured(runner: Runner, job: Job, folder: Path, quick: bool) -> Iterator[Result]:
    """Run a runner and yield its lines: one; for justright two, with compilation and without."""
    if not quick:
        # Untimed, so that no runner waits for the disk or for Python to compile modules.
        answers(runner, replace(job, epochs=1, trainings=1, seeds=1), folder)
    with Watch() as watch:
        given = answers(runner, job, folder)
    seconds = fmean(one.seconds for one in given)
    start = watch.seconds - given[0].rounds * seconds
    trainings = sum(one.trainings for one in given)
    training = seconds / trainings * SWEEP.epochs / job.epochs
    result = Result(
        runner=runner.title,
        trainings=trainings,
        start=start,
        training=training,
        total=start + TRAININGS * training,
        val_accuracy=fmean(one.val_accuracy for one in given),
        others=watch.others,
    )
    yield result
    if given[0].rounds > 1:
        again = f"{runner.title}, compiled already"
        yield replace(result, runner=again, start=0.0, total=TRAININGS * training)


if __name__ == "__main__":
    sys.exit(main())
