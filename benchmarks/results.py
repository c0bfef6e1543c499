"""The file and the pictures of a run. A part that runs alone leaves the others' results there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from findings import Table
from machine import describe
from pictures import DRAWINGS

OUT = Path(__file__).parent / "out"


def save(
    part: str, data: dict[str, Any], quick: bool, folder: Path, tables: Sequence[Table] = ()
) -> list[Path]:
    """Put one part's numbers and tables into the file and draw its picture.

    A quick run has files of its own, so that it does not replace a real one.

    Returns:
        What was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ending = "_quick" if quick else ""
    path = folder / f"bench{ending}.json"
    content = {**_read(path), "machine": describe()}
    date = datetime.now(UTC).date().isoformat()
    kept = {"date": date, "quick": quick, "tables": [asdict(one) for one in tables], **data}
    content["parts"] = {**content.get("parts", {}), part: kept}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    written = [path]
    if part in DRAWINGS:
        written.append(folder / f"{part}{ending}.png")
        DRAWINGS[part](data).savefig(written[-1], dpi=150)
    return written


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
