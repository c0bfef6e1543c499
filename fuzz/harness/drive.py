"""Drive a target: guided by what an input reaches (atheris), or by mutation alone."""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.target import Tally, Target
from harness.targets import target as target_of

RECORD = "record.json"
_MOST_BYTES = 1 << 17
_NOTED = 200


@dataclass(frozen=True)
class Run:
    """How to drive.

    Attributes:
        name: of the target.
        inputs: how many.
        seed: of all that is drawn.
        folder: to work in.
    """

    name: str
    inputs: int
    seed: int
    folder: Path


@contextmanager
def memory() -> Iterator[Path]:
    """A folder in memory where the system has such: targets write many small files."""
    shared = Path("/dev/shm")
    usable = shared.is_dir() and os.access(shared, os.W_OK)
    with tempfile.TemporaryDirectory(dir=shared if usable else None) as folder:
        yield Path(folder)


def driven(run: Run) -> Tally:
    """Mutate inputs of the corpus, and those that were taken, without looking at the code."""
    with inside(run.folder):
        target, draw, tally = target_of(run.name), random.Random(run.seed), Tally()
        pool = list(target.corpus())
        for data in pool[: run.inputs]:
            tally.try_one(target, data)
        while tally.inputs < run.inputs:
            data, taken = target.mutate(draw.choice(pool), draw)[:_MOST_BYTES], tally.taken
            tally.try_one(target, data)
            if tally.taken > taken and len(pool) < 500:
                pool.append(data)
        return tally


def guide(run: Run) -> None:
    """Let atheris choose inputs by which branches of justright they reach; it ends the process."""
    import atheris

    place = run.folder.absolute()
    with inside(run.folder), atheris.instrument_imports(include=["justright"], exclude=[]):
        target, tally = target_of(run.name), Tally()
        corpus = place / "corpus"
        corpus.mkdir(exist_ok=True)
        for number, data in enumerate(target.corpus()):
            (corpus / str(number)).write_bytes(data)
            Tally().try_one(target, data)  # Imports what is imported late.
        started = time.monotonic()

        def one(data: bytes) -> None:
            tally.try_one(target, data)
            if tally.inputs % _NOTED == 0 or tally.inputs >= run.inputs:
                note(place, tally, time.monotonic() - started)

        options = [
            f"-runs={run.inputs}",
            f"-seed={run.seed + 1}",  # Zero would be drawn from the clock.
            f"-max_len={_MOST_BYTES}",
            "-len_control=0",
            "-mutate_depth=1",
            "-timeout=60",
            "-rss_limit_mb=6000",
            "-verbosity=0",
            f"-artifact_prefix={place}/",
        ]
        atheris.Setup(
            [sys.argv[0], *options, str(corpus)], one, custom_mutator=_mutator(atheris, target)
        )
        atheris.Fuzz()


def _mutator(atheris: object, target: Target) -> object:
    """A fifth of the changes is libFuzzer's, the others the target's own."""
    seeds = target.corpus()

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        draw = random.Random(seed)
        if draw.random() < 0.2:
            return atheris.Mutate(data, most)  # type: ignore[attr-defined]
        # What reaches something new is mostly refused, and what is made of it even more so.
        start = draw.choice(seeds) if draw.random() < 0.5 else bytes(data)
        return target.mutate(start, draw)[:most]

    return mutate


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder, with warnings as errors: a user would see them."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for unseen in (DeprecationWarning, PendingDeprecationWarning, ResourceWarning):
                warnings.simplefilter("ignore", unseen)
            yield
    finally:
        os.chdir(before)


def note(folder: Path, tally: Tally, seconds: float) -> None:
    """Write how far it is, for the process that waits."""
    found = {
        "inputs": tally.inputs,
        "taken": tally.taken,
        "refused": tally.refused,
        "seconds": round(seconds, 1),
        "findings": sorted(tally.findings),
    }
    (folder / RECORD).write_text(json.dumps(found), encoding="utf-8")
    write_findings(folder, tally)


def write_findings(folder: Path, tally: Tally) -> None:
    """Each finding's input and trace in two files."""
    for number, (place, (data, trace)) in enumerate(sorted(tally.findings.items())):
        (folder / f"finding{number}.input").write_bytes(data)
        (folder / f"finding{number}.txt").write_text(f"{place}\n{trace}", encoding="utf-8")
