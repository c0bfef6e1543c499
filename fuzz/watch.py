"""Watch what the interpreter does while it reads inputs, malicious ones among them.

Python tells an audit hook of each process, connection, pickle and piece of code that is begun
(PEP 578). All inputs are read once before, so that imports and compilations are over.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

from harness import drive
from harness.target import Tally
from harness.targets import NAMES, archive, target

FORBIDDEN = (
    *("exec", "pickle.find_class", "os.system", "os.exec", "os.posix_spawn", "os.fork"),
    *("subprocess.Popen", "socket.connect", "socket.bind", "socket.getaddrinfo", "os.startfile"),
    *("urllib.Request", "ftplib.connect", "http.client.connect", "webbrowser.open", "pty.spawn"),
)
SEEN: set[str] = set()
_watching = [False]


def _hook(event: str, _: object) -> None:
    if _watching[0] and event in FORBIDDEN:
        SEEN.add(event)


def watched(act: Callable[[], object]) -> list[str]:
    """What was begun while something is done."""
    SEEN.clear()
    _watching[0] = True
    try:
        with suppress(Exception):
            act()
    finally:
        _watching[0] = False
    return sorted(SEEN)


def _traps() -> None:
    """What the hook must see, or it sees nothing."""
    exec("1")
    pickle.loads(pickle.dumps(os.path.join))
    subprocess.run([sys.executable, "-c", ""], check=True)
    with socket.socket() as one, suppress(OSError):
        one.connect(("127.0.0.1", 9))


def main() -> int:
    """Read inputs of all targets, and say what was begun."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100, help="of each target, and its corpus")
    count = parser.parse_args().inputs
    sys.addaudithook(_hook)
    archive.SHARE = 1  # Keras builds every one.
    read, seen = 0, set()
    for name in NAMES:
        with drive.memory() as folder, drive.inside(folder):
            one, draw = target(name), random.Random(0)
            corpus = list(one.corpus())
            inputs = corpus + [one.mutate(draw.choice(corpus), draw) for _ in range(count)]
            for data in inputs:
                Tally().try_one(one, data)
            for data in inputs:
                found = watched(lambda one=one, data=data: one.check(data))
                seen |= {f"{name}: {event}" for event in found}
            read += len(inputs)
    told = {"inputs": read, "seen": sorted(seen), "would_be_seen": watched(_traps)}
    print(json.dumps(told))
    return int(bool(seen))


if __name__ == "__main__":
    sys.exit(main())
