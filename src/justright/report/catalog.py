"""The catalog of techniques as a table in the terminal and as the page `docs/techniques.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from justright.regularizers.catalog import Entry
from justright.report.capital import capital

if TYPE_CHECKING:
    from rich.table import Table

Grouped = Mapping[str, Sequence[Entry]]
"""Entries by the first place that they fill."""

_PAGE_HEAD = """\
# Techniques

Written by `justright techniques --markdown > docs/techniques.md` from the classes themselves; a
test holds it to them. Grouped by the place of the training step at which a technique acts, in the
order of a step.

A strength that may differ by layer is a mapping, `{"input": 0.2, "hidden": 0.5}`, from layers,
patterns of their names, or input, hidden and output; on the command line
`dropout=input/0.2+hidden/0.5`. One that may change from epoch to epoch is a schedule,
`jr.Linear(0, 0.5, 20)`, or `dropout=linear/0/0.5/20`. The others say so.
"""


def catalog_table(grouped: Grouped) -> Table:
    """One line a technique: what to write, when to try it, how many passes it adds."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    shown.add_column("recipe", no_wrap=True)
    shown.add_column("try it when", overflow="fold")
    shown.add_column("passes", justify="right", no_wrap=True)
    for place, entries in grouped.items():
        if not entries:
            continue
        shown.add_section()
        shown.add_row(Text(capital(place), style="bold"), "", "")
        for entry in entries:
            extra = f"+{entry.extra_passes}" if entry.extra_passes else ""
            # Text, because brackets in it are no markup.
            shown.add_row(Text(entry.own), Text(entry.when), extra)
    return shown


def entry_text(entry: Entry) -> str:
    """One technique in full, Markdown."""
    return "\n".join(_lines(entry))


def catalog_page(grouped: Grouped) -> str:
    """All techniques in full, Markdown."""
    parts = [_PAGE_HEAD]
    for place, entries in grouped.items():
        if entries:
            parts.append(f"## {capital(place)}\n")
        parts += [f"### {entry.name}\n\n{entry_text(entry)}" for entry in entries]
    return "\n".join(parts)


def _lines(entry: Entry) -> Iterator[str]:
    yield from (entry.description, "")
    for one in entry.arguments:
        yield f"- `{one.name}` ({one.facts}): {one.text}"
    if entry.arguments:
        yield ""
    yield f"**When:** {entry.when}"
    yield ""
    yield f"**Cost:** {entry.cost}"
    yield ""
    yield f"**Places:** {', '.join(entry.places)}."
    yield ""
    yield f"**Try:** `{entry.code}`, or `justright compare --recipe {entry.tried}`"
    yield ""
    yield f"**Source:** {entry.source}"
    yield ""
