"""What a runner is asked and what it answers: all that the runners share.

A runner is a script. Its arguments are a folder with `rows.npz` and a `Job` in
JSON; its last line on stdout is an `Answer` in JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

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
        rounds: how often the process trained them.
        val_accuracy: at the last epoch, their mean at `Job.rate` and `Job.strength`.
    """

    trainings: int
    seconds: float
    rounds: int
    val_accuracy: float


class Rows(NamedTuple):
    """The data: X (rows, features) of float32, y (rows,) of 0.0 and 1.0."""

    X: np.ndarray
    y: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray


def asked() -> tuple[Job, Rows]:
    """The job and the data that the command line names."""
    folder, job = sys.argv[1:]
    with np.load(Path(folder) / "rows.npz", allow_pickle=False) as rows:
        return Job(**json.loads(job)), Rows(**rows)


def answer(given: Answer) -> None:
    print(json.dumps(asdict(given)))


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
    answer(Answer(job.trainings, seconds, rounds=1, val_accuracy=fmean(accuracies)))
