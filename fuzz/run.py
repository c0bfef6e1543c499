"""Fuzz the places where input comes in: `python fuzz/run.py all --inputs 1000 --seed 0`.

With atheris (`pip install -e ".[fuzz]"`) inputs are chosen by which branches of justright they
reach, without it by mutation alone. Each target runs in a process of its own, so one that dies is
a finding too. What is found lies under build/fuzz/TARGET afterwards: the input and the trace.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from harness import drive
from harness.targets import NAMES

FOUND = Path("build") / "fuzz"


def main() -> int:
    """Run targets, print a row for each, and return 1 where something was found."""
    asked = _arguments()
    if asked.within:
        _work(asked)
        return 0
    names = NAMES if asked.target == "all" else (asked.target,)
    told = [_one(name, asked) for name in names]
    print("| target | inputs | taken | refused | seconds | findings |\n|---|--:|--:|--:|--:|--:|")
    for name, row in zip(names, told, strict=True):
        figures = [f"{row[key]:,}" for key in ("inputs", "taken", "refused", "seconds")]
        print(f"| {name} | {' | '.join(figures)} | {len(row['findings'])} |")
    return int(any(row["findings"] for row in told))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=[*NAMES, "all"])
    parser.add_argument("--inputs", type=int, default=1000, help="of each target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--unguided", action="store_true", help="by mutation alone")
    parser.add_argument("--within", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _one(name: str, asked: argparse.Namespace) -> dict:
    """Run a target in its own process, and read what it has written."""
    kept = FOUND / name
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    with drive.memory() as folder:
        command = [sys.executable, __file__, name, "--within", str(folder)]
        command += ["--inputs", str(asked.inputs), "--seed", str(asked.seed)]
        command += ["--unguided"] * (asked.unguided or not importlib.util.find_spec("atheris"))
        with (kept / "log.txt").open("w") as log:
            ended = subprocess.run(command, check=False, stdout=log, stderr=log)
        written = [*folder.glob("finding*"), *folder.glob("*-*")]
        for one in written:
            if one.is_file():
                shutil.copy(one, kept)
        record = folder / drive.RECORD
        told = json.loads(record.read_text()) if record.exists() else _nothing()
    if ended.returncode:
        told["findings"].append(f"the process ended with {ended.returncode}")
    for finding in told["findings"]:
        print(f"{name}: {finding}")
    return told


def _nothing() -> dict:
    return {"inputs": 0, "taken": 0, "refused": 0, "seconds": 0, "findings": []}


def _work(asked: argparse.Namespace) -> None:
    run = drive.Run(asked.target, asked.inputs, asked.seed, asked.within)
    if not asked.unguided:
        drive.guide(run)
    started = time.monotonic()
    tally = drive.driven(run)
    drive.note(asked.within, tally, time.monotonic() - started)


if __name__ == "__main__":
    sys.exit(main())
