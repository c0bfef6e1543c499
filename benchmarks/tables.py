"""Is justright good out of the box? Its default strategy beside scikit-learn's models, on tables.

    python benchmarks/tables.py FOLDER
    python benchmarks/tables.py FOLDER --only vehicle,car --splits 1
    python benchmarks/tables.py FOLDER --out docs/tables.json --docs docs/tables.md

FOLDER holds tables, .csv or .csv.gz, whose last column is the target, and may hold a manifest.csv
with columns name and task. 60 % of the rows train, 20 % select and 20 % judge, by class where there
are classes, drawn anew for each split. A model that selects nothing trains on 80 %. Balanced
accuracy or R² on the rows that judge is compared; these have no part in any choice. The file of
results is kept as it goes, and a run that is started again goes on from it.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from machine import describe
from tabular import report
from tabular.ours import ours
from tabular.peers import PEERS, peer
from tabular.rows import Table, tables

import justright

OUT = Path(__file__).parent / "out" / "tables.json"
HEADING = "## Figures\n"


def main(arguments: list[str] | None = None) -> int:
    asked = parser().parse_args(arguments)
    record = read(asked.out)
    settings = {"budget": asked.budget}
    if record.get("settings", settings) != settings:
        print(f"{asked.out} holds other settings: {record['settings']}", file=sys.stderr)
        return 2
    runs = record.setdefault("runs", [])
    done = {(run["table"], run["split"]) for run in runs}
    only = asked.only.split(",") if asked.only else None
    for table in tables(asked.folder, only):
        for split in range(asked.splits):
            if (table.name, split) in done:
                continue
            runs.append(compared(table, split, asked.budget))
            record |= {
                "settings": settings,
                "machine": describe(),
                "justright": justright.__version__,
            }
            record["date"] = datetime.now(UTC).date().isoformat()
            write(asked.out, record)
            print(in_words(runs[-1]), flush=True)
    for models in (report.PLAIN, report.BALANCED):
        print("\n".join(["", *report.figures_table(runs, models).lines()]))
        print("\n".join(report.losses(runs, models)))
    print("\n".join(["", *report.published_table(runs).lines()]))
    if asked.docs is not None:
        write(asked.docs.with_suffix(".json"), record)
        head, _, _ = asked.docs.read_text(encoding="utf-8").partition(HEADING)
        asked.docs.write_text(head + HEADING + report.section(record), encoding="utf-8")
    return 0


def compared(table: Table, split: int, budget: int | None = None) -> dict[str, Any]:
    """All models on one split of a table."""
    division = table.division(split)
    run: dict[str, Any] = {
        "table": table.name,
        "split": split,
        "is_class": table.is_class,
        "rows": len(table.y),
        "columns": table.X.shape[1],
    } | ours(table, division, budget)
    cpu = next(iter(run["models"].values()))["cpu"]
    for name in PEERS:
        if table.is_class or not name.endswith("balanced"):
            run["models"][name] = peer(name, table, division, cpu)
    return run


def in_words(run: dict[str, Any]) -> str:
    """One line: every model's figure in percent, and seconds."""
    cells = [
        f"{name} {100 * one['test']:.2f} ({one['cpu']:.0f} s)"
        for name, one in run["models"].items()
    ]
    return f"{run['table']} {run['split']}: {'; '.join(cells)}"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument("folder", type=Path, help="tables, the target last")
    made.add_argument("--only", help="these tables alone, by comma")
    made.add_argument("--splits", type=int, default=5)
    made.add_argument("--budget", type=int, help="trainings of justright, at most")
    made.add_argument("--out", type=Path, default=OUT, help="the file of results")
    made.add_argument(
        "--docs", type=Path, help="the document whose last section it writes, .json beside it"
    )
    return made


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(path: Path, record: dict[str, Any]) -> None:
    """Write a file as a whole, so that a run that is stopped leaves one that can be read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main())
