"""How far a run is, on the error stream: live in a terminal, else a plain line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from justright.engine.progress import Progress
from justright.evidence.measure import Measure
from justright.report.notebook import in_notebook, notebook_bar

EVERY = 10.0
"""Seconds between two plain lines."""
_BAR = 16
_TOO_SOON = 0.5


@dataclass(frozen=True)
class State:
    """How far a run is.

    Attributes:
        done: trainings that have ended, `of` so many; None where nobody knows how many.
        share: of the work, from 0 to 1; None where nobody knows.
        best: the best validation figure so far, None where there is none.
        rate: trainings a second, those that are under way by their share; None at the beginning.
        left: seconds that the rest takes at this pace; None where that cannot be told.
    """

    done: int
    of: int | None
    share: float | None
    best: float | None
    rate: float | None = None
    left: float | None = None

    def words(self, measure: Measure, short: bool) -> str:
        """The state in a line.

        Args:
            measure: of the best figure.
            short: whether room is scarce.

        >>> state = State(12, 30, 0.4, 0.951, 1.5, 12.0)
        >>> state.words(Measure("accuracy", True), short=True)
        '12/30 trainings · 1.5/s · best 95.1 % · 12 s left'
        >>> state.words(Measure("accuracy", True), short=False)
        '12 of 30 trainings, 1.5 a second, best validation accuracy 95.1 %, 12 s left'
        """
        count = (
            str(self.done) if self.of is None else f"{self.done}{'/' if short else ' of '}{self.of}"
        )
        parts = [f"{count} training{'s' * ((self.of or self.done) != 1)}"]
        if self.rate is not None:
            parts.append(_pace(self.rate, short))
        if self.best is not None:
            what = "best" if short else f"best validation {measure.words}"
            parts.append(f"{what} {measure.show(self.best)}")
        if self.left is not None:
            parts.append(f"{_time(self.left)} left")
        return (" · " if short else ", ").join(parts)


def _pace(rate: float, short: bool) -> str:
    """Trainings a second, a minute or an hour, so that the number is readable."""
    units = ((1.0, "s", "second"), (60.0, "min", "minute"), (3600.0, "h", "hour"))
    seconds, brief, unit = next((u for u in units if rate * u[0] >= 1), units[-1])
    number = f"{rate * seconds:.2g}" if rate * seconds < 10 else f"{rate * seconds:,.0f}"
    return f"{number}/{brief}" if short else f"{number} a{'n' * (brief == 'h')} {unit}"


def _time(seconds: float) -> str:
    """Seconds in words.

    >>> _time(8.2), _time(75), _time(4000)
    ('9 s', '1:15 min', '1:06 h')
    """
    whole = -int(-seconds // 1)
    if whole < 60:
        return f"{whole} s"
    unit, rest = ("min", whole) if whole < 3600 else ("h", whole // 60)
    return f"{rest // 60}:{rest % 60:02d} {unit}"


@dataclass
class Pace:
    """The speed of a run since it was first heard of: what was before is compilation."""

    _began: tuple[float, float] | None = None

    def of(self, trainings: float, now: float) -> float | None:
        """Trainings a second, or None while too little is known.

        Args:
            trainings: done so far, those that are under way by their share.
            now: seconds on some clock.

        >>> pace = Pace()
        >>> pace.of(2, 100.0), pace.of(8, 102.0)
        (None, 3.0)
        """
        if self._began is None:
            self._began = trainings, now
        more, seconds = trainings - self._began[0], now - self._began[1]
        return more / seconds if more > 0 and seconds > _TOO_SOON else None


class _Display(Protocol):
    def show(self, state: State) -> None:
        """Say how far the run is."""


def _now() -> float:
    return time.monotonic()


@dataclass
class Lines:
    """Plain lines, none of a run that is over sooner than the first is due."""

    measure: Measure
    _said: float = field(default_factory=_now)

    def show(self, state: State) -> None:
        """Say how far the run is, where the last line is long enough ago."""
        now = time.monotonic()
        if now - self._said >= EVERY and state.share != 1:
            self._said = now
            print(state.words(self.measure, short=False), file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Below:
    """The bar below a notebook's cell."""

    measure: Measure
    _tell: Callable[[float | None, str], None]

    def show(self, state: State) -> None:
        """Say how far the run is."""
        self._tell(state.share, state.words(self.measure, short=False))


@contextmanager
def _display(shown: bool | None, measure: Measure) -> Iterator[_Display | None]:
    """Where to show progress: nowhere, in plain lines, or live.

    Args:
        shown: whether to show it; None for where someone watches, a terminal or a notebook.
        measure: of the best figure.
    """
    if shown is not False and in_notebook():
        with notebook_bar() as below:
            yield Below(measure, below)
        return
    live = sys.stderr.isatty()
    if shown is False or (shown is None and not live):
        yield None
        return
    if live:
        from rich.console import Console

        console = Console(stderr=True)
        live = console.is_terminal and not console.is_dumb_terminal
    if not live:
        yield Lines(measure)
        return
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(_BAR), TextColumn("{task.description}", markup=False))
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("compiling", total=None)

        class Live:
            def show(self, state: State) -> None:
                total = None if state.share is None else 1.0
                words = state.words(measure, short=True)
                bar.update(task, total=total, completed=state.share or 0, description=words)

        yield Live()


@contextmanager
def progress_bar(shown: bool | None, measure: Measure) -> Iterator[Callable[[Progress], None]]:
    """Show trainings done, their rate, the best so far and the time left while the block runs.

    Args:
        shown: True shows it on the error stream: live in a terminal, and elsewhere in a plain
            line every ten seconds; in a notebook, below the cell. None shows it in a terminal and
            a notebook alone, False nowhere.
        measure: of the best figure.
    """
    with _display(shown, measure) as display:
        pace = Pace()

        def update(now: Progress) -> None:
            if display is None:
                return
            share = now.epochs / now.of_epochs if now.of_epochs else 1.0
            rate = pace.of(share * now.of_trainings, time.monotonic())
            left = (1 - share) * now.of_trainings / rate if rate else None
            display.show(State(now.trainings, now.of_trainings, share, now.best, rate, left))

        yield update


@contextmanager
def search_bar(
    shown: bool | None, of: int | None, measure: Measure
) -> Iterator[Callable[[int, Sequence[float]], None]]:
    """The same of a search, whose trainings come in batches.

    Args:
        shown: as for `progress_bar`.
        of: how many trainings there will be, None where nobody knows.
        measure: of the best figure.
    """
    with _display(shown, measure) as display:
        pace = Pace()

        def update(done: int, figures: Sequence[float]) -> None:
            if display is None:
                return
            pick = max if measure.higher_is_better else min
            best = pick(figures) if figures else None
            rate = pace.of(done, time.monotonic())
            left = (of - done) / rate if of and rate else None
            share = done / of if of else None
            display.show(State(done, of, share, best, rate, left))

        yield update
