"""justright: what a process takes before its first training, part by part, compiling included.

The job: when the process was begun, in seconds since the epoch.
"""

from __future__ import annotations

import time
from dataclasses import replace
from importlib import import_module
from typing import Any

from peers.job import answer, asked_job, asked_rows


class Stopwatch:
    """Seconds from one moment to the next, by what came between."""

    def __init__(self, began: float) -> None:
        self.seconds: dict[str, float] = {}
        self._last = began

    def after(self, part: str) -> None:
        """Say what has just ended."""
        now = time.time()
        self.seconds[part], self._last = now - self._last, now


class Compiling:
    """Listens to how long JAX traces and compiles."""

    def __init__(self) -> None:
        import jax

        self.seconds = {"tracing": 0.0, "compiling": 0.0}
        jax.monitoring.register_event_duration_secs_listener(self._hear)

    def _hear(self, event: str, duration: float, **_: Any) -> None:
        if event.endswith(("jaxpr_trace_duration", "jaxpr_to_mlir_module_duration")):
            self.seconds["tracing"] += duration
        elif event.endswith("backend_compile_duration"):
            self.seconds["compiling"] += duration


def main() -> None:
    watch = Stopwatch(asked_job()["began"])
    rows = asked_rows()
    import justright as jr

    watch.after("Python, NumPy, the rows")
    import_module("jax")

    watch.after("importing JAX")
    import_module("keras")

    watch.after("importing Keras")
    _ = jr.compare
    watch.after("importing the rest of justright")
    from parts.runners import SWEEP
    from probes.sweep import compare, network

    model = network(rows)
    watch.after("building the model")
    heard, job = Compiling(), replace(SWEEP, epochs=1)
    compare(model, job, rows)
    watch.after("the first call")
    began = time.time()
    compare(model, job, rows)
    again = time.time() - began
    first = watch.seconds.pop("the first call")
    watch.seconds |= heard.seconds
    rest = first - again - sum(heard.seconds.values())
    watch.seconds["the rest of the first call"] = max(0.0, rest)
    answer(parts=watch.seconds, again=again, ended=time.time())


if __name__ == "__main__":
    main()
