"""justright: so many trainings of the sweep's network, compiled already, and the memory they take.

The job: how many trainings, how often, epochs, and whether to tell the memory.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import jax
from parts.runners import SWEEP
from peers.job import Job, answer, asked_job, asked_rows, best_of
from probes.sweep import compare, network

POINTS = len(SWEEP.rates) * len(SWEEP.strengths)


def main() -> None:
    asked, rows = asked_job(), asked_rows()
    model = network(rows)
    # The same program, so that it is compiled before the clock runs.
    compare(model, sweep_of(POINTS, 1), rows)
    cpu = time.process_time()
    began = time.perf_counter()
    job = sweep_of(asked["trainings"], asked["epochs"])
    seconds = best_of(asked["repeats"], lambda: compare(model, job, rows))
    busy = (time.process_time() - cpu) / (time.perf_counter() - began)
    answer(seconds=seconds, busy=busy, peak_bytes=peak_bytes(), devices=len(jax.devices()))


def sweep_of(trainings: int, epochs: int) -> Job:
    """The sweep's points with as many seeds as it takes."""
    return replace(SWEEP, seeds=trainings // POINTS, epochs=epochs)


def peak_bytes() -> int | None:
    """The most memory that this process has had; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    main()
