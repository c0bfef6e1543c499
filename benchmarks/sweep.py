"""Time one sweep, 4 dropout rates × 5 λ of L2 × 10 seeds, with justright and with its peers.

    python benchmarks/sweep.py

Each runner is a script in `peers/` and has a fresh process, one runner after the
other. justright trains the whole sweep; a peer trains a few of its 200 trainings,
and its time for all is its start + 200 × seconds a training. See README.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

import numpy as np
from machine import Watch, cores, describe
from peers.job import Answer, Job

# Taken before justright is imported, which sets variables for its own use.
ENVIRONMENT = dict(os.environ)

HERE = Path(__file__).parent
SWEEP = Job(
    rates=(0.0, 0.2, 0.4, 0.6),
    strengths=(0.0, 1e-4, 1e-3, 1e-2, 1e-1),
    seeds=10,
    rate=0.4,
    strength=1e-3,
    epochs=200,
    batch_size=8,
)
TRAININGS = len(SWEEP.rates) * len(SWEEP.strengths) * SWEEP.seeds
CONDITIONS = ("rates", "strengths", "seeds", "epochs", "batch_size", "rate", "strength")
QUICK_EPOCHS = 20
# A share of the cores that others may take before a line of the table is called disturbed.
DISTURBED = 0.05


@dataclass(frozen=True)
class Runner:
    """One way to train the sweep.

    Attributes:
        name: for `--skip`.
        title: for the table.
        script: in `peers/`.
        needs: the module without which it cannot run.
        trainings: how many are timed, unless the command line says.
        backend: of Keras.
        tuned: `Job.tuned`.
        spread: whether a process runs on each core, as a user may arrange by hand.
    """

    name: str
    title: str
    script: str
    needs: str
    trainings: int = 1
    backend: str = "jax"
    tuned: bool = False
    spread: bool = False

    @property
    def processes(self) -> int:
        """How many run at a time."""
        return cores() if self.spread else 1


RUNNERS = (
    Runner("justright", "justright", "justright_compare.py", "justright"),
    Runner("keras-jax", "Keras fit on JAX", "keras_fit.py", "keras", 2),
    Runner(
        "keras-jax-tuned",
        "Keras fit on JAX, tuned, spread",
        "keras_fit.py",
        "keras",
        4,
        tuned=True,
        spread=True,
    ),
    Runner("keras-torch", "Keras fit on PyTorch", "keras_fit.py", "torch", 1, backend="torch"),
    Runner("torch", "PyTorch loop", "torch_loop.py", "torch", 4),
    Runner(
        "torch-tuned",
        "PyTorch loop, tuned, spread",
        "torch_loop.py",
        "torch",
        8,
        tuned=True,
        spread=True,
    ),
    Runner("sklearn", "scikit-learn, spread", "sklearn_mlp.py", "sklearn", 16, spread=True),
)


class RunnerFailedError(Exception):
    """A runner's process ended with an error."""


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


def answers(runner: Runner, job: Job, folder: Path) -> list[Answer]:
    """What a runner's processes answer, which run at the same time."""
    jobs = [replace(job, first_seed=i * job.trainings) for i in range(runner.processes)]
    with ThreadPoolExecutor(runner.processes) as pool:
        return list(pool.map(lambda one: answer_of(runner, one, folder), jobs))


def answer_of(runner: Runner, job: Job, folder: Path) -> Answer:
    done = subprocess.run(
        [sys.executable, HERE / "peers" / runner.script, folder, json.dumps(asdict(job))],
        env=environment(runner, folder),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RunnerFailedError(done.stderr.strip())
    return Answer(**json.loads(done.stdout.splitlines()[-1]))


def environment(runner: Runner, folder: Path) -> dict[str, str]:
    """The user's environment, without what would let one runner gain from an earlier run."""
    kept = dict(ENVIRONMENT)
    for name in ("JAX_COMPILATION_CACHE_DIR", "PYTHONDONTWRITEBYTECODE"):
        kept.pop(name, None)
    kept |= {
        "JUSTRIGHT_CACHE": "off",
        "KERAS_BACKEND": runner.backend,
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }
    if runner.spread:
        # One thread for each process: more would only wait for one another.
        kept |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return kept


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
        yield f"Quick: {QUICK_EPOCHS} epochs, scaled to {SWEEP.epochs}. It measures nothing; it"
        yield "shows that all runners work."
    for one in results:
        if (one.others or 0.0) > DISTURBED:
            yield f"Disturbed: {one.runner}. Others took {one.others:.0%} of the cores meanwhile."


def save(results: list[Result], quick: bool) -> None:
    """Write `out/sweep.json`, or `out/sweep_quick.json`, which does not replace a real run."""
    out = HERE / "out"
    out.mkdir(exist_ok=True)
    content = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe(),
        "sweep": {name: getattr(SWEEP, name) for name in CONDITIONS},
        "quick": quick,
        "results": [asdict(one) for one in results],
    }
    path = out / ("sweep_quick.json" if quick else "sweep.json")
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
