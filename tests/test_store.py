"""A study on disk: taken up again to the bit, refused where it is another's, mended."""

import json
import multiprocessing
import os
import re
import resource
import shutil
import sqlite3
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import jax
import keras
import numpy as np
import pytest

import justright as jr
from conftest import dense_net, signs
from justright.engine import scheduler
from justright.engine.program import SegmentProgram
from justright.engine.streamed import StreamedProgram
from justright.engine.trial import CURVES
from justright.store import database, schema
from justright.store.mend import mend_store
from justright.store.packed import packed, unpacked
from justright.store.store import Store

ROWS, OTHERS = signs(0, 80), signs(1, 60)
RECIPES = {"plain": jr.Recipe(), "both": jr.Dropout(0.3) + jr.L2(0.01) + jr.EarlyStopping(5)}
HOW = {"test": OTHERS, "validation": 0.25, "seeds": 3, "epochs": 30, "batch_size": 8}


NOBODY = 65534


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


@pytest.fixture(autouse=True)
def many_borders(monkeypatch):
    monkeypatch.setattr(scheduler, "LOOK_EVERY", 1e-4)


def compared(store=None, rows=ROWS, recipes=RECIPES, **how):
    return jr.compare((4,), rows, recipes, store=store, **HOW | how)


@pytest.fixture(scope="module")
def whole():
    return compared()


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A store with all of it."""
    path = tmp_path_factory.mktemp("kept") / "study.jr"
    compared(path)
    return path


@pytest.fixture
def copy(kept, tmp_path):
    return Path(shutil.copy(kept, tmp_path / "study.jr"))


def assert_same(study, other):
    for one, two in zip(study.results, other.results, strict=True):
        assert (one.trial, one.outcome) == (two.trial, two.outcome)
        np.testing.assert_array_equal(one.test, two.test)
        assert (one.best_epoch, one.chosen_epoch) == (two.best_epoch, two.chosen_epoch)
        assert one.curves.tobytes() == two.curves.tobytes()
        for a, b in zip(one.members, two.members, strict=True):
            assert a.epoch == b.epoch
            assert list(a.values) == list(b.values)
            for path, value in a.values.items():
                assert value.dtype == b.values[path].dtype
                np.testing.assert_array_equal(value, b.values[path])


def killed_at(monkeypatch, border, path, act):
    """Do something and die when so many borders have been written."""
    write, count = Store.write, [0]

    def write_and_die(self, *given):
        write(self, *given)
        count[0] += 1
        if count[0] == border:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", write_and_die)
        with pytest.raises(Killed):
            act()
    assert path.exists()


def epochs_trained(monkeypatch, kind=SegmentProgram):
    """A list that grows by the epochs that lanes are trained."""
    trained, run = [], kind.run

    def run_and_count(self, *given):
        lanes, figures = run(self, *given)
        trained.append(int((~np.isnan(np.asarray(figures)[..., 4])).sum()))
        return lanes, figures

    monkeypatch.setattr(kind, "run", run_and_count)
    return trained


# ------------------------------------------------------------------ taken up again


def test_a_store_changes_no_number_and_is_not_trained_again(kept, whole, monkeypatch, copy):
    trained = epochs_trained(monkeypatch)
    study = compared(copy)
    assert not trained
    assert_same(study, whole)
    assert study.notes[-1] == "6 of 6 trainings were in study.jr."
    study.model("both")
    study.summary()


@pytest.mark.parametrize("border", [1, 4])
def test_what_was_under_way_goes_on_where_it_was(whole, monkeypatch, tmp_path, border):
    path = tmp_path / "study.jr"
    trained = epochs_trained(monkeypatch)
    killed_at(monkeypatch, border, path, lambda: compared(path))
    running = jr.read_store(path).table
    assert (running["outcome"] == "running").any()
    assert_same(compared(path), whole)
    # To the border everything was written, so no epoch is trained twice.
    assert sum(trained) == sum(result.epochs_run for result in whole.results)
    assert (jr.read_store(path).table["outcome"] != "running").all()


def test_what_techniques_keep_is_kept_too(monkeypatch, tmp_path):
    recipes = {
        "kept": jr.BatchNorm() + jr.EMA(0.9) + jr.SnapshotEnsemble(2) + jr.WarmRestarts(5, 1),
        "learned": jr.ConcreteDropout(1e-4, 1e-2) + jr.Lookahead(3, 0.5),
    }
    path, how = tmp_path / "study.jr", {"recipes": recipes, "seeds": 1, "epochs": 20}
    whole = compared(**how)
    killed_at(monkeypatch, 2, path, lambda: compared(path, **how))
    assert_same(compared(path, **how), whole)
    assert len(compared(path, **how).results[0].members) == 2


def test_layers_that_keras_numbers_anew_are_found_again(monkeypatch, tmp_path):
    def model(before):
        for _ in range(before):
            keras.layers.Dense(1)
        keras.utils.set_random_seed(0)
        layers = [keras.layers.Dense(n, activation="relu") for n in (7, 6, 5)]
        return keras.Sequential([keras.Input((5,)), *layers, keras.layers.Dense(1, "sigmoid")])

    how = {"validation": 0.25, "seeds": 2, "epochs": 20, "progress": False}
    recipes = {"norm": jr.BatchNorm(), "both": jr.EMA(0.5) + jr.Dropout(0.2)}
    whole = jr.compare(model(0), ROWS, recipes, **how)
    path = tmp_path / "study.jr"
    keras.backend.clear_session()
    killed_at(
        monkeypatch, 3, path, lambda: jr.compare(model(2), ROWS, recipes, store=path, **how)
    )  # fmt: skip
    study = jr.compare(model(9), ROWS, recipes, store=path, **how)
    again = jr.compare(model(3), ROWS, recipes, store=path, **how)
    for one, *others in zip(whole.results, study.results, again.results, strict=True):
        for other in others:
            assert one.curves.tobytes() == other.curves.tobytes()
            for a, b in zip(one.values.values(), other.values.values(), strict=True):
                np.testing.assert_array_equal(a, b)
    again.model("norm")


def test_rows_on_disk_go_on_with_their_pass(monkeypatch, tmp_path):
    X, y = ROWS
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    rows = tuple(np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in "Xy")
    how = {"rows": rows, "epochs": 4, "seeds": 9, "lanes": 2}
    passes, close = [], StreamedProgram.close
    monkeypatch.setattr(
        StreamedProgram, "close", lambda self, *given: passes.append(1) or close(self, *given)
    )
    whole = compared(**how)
    needed, path = len(passes), tmp_path / "study.jr"
    passes.clear()
    killed_at(monkeypatch, 3, path, lambda: compared(path, **how))
    assert_same(compared(path, **how), whole)
    assert len(passes) == needed


def test_a_study_may_grow(kept, whole, copy, monkeypatch):
    trained = epochs_trained(monkeypatch)
    wider = compared(copy, recipes=RECIPES | {"more": jr.L2(0.1)}, seeds=2)
    assert sum(trained) == sum(r.epochs_run for r in wider.results if r.trial.name == "more")
    assert wider.recipes == ("plain", "both", "more")
    assert len(jr.read_store(copy).table) == 6 + 2


def test_sweep_path_and_contributions_are_kept(monkeypatch, tmp_path):
    how = {"validation": 0.25, "epochs": 6, "batch_size": 8}
    both = jr.Dropout(0.2) + jr.L2(0.1)
    calls = {
        "sweep": lambda **s: jr.sweep((4,), ROWS, {"L2": [0, 0.1]}, seeds=2, **how, **s).study,
        "path": lambda **s: jr.path((4,), ROWS, "L1", points=[0.01, 0.1], seeds=2, **how, **s)
        .sweep.study,
        "contributions": lambda **s: jr.contributions((4,), ROWS, both, seeds=2, **how, **s).study,
    }  # fmt: skip
    for name, call in calls.items():
        path = tmp_path / f"{name}.jr"
        whole = call()
        killed_at(monkeypatch, 2, path, lambda call=call, path=path: call(store=path))
        assert_same(call(store=path), whole)
        trained = epochs_trained(monkeypatch)
        assert_same(call(store=path), whole)
        assert not trained
    with pytest.raises(jr.DataError, match="keeps no store"):
        jr.tune_strengths((4,), ROWS, jr.L2(0.1), store=tmp_path / "tune.jr", **how)


def test_path_and_search_say_what_their_store_had(tmp_path):
    how = {"validation": 0.25, "epochs": 4, "batch_size": 8, "seeds": 1, "progress": False}

    def notes_of_path():
        found = jr.path((4,), ROWS, "L1", points=2, store=tmp_path / "path.jr", **how)
        return " ".join(found.study.notes)

    def notes_of_search():
        space = {"Dropout": None}
        found = jr.search((4,), ROWS, space=space, budget=10, store=tmp_path / "s.jr", **how)
        return " ".join(found.notes)

    for call, name in ((notes_of_path, "path.jr"), (notes_of_search, "s.jr")):
        assert "trainings were in" not in call()
        kept = len(jr.read_store(tmp_path / name).table)
        said = call()
        assert f"{kept} of {kept} trainings were in {name}." in said
        assert ("to find where it ends" in said) == (name == "path.jr")
    given = jr.path((4,), ROWS, "L1", points=[0.1, 1.0], **how)
    assert "to find where it ends" not in " ".join(given.study.notes)


def test_a_failed_training_is_kept_with_its_epoch(tmp_path):
    how = {"recipes": {"bad": jr.L2(1e38), "good": jr.Recipe()}, "seeds": 1, "epochs": 5}
    first, again = (compared(tmp_path / "study.jr", **how) for _ in range(2))
    assert [r.outcome.name for r in again.results] == ["FAILED", "FINISHED"]
    for one, two in zip(first.results, again.results, strict=True):
        np.testing.assert_array_equal(one.curves, two.curves)
    failed = jr.read_store(tmp_path / "study.jr").table.iloc[0]
    assert (failed["outcome"], failed["epochs_run"]) == ("failed", first.results[0].epochs_run)


# ------------------------------------------------------------------ what is in it


def test_a_reader_sees_what_the_study_has(kept, whole):
    found = jr.read_store(kept)
    assert len(found.table) == len(whole.results)
    result = next(r for r in whole.results if r.trial.name == "both" and r.trial.seed == 1)
    row = found.table[(found.table["recipe"] == "both") & (found.table["seed"] == 1)].iloc[0]
    assert row["outcome"] == result.outcome.name.lower()
    assert (row["test_loss"], row["test_metric"]) == result.test
    assert row["techniques"] == repr(RECIPES["both"])
    curves = found.curves.query("recipe == 'both' and seed == 1")
    np.testing.assert_array_equal(curves[list(CURVES)].to_numpy(np.float32), result.curves)
    (weights,) = found.weights(row["id"])
    for path, value in result.values.items():
        np.testing.assert_array_equal(weights[path], value)
    assert json.loads(row["versions"])["jax"] == jax.__version__
    assert json.loads(row["versions"])["keras"] == keras.__version__
    assert found.settings["batch_size"] == "8"
    with pytest.raises(jr.DataError, match="no weights of a training 99"):
        found.weights(99)


def test_the_weights_are_safetensors_that_others_read(kept, whole):
    from safetensors.numpy import load

    with sqlite3.connect(kept) as connection:
        ((data,),) = connection.execute("SELECT safetensors FROM weights LIMIT 1").fetchall()
    arrays = load(data)
    assert arrays.keys() == whole.results[0].values.keys()


def test_packing_keeps_every_bit_order_and_stride():
    wide = np.arange(12, dtype=np.float32).reshape(3, 4)
    arrays = {
        "z": wide.T,
        "a": np.float32(-0.0) * np.ones(()),
        "flags": np.array([True, False]),
        "key": np.array([2**32 - 1], np.uint32),
        "odd": np.array([np.nan, -np.inf, 1e-45], np.float32),
        "none": np.zeros((0, 3), np.int32),
    }
    again = unpacked(packed(arrays))
    assert list(again) == list(arrays)
    for name, value in arrays.items():
        assert again[name].dtype == value.dtype
        assert again[name].shape == value.shape
        assert again[name].tobytes() == value.tobytes()
    with pytest.raises(jr.StoreError, match="cannot be read"):
        unpacked(packed(arrays)[:40])


def test_it_is_readable_while_it_is_written_and_one_file_afterwards(tmp_path, monkeypatch):
    path, seen, write = tmp_path / "study.jr", [], Store.write

    def write_and_look(self, *given):
        write(self, *given)
        seen.append(jr.read_store(path).table["epochs_run"].sum())

    monkeypatch.setattr(Store, "write", write_and_look)
    compared(path, epochs=10, seeds=1)
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert [one.name for one in tmp_path.iterdir()] == ["study.jr"]


# ------------------------------------------------------------------ whose it is


def test_another_study_is_refused_with_what_differs(copy):
    before = jr.read_store(copy)
    rows, settings = before.table, before.settings
    refusals = [
        ("study of another task: its rows", {"rows": OTHERS}),
        ("study of another task", {"splits": 2}),
        ("batch_size is 8 there and 16 here", {"batch_size": 16}),
        ("epochs is 30 there and 31 here", {"epochs": 31}),
        ("shuffle is true there and false here", {"shuffle": False}),
        ("optimizer differs", {"optimizer": "sgd"}),
        ("loss ", {"loss": "mean_squared_error"}),
    ]
    for words, how in refusals:
        with pytest.raises(jr.StoreError, match=words) as caught:
            compared(copy, **how)
        assert "name another file" in str(caught.value)
    with pytest.raises(jr.StoreError, match="network differs"):
        jr.compare((5,), ROWS, RECIPES, store=copy, **HOW)
    with pytest.raises(jr.StoreError, match="network"):
        jr.compare(dense_net((4,)), ROWS, RECIPES, store=copy, initial_weights="model", **HOW)
    assert jr.read_store(copy).table.equals(rows)
    assert jr.read_store(copy).settings == settings


def test_a_search_is_refused_where_its_settings_differ(tmp_path):
    how = {"validation": 0.25, "epochs": 3, "seeds": 0, "budget": 4, "progress": False}
    path = tmp_path / "search.jr"
    first = jr.search((4,), ROWS, space=["L2"], store=path, **how)
    more = jr.search((4,), ROWS, space=["L2"], store=path, **how | {"budget": 6})
    np.testing.assert_array_equal(more.history["val_loss"][:4], first.history["val_loss"])
    assert len(jr.read_store(path).table) == 6
    for other in ({"space": ["Dropout"]}, {"seed": 1}, {"prune": False}, {"sampler": "random"}):
        with pytest.raises(jr.StoreError, match=next(iter(other))):
            jr.search((4,), ROWS, **{"space": ["L2"], "store": path} | how | other)


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"SQLite format 3\0" + b"x" * 100])
def test_a_file_that_is_no_store_is_left_alone(tmp_path, content):
    path = tmp_path / "heart.csv"
    path.write_bytes(content)
    for act in (compared, jr.read_store, mend_store):
        with pytest.raises(jr.StoreError, match="is no store of justright"):
            act(path)
    assert path.read_bytes() == content


def test_another_database_is_left_alone(tmp_path):
    path = tmp_path / "own.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA application_id = 7")
        connection.execute("CREATE TABLE mine (x)")
    with pytest.raises(jr.StoreError, match="no store of justright"):
        compared(path)


def hold(path, held, done):
    with Store(path):
        held.set()
        done.wait(60)


def test_a_store_that_another_process_writes_is_said_to_be(copy):
    processes = multiprocessing.get_context("spawn")
    held, done = processes.Event(), processes.Event()
    other = processes.Process(target=hold, args=(copy, held, done))
    other.start()
    assert held.wait(60)
    with pytest.raises(jr.StoreError, match="held by another run"):
        compared(copy)
    assert len(jr.read_store(copy).table) == 6
    other.kill()  # What it held, a process that is killed lets go of.
    other.join()
    compared(copy)


def test_a_place_that_cannot_be_written_is_said_before_anything_trains(tmp_path, monkeypatch):
    trained = epochs_trained(monkeypatch)
    places = [(tmp_path, "is a folder"), (tmp_path / "no" / "study.jr", "one that does not exist")]
    if Path("/proc").is_dir():
        places.append((Path("/proc/study.jr"), "cannot be written"))
    if os.geteuid():
        tmp_path.chmod(0o500)
        places.append((tmp_path / "study.jr", "cannot be written"))
    for path, words in places:
        with pytest.raises(jr.StoreError, match=words):
            compared(path)
    tmp_path.chmod(0o700)
    assert not trained


@contextmanager
def only_readable(*files):
    """A folder with copies that may be read and not be written, also by tests that root runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in files:
            shutil.copyfile(file, folder / file.name)
            (folder / file.name).chmod(0o444)
        folder.chmod(0o555)
        user = os.geteuid()
        if not user:
            os.seteuid(NOBODY)
        try:
            yield folder / files[0].name
        finally:
            os.seteuid(user)
            folder.chmod(0o755)


