"""Put a run's figures into the documents: nobody copies numbers by hand.

A document holds, between `<!-- bench: PART N -->` and `<!-- end -->`, the N-th table that a part
printed; `<!-- bench: PART N; head, head -->` takes these columns only.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from findings import Table

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "docs" / "bench.json"
DOCUMENTS = (ROOT / "README.md", ROOT / "benchmarks" / "README.md", ROOT / "docs/performance.md")
PICTURES = ("sweep", "scale")
_BLOCK = re.compile(r"(<!-- bench: (\w+) (\d+)(?:; ([^>]+?))? -->\n).*?(<!-- end -->)", re.DOTALL)


def keep(folder: Path) -> list[Path]:
    """Keep a run's file and pictures among the documents, and fill its tables into them.

    Args:
        folder: what `run.py` has written to; no quick run.

    Returns:
        What was written.
    """
    content = json.loads((folder / "bench.json").read_text(encoding="utf-8"))
    RECORD.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    for name in PICTURES:
        if (folder / f"{name}.png").exists():
            shutil.copy(folder / f"{name}.png", RECORD.with_name(f"{name}.png"))
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        document.write_text(filled(text, content["parts"]), encoding="utf-8")
    return [RECORD, *DOCUMENTS]


def filled(text: str, parts: dict[str, Any]) -> str:
    """A document with the tables of these parts; what a part has not printed stays as it is."""

    def block(found: re.Match[str]) -> str:
        head, part, number, columns, end = found.groups()
        tables = parts.get(part, {}).get("tables", [])
        if int(number) >= len(tables):
            return found.group(0)
        table = chosen(Table(**tables[int(number)]), columns)
        return "\n".join([head.strip(), *table.lines(), "", end])

    return _BLOCK.sub(block, text)


def chosen(table: Table, columns: str | None) -> Table:
    """Some columns of a table, by their heads; all if None."""
    if columns is None:
        return table
    places = [list(table.heads).index(head.strip()) for head in columns.split(",")]
    return Table([table.heads[i] for i in places], [[row[i] for i in places] for row in table.rows])
