"""What a part of the benchmark found: tables, sentences, and the numbers behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Asked:
    """What the command line wants of every part.

    Attributes:
        folder: for files that live as long as the run.
        quick: only see that everything works.
        trainings: how many of each peer to time in the sweep; None for its own number.
        skip: runners of the sweep to leave out.
    """

    folder: Path
    quick: bool = False
    trainings: int | None = None
    skip: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table of text: the first column names, the others count."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    def lines(self) -> list[str]:
        """The table in Markdown, its columns aligned."""
        columns = list(zip(self.heads, *self.rows, strict=True))
        widths = [max(map(len, column)) for column in columns]
        ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        return [self._line(row, widths) for row in (self.heads, ruler, *self.rows)]

    @staticmethod
    def _line(row: Sequence[str], widths: Sequence[int]) -> str:
        first, *others = zip(row, widths, strict=True)
        cells = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]
        return f"| {' | '.join(cells)} |"


@dataclass
class Findings:
    """What a part found.

    Attributes:
        data: the numbers, for the file and the picture; empty if the part was skipped.
        tables: what to print.
        notes: what to know about them, in sentences.
        failed: whether something that should have run did not.
    """

    data: dict[str, Any] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failed: bool = False

    def lines(self) -> list[str]:
        """Tables and notes."""
        parts = [line for table in self.tables for line in ("", *table.lines())]
        return [*parts, "", *self.notes] if self.notes else parts


def short(value: float, digits: int = 3) -> str:
    """A number in a few digits, without an exponent where it is large."""
    return f"{value:,.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"


def ratios(rows: Sequence[tuple[str, float, str]]) -> Table:
    """A table of ratios.

    Args:
        rows: name, ratio, and what it is to be, in text; "" where nothing is wanted of it.
    """
    return Table(
        ("ratio", "measured", "target"),
        [(name, short(value), target or "–") for name, value, target in rows],
    )
