"""Ctrl-C, as a real signal: what has been trained is shown, and the exit code says so."""

import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

import justright as jr
from justright.engine import interruption
from justright.engine.interruption import CutShort, stop_asked, stoppable
from justright.engine.progress import Report

SETTINGS = {"validation": 0.25, "epochs": 400, "batch_size": 8}
TYPED = """
import os, signal, sys
from justright.engine.progress import Report
ended, tell = Report.ended, Report.tell
def press(self):
    for _ in range({times}):
        os.kill(os.getpid(), signal.SIGINT)
def ended_and_press(self, result):
    ended(self, result)
    if self.count == {after}:
        press(self)
def tell_and_press(self, *given):
    tell(self, *given)
    if {after} == 0 and not hasattr(Report, "done"):
        Report.done = True
        press(self)
Report.ended, Report.tell = ended_and_press, tell_and_press
from justright.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


def pressed(folder, after, *arguments, times=1):
    """The command line, with Ctrl-C after so many trainings, or at the first look if 0."""
    ended = subprocess.run(
        [sys.executable, "-c", TYPED.format(after=after, times=times), *arguments],
        cwd=folder,
        env=os.environ | {"COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout, " ".join(ended.stderr.split())


def press_after(monkeypatch, trainings):
    """Ctrl-C in this process, once so many trainings have ended, or at the first look if 0."""
    ended, tell, done = Report.ended, Report.tell, []

    def press():
        if not done:
            done.append(True)
            os.kill(os.getpid(), signal.SIGINT)

    def and_press(self, result):
        ended(self, result)
        if self.count == trainings:
            press()

    def look(self, *given):
        tell(self, *given)
        if trainings == 0:
            press()

    monkeypatch.setattr(Report, "ended", and_press)
    monkeypatch.setattr(Report, "tell", look)


@pytest.fixture(autouse=True)
def python_handles_ctrl_c():
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not stop_asked()
    signal.signal(signal.SIGINT, before)


# ------------------------------------------------------------------ on the command line


def test_compare_shows_what_has_ended_and_exits_with_130(tmp_path):
    code, out, err = pressed(
        tmp_path, 1, "compare", "--recipe", "dropout=0.4", "--hidden", "4", "--seeds", "12",
        "--epochs", "9", "--json", "--save", "net.keras",
    )  # fmt: skip
    assert code == 130, err
    found = json.loads(out)
    assert found["stopped"] in err
    assert found["stopped"] in found["notes"]
    done = len(found["table"])
    assert 1 <= done < 24
    assert f"after {done} of 24 trainings" in found["stopped"]
    assert {row["outcome"] for row in found["table"]} == {"finished"}
    assert (tmp_path / "reg_compare.png").exists()
    assert (tmp_path / "net.keras").exists()
    assert "Traceback" not in err


def test_the_second_ctrl_c_aborts_at_once(tmp_path):
    code, out, err = pressed(tmp_path, 0, "compare", "--seeds", "2", "--epochs", "5", times=2)
    assert (code, out) == (130, "")
    assert "Interrupted" in err
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------ in Python


def test_a_study_of_the_trainings_that_ended_comes_back_with_a_warning(binary, monkeypatch):
    recipes = {"plain": jr.Recipe(), "norm": jr.BatchNorm()}
    whole = jr.compare((4,), binary, recipes, seeds=12, **SETTINGS | {"epochs": 8})
    press_after(monkeypatch, 1)
    with pytest.warns(UserWarning, match=r"after \d+ of 24 trainings; none of norm"):
        study = jr.compare((4,), binary, recipes, seeds=12, **SETTINGS | {"epochs": 8})
    assert study.recipes == ("plain",)
    assert 1 <= len(study.results) < 24
    seeds = [result.trial.seed for result in study.results]
    same = [r for r in whole.results if r.trial.name == "plain" and r.trial.seed in seeds]
    for mine, theirs in zip(study.results, same, strict=True):
        np.testing.assert_array_equal(mine.curves, theirs.curves)
    study.summary()
    study.model("plain")


def test_where_none_had_ended_those_that_were_running_stand_as_they_were(binary, monkeypatch):
    whole = jr.compare((4,), binary, {"it": jr.L2(0.1)}, test=binary, seeds=2, **SETTINGS)
    press_after(monkeypatch, 0)
    with pytest.warns(UserWarning, match="after 0 of 2 trainings: what is shown is 2 of them, as"):
        study = jr.compare((4,), binary, {"it": jr.L2(0.1)}, test=binary, seeds=2, **SETTINGS)
    assert set(study.table["outcome"]) == {"interrupted"}
    assert np.isfinite(study.table["test_metric"]).all()
    for mine, theirs in zip(study.results, whole.results, strict=True):
        assert 1 <= mine.epochs_run < 400
        np.testing.assert_array_equal(mine.curves, theirs.curves[: mine.epochs_run])


@pytest.mark.parametrize(("ended", "epochs"), [(7, 6), (0, 400)])
def test_a_sweep_keeps_the_seeds_that_all_points_have(ended, epochs, binary, monkeypatch):
    press_after(monkeypatch, ended)
    with pytest.warns(UserWarning, match="Stopped by Ctrl-C after"):
        found = jr.sweep(
            (4,), binary, {"L2.strength": [0, 0.1, 1]}, seeds=12, **SETTINGS | {"epochs": epochs}
        )
    seeds = found.study.table["seed"].nunique()
    assert 1 <= seeds < 12
    assert len(found.study.results) == 3 * seeds
    assert set(found.table["runs"]) == {seeds}
    assert "Stopped by Ctrl-C" in found.study.notes[-1]
    said = re.search(r"what is shown is (\d+) of them", found.study.notes[-1])
    assert said is None or int(said[1]) == len(found.study.results)
    assert said is not None or ended
    found.summary()


def test_a_path_keeps_the_strengths_it_has_come_by(binary, monkeypatch):
    trained = []
    original = Report.ended

    def count(self, result):
        original(self, result)
        trained.append(result)
        if len(trained) == 4:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Report, "ended", count)
    strengths = [0.001, 0.003, 0.01, 0.03, 0.1]
    with pytest.warns(UserWarning, match=r"after [34] of 6 strengths"):
        found = jr.path((4,), binary, "L1", points=strengths, seeds=1, **SETTINGS | {"epochs": 4})
    taken = found.table["L1.strength"].tolist()
    assert taken == [0.0, *strengths][: len(taken)]
    assert len(taken) in (3, 4)
    assert "strengths" in found.study.notes[-1]


def test_a_search_that_was_cut_short_goes_on_as_if_nothing_had_been(binary, monkeypatch, tmp_path):
    options = {"space": ["L2", "Dropout"], "budget": 24, "seeds": 1, "prune": False}
    training = SETTINGS | {"epochs": 3}
    whole = jr.search((4,), binary, **options, **training)
    with monkeypatch.context() as patch:
        press_after(patch, 3)
        with pytest.warns(UserWarning, match="of 24 trainings"):
            part = jr.search((4,), binary, **options, history=tmp_path / "s.json", **training)
    assert 3 <= len(part.records) < len(whole.records)
    part.summary()
    again = jr.search((4,), binary, **options, history=tmp_path / "s.json", **training)
    np.testing.assert_array_equal(again.history["val_loss"], whole.history["val_loss"])
    assert again.recipe == whole.recipe


def test_experiments_that_want_all_trainings_are_interrupted_as_ever(binary, monkeypatch):
    press_after(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt):
        jr.contributions((4,), binary, jr.Dropout(0.2) + jr.L2(0.1), **SETTINGS | {"epochs": 4})


def test_rows_on_disk_end_with_their_epoch(binary, monkeypatch, tmp_path):
    X, y = binary
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    rows = [np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in "Xy"]
    press_after(monkeypatch, 0)
    with pytest.warns(UserWarning, match="after 0 of 2 trainings: what is shown is 2 of them"):
        study = jr.compare((4,), tuple(rows), {"plain": jr.Recipe()}, seeds=2, **SETTINGS)
    assert {result.epochs_run for result in study.results} == {2}


# ------------------------------------------------------------------ the door itself


def test_another_handler_is_left_alone():
    own = signal.signal(signal.SIGINT, signal.SIG_IGN)
    with stoppable() as run:
        os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert not run.asked
    signal.signal(signal.SIGINT, own)


def test_an_inner_door_is_the_outer_one(capsys):
    @stoppable()
    def pressed_within():
        with stoppable() as inner, stoppable() as innermost:
            assert inner is innermost
            os.kill(os.getpid(), signal.SIGINT)
            assert stop_asked()
            interruption.say_stopped("it said so")

    with pytest.warns(UserWarning, match="it said so"):
        pressed_within()
    assert "Ctrl-C again aborts at once" in capsys.readouterr().err


def test_what_is_of_no_use_cut_short_is_an_interruption():
    assert issubclass(CutShort, KeyboardInterrupt)
