"""What the sweep is, the ways to train it, and how each runs in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from machine import cores
from peers.job import Answer, Job

# Taken before justright is imported, which sets variables for its own use.
ENVIRONMENT = dict(os.environ)

PEERS = Path(__file__).parent / "peers"
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


def answers(runner: Runner, job: Job, folder: Path) -> list[Answer]:
    """What a runner's processes answer, which run at the same time."""
    jobs = [replace(job, first_seed=i * job.trainings) for i in range(runner.processes)]
    with ThreadPoolExecutor(runner.processes) as pool:
        return list(pool.map(lambda one: answer_of(runner, one, folder), jobs))


def answer_of(runner: Runner, job: Job, folder: Path) -> Answer:
    done = subprocess.run(
        [sys.executable, PEERS / runner.script, folder, json.dumps(asdict(job))],
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
