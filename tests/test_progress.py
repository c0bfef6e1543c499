"""Progress: a live line in a terminal, plain lines elsewhere where asked for, nothing in files."""

import io
from contextlib import redirect_stderr

import pytest

from justright.engine.outcome import Outcome
from justright.engine.progress import Progress, Report
from justright.evidence.measure import Measure
from justright.report import progress
from justright.report.progress import State, progress_bar, search_bar

ACCURACY = Measure("accuracy", higher_is_better=True)
ERROR = Measure("mean_absolute_error", higher_is_better=False)
HALF = Progress(trainings=3, of_trainings=6, epochs=300, of_epochs=600, best=0.912)
DONE = Progress(trainings=6, of_trainings=6, epochs=600, of_epochs=600, best=0.953)


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    """Time that goes on by as much as it is told."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(progress.time, "monotonic", lambda: self.now)

    def goes_on(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """What the person who runs the tests has set does not matter."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("shown", [None, False])
def test_where_no_one_watches_nothing_is_written(capsys, shown, clock):
    with progress_bar(shown, ACCURACY) as tell:
        clock.goes_on(100)
        tell(HALF)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


@pytest.mark.parametrize("shown", [None, True])
def test_on_a_terminal_the_line_counts_trainings_and_tells_the_best(capsys, shown):
    with redirect_stderr(Terminal()) as terminal, progress_bar(shown, ACCURACY) as tell:
        tell(HALF)
        tell(DONE)
    assert "6/6 trainings · best 95.3 %" in terminal.getvalue()
    assert capsys.readouterr().out == ""


def test_on_a_terminal_false_is_silent():
    with redirect_stderr(Terminal()) as terminal, progress_bar(False, ACCURACY) as tell:
        tell(HALF)
    assert terminal.getvalue() == ""


def test_before_the_first_report_it_says_what_takes_the_time():
    with redirect_stderr(Terminal()) as terminal, progress_bar(True, ACCURACY):
        pass
    assert "compiling" in terminal.getvalue()


def _fail_halfway():
    with progress_bar(True, ACCURACY) as tell:
        tell(HALF)
        raise ZeroDivisionError


def test_a_fault_in_the_block_goes_through_and_gives_the_cursor_back():
    with redirect_stderr(Terminal()) as terminal, pytest.raises(ZeroDivisionError):
        _fail_halfway()
    show, hide = "\x1b[?25h", "\x1b[?25l"
    assert terminal.getvalue().rfind(show) > terminal.getvalue().rfind(hide) >= 0


def test_without_a_terminal_there_is_a_plain_line_every_ten_seconds(capsys, clock):
    steps = [Progress(i, 100, i, 100, 0.5 + i / 1000) for i in range(101)]
    with progress_bar(True, ACCURACY) as tell:
        for step in steps:
            tell(step)
            clock.goes_on(0.25)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "40 of 100 trainings, 4 a second, best validation accuracy 54.0 %, 15 s left",
        "80 of 100 trainings, 4 a second, best validation accuracy 58.0 %, 5 s left",
    ]


def test_a_dumb_terminal_gets_plain_lines(monkeypatch, clock):
    monkeypatch.setenv("TERM", "dumb")
    with redirect_stderr(Terminal()) as terminal, progress_bar(True, ACCURACY) as tell:
        tell(HALF)
        clock.goes_on(11)
        tell(HALF)
    assert terminal.getvalue() == "3 of 6 trainings, best validation accuracy 91.2 %\n"


def test_a_run_that_is_over_soon_says_nothing(capsys, clock):
    with progress_bar(True, ACCURACY) as tell:
        clock.goes_on(9)
        tell(HALF)
        clock.goes_on(9)
        tell(DONE)
    assert capsys.readouterr().err == ""


def test_what_was_before_the_first_report_is_no_training(capsys, clock):
    """Compilation takes long, and the time left is not to be reckoned by it."""
    with progress_bar(True, ERROR) as tell:
        clock.goes_on(1000)
        tell(Progress(0, 10, 0, 10))
        clock.goes_on(30)
        tell(Progress(5, 10, 5, 10, 0.25))
    last = "5 of 10 trainings, 10 a minute, best validation mean absolute error 0.25, 30 s left"
    assert capsys.readouterr().err.splitlines() == ["0 of 10 trainings", last]


@pytest.mark.parametrize(
    ("rate", "words"),
    [(123456.0, "123,456/s"), (3.44, "3.4/s"), (0.5, "30/min"), (1 / 7200, "0.5/h")],
)
def test_a_pace_is_told_in_a_unit_in_which_it_can_be_read(rate, words):
    assert words in State(1, 3, 0.5, None, rate).words(ACCURACY, short=True)


@pytest.mark.parametrize("left", [None, 3.0, 3599.0, 360000.0])
def test_the_live_line_fits_80_columns(left):
    state = State(9999, 10000, 0.9, 0.9999, 9999.0, left)
    assert len(state.words(ACCURACY, short=True)) + progress._BAR < 80


def test_a_search_tells_the_best_of_what_has_ended(capsys, clock):
    with search_bar(True, 20, ERROR) as show:
        show(0, [])
        clock.goes_on(15)
        show(10, [0.3, 0.2])
        clock.goes_on(15)
        show(12, [0.3, 0.2, 0.4])
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("10 of 20 trainings, 40 a minute, best validation mean absolute")
    assert lines[1] == (
        "12 of 20 trainings, 24 a minute, best validation mean absolute error 0.2, 20 s left"
    )


class Ended:
    """As much of a result as counts."""

    def __init__(self, figure, outcome=Outcome.FINISHED):
        self.figure, self.outcome = figure, outcome
        self.trial = type("Trial", (), {"epochs": 10})()

    def at_chosen(self, _):
        return self.figure


@pytest.mark.parametrize(("higher", "best"), [(True, 0.8), (False, 0.6)])
def test_the_best_is_of_trainings_that_ended_and_of_running_ones_before(higher, best):
    told = []
    report = Report([Ended(0).trial] * 4, told.append, higher)
    report.tell(5, [0.1, float("nan")])
    report.known(Ended(0.8))
    report.known(Ended(float("nan"), Outcome.FAILED))
    report.known(Ended(0.6))
    report.tell(5, [0.99, 0.01])
    assert [one.best for one in told] == [0.1, best]
    assert (told[-1].trainings, told[-1].epochs, told[-1].of_epochs) == (3, 35, 40)
