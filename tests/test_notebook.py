"""In a notebook progress is a bar below the cell; elsewhere nothing is shown there."""

import sys
from types import ModuleType, SimpleNamespace

import pytest
from matplotlib.figure import Figure

from justright.engine.progress import Progress
from justright.evidence.measure import Measure
from justright.report import notebook
from justright.report.notebook import in_notebook, notebook_bar, show_figures
from justright.report.progress import progress_bar, search_bar

HALF = Progress(trainings=3, of_trainings=6, epochs=30, of_epochs=60)
ACCURACY = Measure("accuracy", True)


class Shown:
    """What stands below the cell, one after the other."""

    def __init__(self):
        self.looks = []

    def __call__(self, look, *, raw, display_id=False):
        assert raw
        self.looks.append(look)
        return self

    def update(self, look, *, raw):
        self(look, raw=raw)


@pytest.fixture
def cell(monkeypatch):
    """As in Jupyter: a shell of its kind, and a display that can be changed."""
    shown = Shown()
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.version_info = (9, 0)  # Which matplotlib asks for.
    shell = type("ZMQInteractiveShell", (), {})
    ipython.get_ipython = type("Shell", (shell,), {})
    display.display = shown
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setattr(notebook, "_PAUSE", 0.0)
    return shown


def test_a_terminal_of_ipython_is_no_notebook(monkeypatch):
    ipython = ModuleType("IPython")
    ipython.get_ipython = type("TerminalInteractiveShell", (), {})
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    assert not in_notebook()
    monkeypatch.delitem(sys.modules, "IPython")
    assert not in_notebook()


def test_figures_are_pictures_in_a_notebook(cell):
    png = pytest.importorskip("IPython.core.formatters").PNGFormatter()
    shell = sys.modules["IPython"].get_ipython
    shell.display_formatter = SimpleNamespace(formatters={"image/png": png})
    figure = Figure(figsize=(1, 1))
    assert png(figure) is None
    show_figures()
    assert png(figure).startswith(b"\x89PNG")
    assert png("no figure") is None


def test_what_pyplot_has_given_figures_stays(cell):
    png = pytest.importorskip("IPython.core.formatters").PNGFormatter()
    sys.modules["IPython"].get_ipython.display_formatter = SimpleNamespace(
        formatters={"image/png": png}
    )
    png.for_type(Figure, lambda _: b"its own")
    show_figures()
    assert png(Figure(figsize=(1, 1))) == b"its own"


@pytest.mark.parametrize("shown", [None, True])
def test_the_bar_moves_and_goes_away(cell, shown):
    with progress_bar(shown, ACCURACY) as tell:
        tell(HALF)
    first, moved, last = cell.looks
    assert "compiling" in first["text/plain"]
    assert 'value="0.5000"' in moved["text/html"]
    assert moved["text/plain"].startswith("3 of 6 trainings")
    assert last["text/html"] == ""


def test_it_goes_away_when_the_run_fails(cell):
    with pytest.raises(KeyError), progress_bar(None, ACCURACY):
        raise KeyError
    assert cell.looks[-1]["text/html"] == ""


def test_nothing_is_shown_where_that_is_not_wanted(cell):
    with progress_bar(False, ACCURACY) as tell:
        tell(HALF)
    assert not cell.looks


@pytest.mark.parametrize(("of", "share"), [(20, 'value="0.2500"'), (None, "<progress max")])
def test_a_search_tells_its_best(cell, of, share):
    with search_bar(None, of, ACCURACY) as tell:
        tell(5, [0.9, 0.951])
    assert share in cell.looks[1]["text/html"]
    assert "best validation accuracy 95.1 %" in cell.looks[1]["text/plain"]


def test_words_are_text(cell):
    with notebook_bar() as tell:
        tell(0.1, '<b onclick="x">')
    assert "<b" not in cell.looks[1]["text/html"]


def test_a_notebook_is_not_flooded(cell, monkeypatch):
    monkeypatch.setattr(notebook, "_PAUSE", 1e6)
    with notebook_bar() as tell:
        for i in range(100):
            tell(i / 100, "")
    assert len(cell.looks) <= 3
