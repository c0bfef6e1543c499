"""The page of a report: what it shows, and one HTML file that asks for nothing outside itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from justright.errors import DataError
from justright.report.page.shell import HERE, inert, rendered

_ENDINGS = (".html", ".htm")
_LONG, _SHORT = 14, 9
_BEGINS = frozenset(["", *"0123456789+−-–<"])
# A page is smaller than this, in bytes.
LIMIT = 6_000_000
# So many recipes, points or trainings a page shows at most; fewer where their names are long.
MOST, _FEWEST = 2_500, 16
# Of a page that would be too large, what is left away for the next attempt, and a little more.
_SPARE = 0.93


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        caption: what it is, in a sentence.
        head: of the columns.
        rows: cells; the first of each is what the row is about.
        marked: rows that stand out.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    marked: frozenset[int] = frozenset()

    @property
    def is_long(self) -> bool:
        """Whether it is shown in a box of its own that scrolls."""
        return len(self.rows) > _LONG

    @property
    def is_named(self) -> bool:
        """Whether what rows are about has names that want room."""
        return any(len(row[0]) > _SHORT for row in self.rows)

    def is_number(self, column: int) -> bool:
        """Whether a column holds numbers, which stand below each other."""
        return self._numbers[column]

    @cached_property
    def _numbers(self) -> list[bool]:
        columns = [[row[i] for row in self.rows] for i in range(len(self.head))]
        return [
            bool(i and cells) and all(cell[:1] in _BEGINS for cell in cells)
            for i, cells in enumerate(columns)
        ]


@dataclass(frozen=True)
class Picture:
    """A picture that the page draws, and the same in numbers.

    Attributes:
        kind: which of the script's pictures.
        title: above it.
        words: what it shows, for those who do not see it, and below it.
        table: the same in numbers.
        data: what it is drawn from.
    """

    kind: str
    title: str
    words: str
    table: Table
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Control:
    """What moves through the trainings: a slider for numbers, a list for names."""

    words: str
    labels: Sequence[str]
    start: int
    is_strength: bool


@dataclass(frozen=True)
class Explorer:
    """Trainings to move through.

    Attributes:
        controls: one an axis.
        jumps: places worth seeing, in words, and which point each is.
        says: of the first point shown, in words.
        finding: of the same.
        data: points with their curves.
        filters: by what to leave points away: words, and what may be chosen, all first.
        notes: what is not here, so that the page stays small.
    """

    controls: Sequence[Control]
    jumps: Sequence[tuple[str, int]]
    says: str
    finding: str
    data: Mapping[str, Any]
    filters: Sequence[tuple[str, Sequence[str]]] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        key: its anchor.
        title: its heading.
        paragraphs: at its beginning.
        words: the same as the pictures in a paragraph, below them.
        pictures, tables, findings: what it shows.
        command: for a terminal, below these.
        code: at its end.
    """

    key: str
    title: str
    paragraphs: Sequence[str] = ()
    words: str = ""
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()
    findings: Sequence[Mapping[str, Any]] = ()
    command: str = ""
    code: str = ""


@dataclass(frozen=True)
class Page:
    """A report.

    Attributes:
        title: what was done.
        answer: in a sentence.
        facts: what the answer rests on: pairs of words.
        explorer: trainings to move through; None where there are no curves.
        sections: in order.
        version: of justright.
    """

    title: str
    answer: str
    facts: Sequence[tuple[str, str]]
    explorer: Explorer | None
    sections: Sequence[Section]
    version: str = field(default="")

    def html(self) -> str:
        """One HTML page."""
        return rendered(
            "page.html",
            [HERE],
            scripts=["charts.js", "page.js"],
            styles=["page.css"],
            page=self,
            data=inert(self._data()),
        )

    def _data(self) -> dict[str, Any]:
        pictures = [picture for section in self.sections for picture in section.pictures]
        return {
            "explorer": None if self.explorer is None else self.explorer.data,
            "pictures": [{"kind": one.kind, **one.data} for one in pictures],
        }


class HasPage(ABC):
    """What writes a report of itself."""

    @abstractmethod
    def _page(self, command: str, most: int = MOST) -> Page:
        """The page.

        Args:
            command: how this was made, where Python code does not say so; "" for none.
            most: recipes, points or trainings that it shows; of more it chooses, and says so.
        """

    def report(self, path: str | Path, command: str = "") -> Path:
        """Write one web page for people: the answer, what to move through, the evidence.

        The page holds all that it shows, asks for nothing outside itself, and is smaller than
        6 MB: of very many recipes, points or trainings it shows fewer, and says which.

        Args:
            path: of the file, which ends in .html.
            command: how this was made, where Python code does not say so.

        Returns:
            The path.

        Raises:
            DataError: another ending, no such folder, or a search without a choice.
        """
        file = checked_path(path)
        file.write_text(self._small(command), encoding="utf-8")
        return file

    def _small(self, command: str) -> str:
        """The page as text, with as much on it as it has room for."""
        most = MOST
        while True:
            page = self._page(command, most)
            text = page.html()
            size = len(text.encode())
            shown = 0 if page.explorer is None else len(page.explorer.data["points"])
            if size < LIMIT or min(shown, most) <= _FEWEST:
                return text
            most = max(_FEWEST, int(_SPARE * min(shown, most) * LIMIT / size))


def checked_path(path: str | Path) -> Path:
    """See whether a report can be written there.

    Raises:
        DataError: another ending than .html, a folder, or no such folder.
    """
    file = Path(path)
    if file.suffix.lower() not in _ENDINGS:
        raise DataError(f"{file}: a report is a web page. Give it a name that ends in .html.")
    if not file.absolute().parent.is_dir():
        raise DataError(f"{file}: there is no folder {file.absolute().parent}.")
    if file.is_dir():
        raise DataError(f"{file} is a folder. Name a file.")
    return file
