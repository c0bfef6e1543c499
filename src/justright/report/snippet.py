"""What a notebook shows of a result: a table and a paragraph, as a piece of HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from justright.report.page.page import Table

_CELL = "padding:.25em .7em;border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)"


def snippet(title: str, table: Table | None, text: str = "") -> str:
    """A piece of HTML in which all text is escaped; it takes its colors from the notebook.

    Args:
        title: above the table.
        table: what it is about.
        text: a paragraph below.
    """
    shown = "" if table is None else _table(table)
    below = f'<p style="max-width:46em;line-height:1.45">{escape(text)}</p>' if text else ""
    return f"<div><p><strong>{escape(title)}</strong></p>{shown}{below}</div>"


def _table(table: Table) -> str:
    head = "".join(
        f'<th scope="col" style="{_CELL};text-align:{_align(i)}">{escape(one)}</th>'
        for i, one in enumerate(table.head)
    )
    rows = "".join(_row(row, i in table.marked) for i, row in enumerate(table.rows))
    caption = f'<caption style="text-align:left">{escape(table.caption)}</caption>'
    return (
        '<div style="overflow:auto;max-height:32em"><table style="border-collapse:collapse">'
        f"{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(cells: Sequence[str], marked: bool) -> str:
    weight = ";font-weight:bold" if marked else ""
    first = (
        f'<th scope="row" style="{_CELL};text-align:left;font-weight:normal{weight}">'
        f"{escape(cells[0])}</th>"
    )
    rest = "".join(
        f'<td style="{_CELL};text-align:right;white-space:nowrap{weight}">{escape(cell)}</td>'
        for cell in cells[1:]
    )
    return f"<tr>{first}{rest}</tr>"


def _align(column: int) -> str:
    return "right" if column else "left"
