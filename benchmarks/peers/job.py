"""What a script is asked and what it answers: all that the scripts share.

A script's arguments are a folder with `rows.npz` and a job in JSON; its last line
on stdout is its answer, an object in JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np


@dataclass(frozen=True)
class Job:
    """What to train.

    Attributes:
        rates, strengths, seeds: the sweep: dropout rates, λ of L2, how many seeds.
        rate, strength: the point of the sweep that a peer is timed at.
        epochs, batch_size: of each training.
        trainings: how many a peer trains.
        first_seed: their seeds count from here.
        tuned: whether to use what a careful user would set by hand; each script says what.
    """

    rates: tuple[float, ...]
    strengths: tuple[float, ...]
    seeds: int
    rate: float
    strength: float
    epochs: int
    batch_size: int
    trainings: int = 1
    first_seed: int = 0
    tuned: bool = False


@dataclass(frozen=True)
class Answer:
    """What the trainings took and gave.

    Attributes:
        trainings: how many were timed together.
        seconds: that they took.
        val_accuracy: at the last epoch, their mean at `Job.rate` and `Job.strength`.
        later: seconds that the process spent after it had trained everything once.
        stopped: seconds for the same trainings with early stopping, if it tried.
    """

    trainings: int
    seconds: float
    val_accuracy: float
    later: float = 0.0
    stopped: float | None = None


class Rows(NamedTuple):
    """The data: X (rows, features) of float32, y (rows,) of 0.0 and 1.0."""

    X: np.ndarray
    y: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray


def asked_job() -> dict[str, Any]:
    """The job that the command line gives, as it is."""
    return json.loads(sys.argv[2])


def asked_rows() -> Rows:
    with np.load(Path(sys.argv[1]) / "rows.npz", allow_pickle=False) as rows:
        return Rows(**rows)


def asked() -> tuple[Job, Rows]:
    """The job and the data that the command line names."""
    return Job(**asked_job()), asked_rows()


def answer(**given: Any) -> None:
    print(json.dumps(given))


def time_trainings(train: Callable[[Job, Rows, int], float]) -> None:
    """Time a peer's trainings, one after the other, and answer.

    Args:
        train: `(job, rows, seed) → validation accuracy` at the last epoch.
    """
    job, rows = asked()
    # What only the first training of a process pays belongs to the start, which
    # is counted once, and not to the trainings, which are scaled.
    train(replace(job, epochs=1), rows, job.first_seed)
    began = time.perf_counter()
    seeds = range(job.first_seed, job.first_seed + job.trainings)
    accuracies = [train(job, rows, seed) for seed in seeds]
    seconds = time.perf_counter() - began
    answer(**asdict(Answer(job.trainings, seconds, fmean(accuracies))))


def best_of(repeats: int, call: Callable[[], Any]) -> float:
    """Seconds of the fastest of some calls."""
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return min(taken)
