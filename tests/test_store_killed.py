"""A search is killed at random moments, and what it finds in the end is what it finds undisturbed.

`JUSTRIGHT_KILLS=50` kills as often as issue 8 asks for; a handful is killed otherwise.
"""

import multiprocessing
import os
import random
import signal
import sqlite3
import sys
from collections import defaultdict

import pytest

import killed

KILLS = int(os.environ.get("JUSTRIGHT_KILLS", "4"))
# A server that has imported everything and started nothing: each process costs no imports.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["killed"])


def run(store, log, end=None):
    """The exit code of a search."""
    process = PROCESSES.Process(target=killed.main, args=(str(store), str(log), end))
    process.start()
    process.join(900)
    return process.exitcode


def content(store):
    """All rows of a store but their numbers and times."""
    with sqlite3.connect(store) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(trials)")]
        told = ", ".join(f"trials.{name}" for name in columns if name not in ("id", "written"))
        curves = "train_loss, val_loss, train_metric, val_metric, penalty"
        asked = (
            f"SELECT {told} FROM trials ORDER BY key",
            f"SELECT key, epoch, {curves} FROM curves JOIN trials ON trial = id "
            "ORDER BY key, epoch",
            "SELECT key, member, epoch, safetensors FROM weights JOIN trials ON trial = id "
            "ORDER BY key, member",
            "SELECT * FROM lanes",
            "SELECT * FROM settings ORDER BY name",
        )
        return [connection.execute(one).fetchall() for one in asked]


def check_epochs(log, store):
    """No process repeats more than the last segment of the one before it."""
    segments = defaultdict(list)
    for line in log.read_text().splitlines():
        process, epochs = line.split()
        segments[process].append(int(epochs))
    with sqlite3.connect(store) as connection:
        (needed,) = connection.execute("SELECT sum(epochs_run) FROM trials").fetchone()
    trained = sum(sum(one) for one in segments.values())
    lost_at_most = sum(one[-1] for one in list(segments.values())[:-1])
    assert needed <= trained <= needed + lost_at_most


@pytest.fixture(scope="module", autouse=True)
def _found_by_the_server():
    """The server looks for modules where Python looks, and not where this process does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The store of a search that nothing disturbs, what it found, and its statements of SQL."""
    folder = tmp_path_factory.mktemp("whole")
    assert run(folder / "whole.jr", folder / "log") == 0
    check_epochs(folder / "log", folder / "whole.jr")
    return folder / "whole.jr"


def test_a_search_that_is_killed_goes_on_as_if_nothing_had_been(whole, tmp_path):
    draws, kills, stories = random.Random(0), 0, 0
    while kills < KILLS:
        stories += 1
        store, log = tmp_path / f"{stories}.jr", tmp_path / f"{stories}.log"
        log.touch()
        while True:
            at_moment = draws.random() < 0.5
            end = (
                (killed.die_after, draws.uniform(0, 3))
                if at_moment
                else (killed.die_at, draws.randrange(20, 400))
            )
            ended = run(store, log, end if kills < KILLS else None)
            if ended == 0:
                break
            assert ended == -signal.SIGKILL
            kills += 1
            print(f"kill {kills}, search {stories}: {end[0].__name__} {end[1]:.4g}")
        assert content(store) == content(whole)
        assert store.with_name(store.name + ".found").read_bytes() == (
            whole.with_name(whole.name + ".found").read_bytes()
        )
        check_epochs(log, store)
