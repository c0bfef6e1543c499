"""Blocks of trials on a cluster: the same numbers whatever is lost, by two real clusters too."""

import gc
import importlib
import os
import re
import signal
import sys
import threading
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import justright as jr
from clusters import running
from conftest import signs
from justright.cli.main import run
from justright.cluster import blocks, driver, worker
from justright.cluster.blocks import BLOCK_SECONDS, block_size, structure_for
from justright.cluster.connect import connect
from justright.cluster.driver import MOST_LOSSES, Driver
from justright.cluster.own import Own
from justright.engine.interruption import stoppable
from justright.engine.outcome import Outcome
from justright.store.read import read_store

RECIPES = {"plain": jr.Recipe(), "both": jr.Dropout(0.3) + jr.L2(0.01) + jr.EarlyStopping(2)}
HOW = {"test": signs(1, 60), "seeds": 4, "epochs": 3, "batch_size": 16}


def compared(workers=None, recipes=RECIPES, rows=None, model=(4,), **how):
    return jr.compare(model, rows or signs(0, 80), recipes, workers=workers, **HOW | how)


def assert_same(study, other):
    assert len(study.results) == len(other.results)
    for one, two in zip(study.results, other.results, strict=True):
        assert (one.trial, one.outcome, one.test) == (two.trial, two.outcome, two.test)
        assert (one.best_epoch, one.chosen_epoch) == (two.best_epoch, two.chosen_epoch)
        assert one.curves.tobytes() == two.curves.tobytes()
        for path, value in one.values.items():
            np.testing.assert_array_equal(value, two.values[path])


# As it stands in a script: no worker can import it.
SCRIPT = """
import jax
import keras
import justright as jr
from justright.regularizers.places import ActsOnActivations
from justright.regularizers.strength import strength

@jr.technique
class Noise(jr.Technique, ActsOnActivations):
    stddev: float = strength(meaning="a standard deviation")

    def activation(self, x, site, key):
        return x + self.stddev * jax.random.normal(key, x.shape, x.dtype)

class Half(keras.layers.Layer):
    def call(self, x):
        return x * 0.5

def loss(targets, outputs):
    return keras.ops.mean(keras.ops.square(targets - outputs), axis=-1)

layers = [keras.layers.Dense(4, "relu"), Half(), keras.layers.Dense(1, "sigmoid")]
model = keras.Sequential([keras.Input((5,)), *layers])
"""


class Here:
    """A cluster of this process; `fate` says of each block that is sent what becomes of it."""

    def __init__(self, fate=lambda _: "ends", cores=1):
        self.fate, self.cores, self.present = fate, cores, 2
        self.sent, self.under_way = [], {}

    def workers(self):
        return {f"worker {i}": self.cores for i in range(self.present)}

    def greet(self, workers):
        return {name: worker.greet(cores) for name, cores in workers.items()}

    def give(self, workers, name, value):
        worker.take(name, value)
        return set(workers)

    def send(self, name, block):
        assert name not in self.under_way
        self.under_way[name] = block
        self.sent.append(block)

    def ended(self, seconds):
        for name, block in list(self.under_way.items()):
            del self.under_way[name]
            fate = self.fate(len(self.sent))
            if fate == "forgets":
                worker._common.clear()
            yield name, None if fate == "lost" else worker.train(block)

    def stop(self, workers, run):
        worker.stop(run)

    def forget(self):
        self.under_way.clear()


@pytest.fixture
def on(monkeypatch):
    """Let `workers="here"` be a cluster of this process."""

    def let(cluster):
        made = "justright.experiments.setup.driver_of"
        monkeypatch.setattr(made, lambda workers: workers and Driver(cluster))
        return cluster

    return let


@pytest.fixture(scope="module")
def here():
    return compared()


@settings(max_examples=200, deadline=None)
@given(
    left=st.lists(st.integers(0, 60), min_size=1, max_size=5),
    workers=st.integers(1, 9),
    width=st.integers(1, 8),
    seconds=st.floats(1e-4, 1e3),
)
def test_every_trial_is_in_one_block_and_none_is_longer_than_may_be_lost(
    left, workers, width, seconds
):
    waiting = dict(enumerate(left))
    rounds = 0
    while (one := structure_for(waiting, {}, ())) is not None:
        size = block_size(waiting[one], sum(waiting.values()), workers, width, seconds)
        assert 1 <= size <= waiting[one]
        assert size <= width or seconds * (size - width) / width <= BLOCK_SECONDS
        waiting[one] -= size
        rounds += 1
    assert sum(waiting.values()) == 0
    assert rounds <= sum(left)


def test_a_worker_stays_with_what_it_has_compiled_and_all_have_something_to_do():
    assert structure_for({"a": 9, "b": 1}, {}, {"b"}) == "b"
    assert structure_for({"a": 9, "b": 8}, {"a": 1}, ()) == "b"
    assert block_size(10, 10, 10, 1, 1e-3) == 1
    assert block_size(1000, 1000, 2, 4, 1e-3) == 500
    assert blocks.block_size(1000, 1000, 2, 4, 100.0) == 4


