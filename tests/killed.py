"""A search with a store, in a process that is killed: at a moment, or at a statement of SQL.

It writes what it found, and into a log a line a segment: how many epochs its lanes trained.
"""

import justright as jr  # noqa: I001  First: it chooses the backend before Keras is imported.

import os
import signal
import sqlite3
import threading
from pathlib import Path

import numpy as np
import optuna  # noqa: F401  What is imported here is imported once for all processes.
import pandas  # noqa: F401
import sklearn.model_selection  # noqa: F401

from justright.engine import scheduler
from justright.engine.program import SegmentProgram
from justright.experiments import search  # noqa: F401


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def rows(seed=0, count=60):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 5)).astype(np.float32)
    return X, (X.sum(axis=1) + rng.normal(size=count) > 0).astype(int)


def searched(store):
    return jr.search(
        (6, 4),
        rows(),
        space=["L2", "Dropout", "EarlyStopping"],
        budget=24,
        seeds=1,
        test=rows(1),
        epochs=160,
        batch_size=10,
        store=store,
        progress=False,
    )


def logged(log):
    """Write down how many epochs each segment trained, before its border is written."""
    run = SegmentProgram.run

    def run_and_log(self, *given):
        lanes, figures = run(self, *given)
        epochs = int((~np.isnan(np.asarray(figures)[..., 4])).sum())
        with log.open("a") as file:
            file.write(f"{os.getpid()} {epochs}\n")
        return lanes, figures

    SegmentProgram.run = run_and_log


def die_at(statement):
    """Die when so many statements of SQL have begun."""
    connect, begun = sqlite3.connect, [0]

    def count(_):
        begun[0] += 1
        if begun[0] == statement:
            die()

    def counted(*given, **options):
        made = connect(*given, **options)
        made.set_trace_callback(count)
        return made

    sqlite3.connect = counted


def die_after(seconds):
    """Die so long after the store was opened: imports take seconds, and hold nothing."""
    connect = sqlite3.connect

    def begin(*given, **options):
        sqlite3.connect = connect
        timer = threading.Timer(seconds, die)
        timer.daemon = True
        timer.start()
        return connect(*given, **options)

    sqlite3.connect = begin


def main(store, log, end=None):
    """Search; end as (die_at, statement) or (die_after, seconds) says."""
    scheduler.LOOK_EVERY = 0.02  # Many borders.
    logged(Path(log))
    if end is not None:
        how, amount = end
        how(amount)
    found = searched(store)
    found.history.to_json(f"{store}.found", orient="records", double_precision=15)