def test_what_may_only_be_read_is_read_and_not_gone_on_with(kept, whole, monkeypatch):
    trained = epochs_trained(monkeypatch)
    expected = jr.read_store(kept).table
    with only_readable(kept) as path:
        assert jr.read_store(path).table.equals(expected)
        for act in (compared, mend_store):
            with pytest.raises(jr.StoreError, match="folder that you may write to"):
                act(path)
        with pytest.raises(jr.StoreError, match="folder that you may write to"):
            compared(path.with_name("new.jr"))
        assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert not trained


def test_what_a_killed_run_left_is_not_read_without_its_log(monkeypatch, tmp_path):
    path, copies, write = tmp_path / "study.jr", [], Store.write

    def write_and_copy(self, *given):
        write(self, *given)
        if len(copies) < 2:
            folder = tmp_path / str(len(copies))
            folder.mkdir()
            copies.append([shutil.copy(f"{path}{end}", folder) for end in ("", "-wal")])

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", write_and_copy)
        compared(path, seeds=1, epochs=5)
    with only_readable(*map(Path, copies[-1])) as left:
        outcome = outcome_of(lambda: jr.read_store(left).table, "lies a log")
    assert outcome is None or len(outcome)
    assert len(jr.read_store(copies[-1][0]).table)


