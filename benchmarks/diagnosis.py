"""How often is `jr.diagnose` wrong? Trainings of known condition, diagnosed and counted.

Each case of the bed is diagnosed four times: from the curves of one training alone, from the same
with the number of validation rows and classes, from that training's study, and from its network and
rows. What counts is the first finding. It takes minutes; `--quick` sees that it runs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bed.cases import CONSTRUCTIONS, Case, cases, made
from bed.worlds import WORLDS

import justright as jr
from justright.evidence.diagnosis_rate import SOURCES, rate_table

RECORD = Path(jr.__file__).parent / "evidence" / "diagnosis.json"
HALVES = ("tuning", "judging")
DRAWS, SEEDS = 2, 3
LOGGED = {"train_metric": "train_accuracy", "val_metric": "val_accuracy"}


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    record: dict[str, Any] = {half: _empty(half) for half in HALVES}
    begin = time.perf_counter()
    for case, found in diagnosed(_chosen(options), options.seeds):
        count(record[case.world.half], case, found)
        told = ", ".join(f"{source}: {one}" for source, one in found.items())
        seconds = time.perf_counter() - begin
        print(f"{seconds:5.0f} s  {case.world.name}, {case.how} → {told}", flush=True)
    if options.out:
        _write(record, options.out)
    for half in HALVES:
        print(
            f"\n{half}: {record[half]['cases']} trainings, {len(record[half]['worlds'])} data sets"
        )
        print(rate_table(record[half]) if record[half]["cases"] else "none")
        for source in SOURCES if record[half]["cases"] else ():
            print(f"\nfrom {source}: made → found first")
            for condition, row in record[half]["confusion"][source].items():
                print(f"  {condition:22s} {row}")


def diagnosed(chosen: Sequence[Case], seeds: int) -> Iterator[tuple[Case, dict[str, str]]]:
    """Each case with the first finding from every source."""
    for case in chosen:
        yield case, findings(case, seeds)


def findings(case: Case, seeds: int) -> dict[str, str]:
    """The condition that is found first, by source.

    Args:
        case: what to train.
        seeds: trainings of the network for the last source; the others have one.
    """
    it = made(case)
    settings: dict[str, Any] = {
        "validation": it.validation,
        "epochs": it.epochs,
        "batch_size": it.batch_size,
        "optimizer": it.optimizer,
        "progress": False,
    }
    study = jr.compare(it.model, it.train, {"it": it.recipe}, seeds=1, **settings)
    logged = study.curves.drop(columns=["recipe", "seed", "split", "penalty"])
    if study.metric.is_share:
        logged = logged.rename(columns=LOGGED)
    kept = max(study.results[0].chosen_epoch, 1)
    classes = None if study.classes is None else len(study.classes)
    sizes = {"validation_rows": len(it.validation[1]), "classes": classes}
    trained = jr.diagnose(it.model, it.train, recipe=it.recipe, seeds=seeds, **settings)
    return {
        "curves": jr.diagnose(logged, kept_epoch=kept).condition,
        "sizes": jr.diagnose(logged, kept_epoch=kept, **sizes).condition,
        "rows": jr.diagnose(study).condition,
        "trainings": trained.condition,
    }


def count(half: dict[str, Any], case: Case, found: dict[str, str]) -> None:
    """Enter a case into the counts of its half."""
    half["cases"] += 1
    for source, condition in found.items():
        row = half["confusion"][source][case.condition]
        row[condition] = row.get(condition, 0) + 1
        half["wrong"][source] += condition != case.condition


def _write(record: dict[str, Any], path: Path) -> None:
    """Write the halves that were run; another that is in the file stays."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else record
    kept |= {half: counts for half, counts in record.items() if counts["cases"]}
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def _empty(half: str) -> dict[str, Any]:
    conditions = dict.fromkeys(CONSTRUCTIONS.values())
    return {
        "cases": 0,
        "worlds": [world.name for world in WORLDS if world.half == half],
        "wrong": dict.fromkeys(SOURCES, 0),
        "confusion": {source: {one: {} for one in conditions} for source in SOURCES},
    }


def _chosen(options: argparse.Namespace) -> list[Case]:
    worlds = [w for w in WORLDS if w.half in options.half and w.name in (options.only or [w.name])]
    draws = 1 if options.quick else DRAWS
    chosen = list(cases(worlds, range(options.first, options.first + draws)))
    return chosen[:: len(CONSTRUCTIONS) + 2] if options.quick else chosen


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="data sets, such as wine: these alone")
    parser.add_argument("--half", action="append", choices=HALVES, help="this half alone")
    parser.add_argument("--first", type=int, default=0, help="seed of the first draw of rows")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="trainings of each network")
    parser.add_argument("--quick", action="store_true", help="a few cases")
    parser.add_argument("--out", type=Path, help=f"where to write the counts, such as {RECORD}")
    options = parser.parse_args(arguments)
    options.half = options.half or list(HALVES)
    return options


if __name__ == "__main__":
    main()
