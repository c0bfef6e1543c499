"""Run the benchmark, or parts of it: print tables of ratios, write one file and pictures.

    python benchmarks/run.py
    python benchmarks/run.py scale costs
    python benchmarks/run.py --quick

What each part measures stands in README.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from findings import Asked, Findings
from machine import cores
from parts import PARTS
from parts.runners import RUNNERS
from process import ScriptFailedError
from record import keep
from results import OUT, save


def main(arguments: list[str] | None = None) -> int:
    asked = parser().parse_intermixed_args(arguments)
    began = time.perf_counter()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        setting = Asked(Path(folder), asked.quick, asked.trainings, tuple(asked.skip))
        for name in asked.parts or PARTS:
            print(f"\n## {name} on {cores()} cores", flush=True)
            found = findings(name, setting)
            failed |= found.failed
            print("\n".join(found.lines()), flush=True)
            if found.data:
                written = save(name, found.data, asked.quick, asked.out, found.tables)
                print(f"\nWritten: {', '.join(map(str, written))}")
    if asked.docs and not asked.quick:
        print(f"\nWritten: {', '.join(map(str, keep(asked.out)))}")
    if asked.quick:
        print("\nQuick: it shows that everything runs, and measures nothing.")
    print(f"{time.perf_counter() - began:.0f} seconds in all.", file=sys.stderr)
    return int(failed)


def findings(name: str, asked: Asked) -> Findings:
    try:
        return PARTS[name](asked)
    except ScriptFailedError as error:
        return Findings(notes=[f"{name}: failed.\n{error}"], failed=True)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument(
        "parts",
        nargs="*",
        metavar="PART",
        type=part,
        help=f"which parts; all if none is named: {', '.join(PARTS)}",
    )
    made.add_argument("--quick", action="store_true", help="only see that everything works")
    made.add_argument(
        "--out", type=Path, default=OUT, metavar="FOLDER", help="for the file and the pictures"
    )
    made.add_argument("--docs", action="store_true", help="put the figures into the documents")
    made.add_argument(
        "--trainings", type=positive, metavar="N", help="sweep: time N trainings of each peer"
    )
    made.add_argument(
        "--skip",
        action="append",
        default=[],
        metavar="NAME",
        choices=[runner.name for runner in RUNNERS],
        help="sweep: leave a runner out; can be repeated: %(choices)s",
    )
    return made


def part(text: str) -> str:
    if text not in PARTS:
        raise argparse.ArgumentTypeError(f"{text} is not a part. Parts: {', '.join(PARTS)}.")
    return text


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} trainings: at least 1 is wanted.")
    return number


if __name__ == "__main__":
    sys.exit(main())