# ------------------------------------------------------------------ when it cannot be written


def test_a_full_disk_keeps_what_it_held(tmp_path, whole, monkeypatch):
    path = tmp_path / "study.jr"
    original = database.migrate

    def small(path, connection):
        original(path, connection)
        connection.execute("PRAGMA max_page_count = 11")

    with monkeypatch.context() as patch:
        patch.setattr(database, "migrate", small)
        with pytest.raises(jr.StoreError, match=r"is full.*Make room on the disk"):
            compared(path)
    found = jr.read_store(path).table
    assert 0 < found["epochs_run"].sum() < sum(r.epochs_run for r in whole.results)
    assert_same(compared(path), whole)


def test_a_file_that_may_not_grow_keeps_what_it_held(tmp_path, whole, monkeypatch):
    """As on a disk with a quota."""
    path, write = tmp_path / "study.jr", Store.write
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def write_within(self, *given):
        write(self, *given)
        size = Path(f"{path}-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 9000, hard))

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", write_within)
        try:
            with pytest.raises(jr.StoreError, match=r"cannot be written.*Make room"):
                compared(path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(jr.read_store(path).table) > 0
    assert_same(compared(path), whole)


# ------------------------------------------------------------------ when it is damaged


def pages_of(path):
    with sqlite3.connect(path) as connection:
        asked = ("PRAGMA page_size", "PRAGMA page_count")
        return [connection.execute(one).fetchone()[0] for one in asked]


def outcome_of(act, *words):
    """What it gives, or None where it raises a StoreError with some of these words."""
    try:
        return act()
    except jr.StoreError as error:
        said = str(error)
    assert any(one in said for one in words), said
    return None


@pytest.mark.parametrize("share", [0.9, 0.5, 0.2])
def test_a_file_that_ends_early_is_said_and_mended(copy, whole, share):
    data = copy.read_bytes()
    copy.write_bytes(data[: int(len(data) * share)])
    for act in (compared, jr.read_store):
        with pytest.raises(jr.StoreError, match=r"is damaged: .*justright store study.jr --mend"):
            act(copy)
    cut = copy.read_bytes()
    mended = outcome_of(lambda: mend_store(copy), "nothing in it can be read")
    if mended is None:
        assert share < 0.8
        assert copy.read_bytes() == cut
        return
    assert mended.damaged.read_bytes()[: len(cut)] == cut
    assert len(jr.read_store(copy).table) == mended.kept
    assert mended.kept + mended.lost <= 6
    assert mended.kept >= (1 if share > 0.8 else 0)
    assert_same(compared(copy), whole)


def test_wherever_a_byte_has_changed_no_wrong_number_comes_out(kept, whole, tmp_path):
    """A page of noise, in each place in turn: it is found, or it was in what nobody reads."""
    data, (size, count) = kept.read_bytes(), pages_of(kept)
    noise, saved = np.random.default_rng(0), []
    for page in range(1, count, max(1, count // 12)):
        path = tmp_path / f"{page}.jr"
        at = page * size + int(noise.integers(size - 64))
        path.write_bytes(data[:at] + noise.bytes(64) + data[at + 64 :])
        study = outcome_of(partial(compared, path), "is damaged", "is no store")
        if study is None:
            mended = outcome_of(partial(mend_store, path), "nothing in it", "is no store")
            if mended is None:
                continue
            saved.append(mended.kept)
            study = compared(path)
        assert_same(study, whole)
    assert max(saved) == 5


def test_a_number_that_was_changed_by_hand_is_not_taken_for_trained(copy, whole):
    with sqlite3.connect(copy) as connection:
        connection.execute("UPDATE curves SET val_loss = 0.1 WHERE trial = 2 AND epoch = 3")
    with pytest.raises(jr.StoreError, match="training 2 is not as it was written"):
        compared(copy)
    mended = mend_store(copy)
    assert (mended.kept, mended.lost) == (5, 1)
    assert "5 trainings saved; 1 could not be read" in str(mended)
    assert_same(compared(copy), whole)


def test_a_log_that_ends_early_goes_back_to_a_border(monkeypatch, tmp_path, whole):
    path, copies, write = tmp_path / "study.jr", [], Store.write

    def write_and_copy(self, *given):
        write(self, *given)
        if len(copies) < 3:
            folder = tmp_path / str(len(copies))
            folder.mkdir()
            for end in ("", "-wal"):
                shutil.copy(f"{path}{end}", folder / f"study.jr{end}")
            copies.append(folder / "study.jr")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", write_and_copy)
        compared(path)
    log = Path(f"{copies[-1]}-wal")
    os.truncate(log, log.stat().st_size - 5000)
    assert_same(compared(copies[-1]), whole)


# ------------------------------------------------------------------ versions


def test_a_newer_version_opens_it(copy, whole, monkeypatch):
    newer = (*schema.MIGRATIONS, ("ALTER TABLE lanes ADD COLUMN more TEXT",))
    before = jr.read_store(copy).table
    with monkeypatch.context() as patch:
        patch.setattr(database, "MIGRATIONS", newer)
        assert_same(compared(copy), whole)
        with sqlite3.connect(copy) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (2,)
            assert "more" in [row[1] for row in connection.execute("PRAGMA table_info(lanes)")]
        assert jr.read_store(copy).table.equals(before)
    for act in (compared, jr.read_store):
        with pytest.raises(jr.StoreError, match="written by a newer justright"):
            act(copy)


def test_trainings_of_other_versions_are_said_to_be(copy, whole, monkeypatch):
    from justright.engine.versions import Versions
    from justright.experiments import keep

    monkeypatch.setattr(keep, "present", lambda: Versions(jax="9.9.9"))
    study = compared(copy)
    assert_same(study, whole)
    assert f"6 of them by justright {jr.__version__}, JAX {jax.__version__}" in study.notes[-1]


# ------------------------------------------------------------------ what is written of it


def test_a_store_says_of_itself_what_it_holds(kept, tmp_path):
    found = jr.read_store(kept)
    rows = found.table
    assert repr(found) == f"<Store {str(kept)!r}: {len(rows)} trainings, 2 recipes>"
    copied = tmp_path / "copied.jr"
    shutil.copy(kept, copied)
    broken = jr.read_store(copied)
    copied.write_bytes(b"no store")
    assert "cannot be read" in repr(broken)


def test_the_page_has_the_tables_as_they_are(kept):
    page = (Path(__file__).parents[1] / "docs" / "store.md").read_text(encoding="utf-8")
    assert schema.in_markdown() in page
    with sqlite3.connect(kept) as connection:
        for table, columns in schema.TABLES.items():
            found = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            assert found == list(columns)
        assert connection.execute("PRAGMA application_id").fetchone() == (0x4A525354,)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)
        for query in re.findall(r"^SELECT .*;$", page, re.MULTILINE):
            assert connection.execute(query).fetchall()