FATES = st.lists(st.sampled_from(["ends", "ends", "lost", "forgets"]), max_size=12)


@settings(max_examples=8, deadline=None)
@given(fates=FATES, cores=st.integers(1, 3), small=st.booleans())
def test_no_loss_and_no_block_changes_a_number(fates, cores, small, here):
    cluster = Here(lambda n: dict(enumerate(fates)).get(n, "ends"), cores)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("justright.experiments.setup.driver_of", lambda w: w and Driver(cluster))
        patch.setattr(driver, "MOST_LOSSES", 99)
        if small:
            patch.setattr(blocks, "COMPILE_SECONDS", 0.0)
        assert_same(compared("here"), here)


def test_a_store_is_written_by_the_driver_alone_and_taken_up_here_and_there(on, here, tmp_path):
    on(Here(lambda n: "lost" if n == 2 else "ends"))
    few = {"plain": RECIPES["plain"]}
    compared("here", few, store=tmp_path / "study.jr")
    cluster = on(Here())
    whole = compared("here", store=tmp_path / "study.jr")
    assert_same(whole, here)
    assert sum(len(block.trials) for block in cluster.sent) == 4
    assert "4 of 8 trainings were in study.jr." in whole.notes
    assert len(read_store(tmp_path / "study.jr").table) == 8


def test_a_search_is_the_same(on):
    rows = signs(0, 80)
    how = {"space": ["L2", "Dropout"], "budget": 16, "epochs": 4, "progress": False}
    alone = jr.search((4,), rows, **how)
    on(Here())
    there = jr.search((4,), rows, workers="here", **how)
    assert repr(there.records) == repr(alone.records)


def test_a_trial_that_no_worker_survives_is_named(on):
    cluster = on(Here(lambda _: "lost"))
    with pytest.raises(jr.BackendError, match=r"3 workers were lost.*'(plain|both)'.*memory"):
        compared("here")
    assert len(cluster.sent) <= 2 * MOST_LOSSES


def test_a_workers_error_is_the_studys(on):
    on(Here())
    pictures = {"plain": jr.Recipe(), "crop": jr.RandomCrop(2)}
    with pytest.raises(jr.RecipeError) as here:
        compared(None, pictures)
    with pytest.raises(jr.RecipeError, match=re.escape(str(here.value))):
        compared("here", pictures)


def test_ctrl_c_ends_blocks_and_keeps_what_has_ended(on, here, monkeypatch):
    monkeypatch.setattr(blocks, "COMPILE_SECONDS", 0.0)
    cluster = on(Here())
    with stoppable(warn=False) as interruption:
        cluster.fate = lambda n: setattr(interruption, "asked", n > 3)
        study = compared("here")
    assert "Stopped by Ctrl-C after" in study.notes[-1]
    assert 0 < len(study.results) < 8
    known = {(one.trial.name, one.trial.seed): one for one in here.results}
    for one in study.results:
        assert one.curves.tobytes() == known[one.trial.name, one.trial.seed].curves.tobytes()


@pytest.mark.parametrize("kind", ["dask", "ray"])
def test_two_workers_of_a_real_cluster(kind, tmp_path, monkeypatch):
    """One cluster for all: a worker is killed, a block is stopped, a command is run."""
    pytest.importorskip({"dask": "distributed"}.get(kind, kind))
    rng = np.random.default_rng(0)
    # Wide enough that a program of one device and one of several give other digits.
    rows = rng.normal(size=(300, 64)).astype(np.float32), rng.integers(0, 2, 300)
    how = {"rows": rows, "test": 0.2, "model": (256, 64)}
    with running(kind, cores=3 if kind == "dask" else 1) as address:
        workers = f"{kind}={address}"
        try:
            killed_and_the_same(workers, how, tmp_path / "study.jr", monkeypatch)
            code_of_a_script_travels(workers)
            stopped(workers, monkeypatch)
            if kind == "dask":
                monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", address)
                on_the_page(tmp_path, monkeypatch)
        finally:
            gc.collect()
            if kind == "ray":  # It ends the process that is connected when its cluster ends.
                importlib.import_module("ray").shutdown()


def test_what_is_registered_elsewhere_does_not_travel():
    @keras.saving.register_keras_serializable("elsewhere")
    def unused(x):
        return x

    @keras.saving.register_keras_serializable("elsewhere")
    def bent(x):
        return keras.ops.tanh(x)

    layer = keras.layers.Dense(2, activation=bent)
    model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1)])
    try:
        assert [name for name, _ in Own.of(model, []).objects] == ["elsewhere>bent"]
    finally:
        for name in ("elsewhere>bent", "elsewhere>unused"):
            keras.saving.get_custom_objects().pop(name)


