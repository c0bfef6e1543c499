"""A benchmark's scripts, each in fresh processes, and whether other processes disturbed it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machine import Watch

# Taken before justright is imported, which sets variables for its own use.
ENVIRONMENT = dict(os.environ)
HERE = Path(__file__).parent
# A share of the cores that others may take before a measurement is called disturbed.
DISTURBED = 0.05
# What would let one process gain from an earlier run, or run unlike a user's.
FOREIGN = ("JAX_COMPILATION_CACHE_DIR", "PYTHONDONTWRITEBYTECODE")
ON_CPU = {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class ScriptFailedError(Exception):
    """A script's process ended with an error."""


@dataclass(frozen=True)
class Ran:
    """What processes that ran at the same time answered.

    Attributes:
        answers: one a process: the JSON object on its last line.
        seconds: from the first one's start to the last one's end.
        others: the share of the cores that other processes took meanwhile; None
            where the system does not tell.
    """

    answers: list[dict[str, Any]]
    seconds: float
    others: float | None

    def disturbance(self, title: str) -> list[str]:
        """A sentence where others took too much of the cores, or nothing."""
        if (self.others or 0.0) <= DISTURBED:
            return []
        return [f"Disturbed: {title}. Others took {self.others:.0%} of the cores."]


def script(module: str, folder: Path, job: Mapping[str, Any]) -> list[str]:
    """The command that runs a module of this folder with a job."""
    return [sys.executable, "-m", module, str(folder), json.dumps(job)]


def run(commands: Sequence[Sequence[str]], environment: Mapping[str, str]) -> Ran:
    """Run scripts side by side and wait for their answers.

    Raises:
        ScriptFailedError: one of them ended with an error.
    """
    with Watch() as watch, ThreadPoolExecutor(len(commands)) as pool:
        texts = list(pool.map(lambda one: output(one, environment), commands))
    return Ran([_last_object(text) for text in texts], watch.seconds, watch.others)


def output(command: Sequence[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ScriptFailedError(done.stderr.strip() or f"exit code {done.returncode}")
    return done.stdout


def environment(
    folder: Path,
    *,
    backend: str = "jax",
    devices: int | None = None,
    cache: str = "off",
    one_thread: bool = False,
    gpu: bool = False,
) -> dict[str, str]:
    """The user's environment, without what would let one process gain from an earlier run.

    Args:
        folder: for the modules that Python compiles.
        backend: of Keras.
        devices: how many CPU devices JAX has; one a core for justright if None.
        cache: justright's folder of compiled programs.
        one_thread: for processes that share the cores: more threads would only wait
            for one another.
        gpu: whether a GPU may be used, where there is one.
    """
    kept = {name: value for name, value in ENVIRONMENT.items() if name not in FOREIGN}
    paths = [str(HERE), *filter(None, [ENVIRONMENT.get("PYTHONPATH")])]
    kept |= {
        "JUSTRIGHT_CACHE": cache,
        "KERAS_BACKEND": backend,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }
    if devices is not None:
        kept["JAX_NUM_CPU_DEVICES"] = str(devices)
    return kept | (ONE_THREAD if one_thread else {}) | ({} if gpu else ON_CPU)


def _last_object(text: str) -> dict[str, Any]:
    """The JSON object on the last line; empty where a program says something else."""
    last = text.strip().splitlines()[-1:] or [""]
    return json.loads(last[0]) if last[0].startswith("{") else {}