def killed_and_the_same(workers, how, store, monkeypatch):
    kind = type(connect(workers))
    pids, sent = {}, []
    greet, send = kind.greet, kind.send

    def greeted(self, workers):
        found = greet(self, workers)
        pids.update({name: one.pid for name, one in found.items()})
        return found

    def sent_and_killed(self, name, block):
        send(self, name, block)
        sent.append((name, len(block.trials)))
        if len(sent) == 3:
            os.kill(pids[name], signal.SIGKILL)

    with monkeypatch.context() as patch:
        patch.setattr(kind, "greet", greeted)
        patch.setattr(kind, "send", sent_and_killed)
        patch.setattr(blocks, "COMPILE_SECONDS", 0.0)
        there = compared(workers, store=store, **how)
    assert_same(there, compared(**how))
    assert len({name for name, _ in sent}) >= 2
    # Trained again: the block of the worker that was killed, and nothing else.
    assert sum(count for _, count in sent) == 8 + sent[2][1]
    assert len(read_store(store).table) == 8


def code_of_a_script_travels(workers):
    names = {"__name__": "__main__"}
    exec(SCRIPT, names)
    how = {"recipes": {"noise": names["Noise"](0.1)}, "model": names["model"]}
    how |= {"loss": names["loss"], "seeds": 2}
    assert_same(compared(workers, **how), compared(**how))


def stopped(workers, monkeypatch):
    kind = type(connect(workers))
    send = kind.send
    long = {"rows": signs(0, 80), "epochs": 10**6, "seeds": 2}
    with stoppable(warn=False) as interruption, monkeypatch.context() as patch:

        def sent(self, name, block):
            send(self, name, block)
            threading.Timer(2, lambda: setattr(interruption, "asked", True)).start()

        patch.setattr(kind, "send", sent)
        study = compared(workers, {"plain": jr.Recipe()}, **long)
    assert {one.outcome for one in study.results} == {Outcome.INTERRUPTED}
    assert 0 < study.results[0].epochs_run < 10**6


def on_the_page(folder, monkeypatch):
    """The page's Python, and its command."""
    monkeypatch.chdir(folder)
    page = (Path(__file__).parents[1] / "docs" / "cluster.md").read_text(encoding="utf-8")
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(code, "cluster.md", "exec"), {"__name__": "__main__"})
    command = ["compare", "--seeds", "2", "--epochs", "2", "--workers", "dask", "--quiet"]
    assert run(command) == 0


def test_another_version_is_refused_and_no_worker_is_told(on, monkeypatch):
    cluster = on(Here())
    greeting = worker.greet(1)
    other = greeting._replace(versions=greeting.versions._replace(jax="0.0.1"), host="far")
    cluster.greet = lambda workers: dict.fromkeys(workers, other)
    with pytest.raises(jr.BackendError, match=r"on far has jax 0\.0\.1; here it is jax"):
        compared("here")
    monkeypatch.setattr(driver, "PATIENCE", 0.0)
    cluster.present = 0
    with pytest.raises(jr.BackendError, match="no free worker"):
        compared("here")


def test_a_run_tells_what_becomes_of_its_blocks(on, caplog):
    on(Here(lambda n: "lost" if n == 1 else "ends")).present = 1
    with caplog.at_level("INFO", "justright"):
        compared("here")
    told = [(one.event, one.facts) for one in caplog.records if hasattr(one, "event")]
    events = [event for event, _ in told]
    assert events[:4] == ["began", "worker", "block", "lost"]
    (again,) = [facts["again"] for event, facts in told if event == "lost"]
    assert sum(facts["trainings"] for event, facts in told if event == "block") == 8 + again
    assert events.count("ended") >= 8


def test_rows_on_disk_and_derivatives_train_on_one_machine(on, tmp_path):
    on(Here())
    np.save(tmp_path / "X.npy", np.zeros((40, 3), np.float32))
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    with pytest.raises(jr.DataError, match="wants rows in memory"):
        compared("here", rows=(X, np.arange(40) % 2), test=None)
    with pytest.raises(jr.DataError, match="Leave workers out"):
        jr.tune_strengths((4,), signs(0, 80), jr.L2(0.1), workers="here")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("spark", "Did you mean|Known: dask, ray"),
        ("dsk", r"Did you mean dask\?"),
        ("", "Known: dask"),
    ],
)
def test_an_unknown_cluster_is_answered_by_those_that_there_are(asked, said):
    with pytest.raises(jr.DataError, match=said):
        connect(asked)


@pytest.mark.parametrize(("kind", "module"), [("dask", "distributed"), ("ray", "ray")])
def test_a_missing_library_is_named_with_its_extra(kind, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(jr.DataError, match=rf"pip install 'justright\[{kind}\]'"):
        connect(kind)


def test_no_cluster_is_told_how_to_start_one(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("justright.cluster.with_dask._SECONDS", 0.5)
    with pytest.raises(jr.DataError, match=r"knows none\. Start one by `dask scheduler`"):
        connect("dask")
    with pytest.raises(jr.DataError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        connect("dask=tcp://127.0.0.1:9")
