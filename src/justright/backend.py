"""The one place that chooses the machinery: Keras on JAX, one CPU device a core.

It must run before Keras is imported, so the package's `__init__` calls it. It
imports neither Keras nor JAX itself, which keeps `import justright` light.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import sys
from pathlib import Path
from typing import Any

from justright.deferred import defer_rarely_used
from justright.errors import BackendError

CACHE_VARIABLE = "JUSTRIGHT_CACHE"


def use_jax() -> None:
    """Make Keras run on JAX, with one CPU device for each core.

    Raises:
        BackendError: Keras is already imported on, or asked by `KERAS_BACKEND`
            to run on, another backend.
    """
    _choose_keras_backend()
    _choose_cpu_devices()
    defer_rarely_used()


def keep_compiled_programs() -> None:
    """Turn JAX's persistent compilation cache on, unless the user has set one.

    The folder is `$JUSTRIGHT_CACHE`, or `justright` in the user's cache folder;
    `JUSTRIGHT_CACHE=off` turns it off. Compiled programs hold machine code, so
    each kind of processor has a folder of its own.
    """
    import jax

    chosen = os.environ.get(CACHE_VARIABLE, "")
    config: Any = jax.config  # Its flags are attributes that type checkers do not see.
    if chosen.lower() == "off" or config.jax_compilation_cache_dir:
        return
    base = Path(chosen) if chosen else _user_cache() / "justright"
    folder = base / f"xla-{_processor_signature()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # A read-only home costs a compilation, and nothing else.
    config.update("jax_compilation_cache_dir", str(folder))
    # Also the small programs that draw initial weights, which together take as long as a large one.
    config.update("jax_persistent_cache_min_compile_time_secs", 0.01)


def with_devices(least: int) -> None:
    """Let JAX start with at least so many CPU devices; one that has started keeps what it has."""
    import jax

    if "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", ""):
        return
    config: Any = jax.config
    with contextlib.suppress(RuntimeError):
        config.update("jax_num_cpu_devices", max(least, _cores()))


def idle_cores() -> str | None:
    """A sentence where JAX had started before justright could give it a device for each core."""
    import jax

    cores, devices = _cores(), len(jax.devices())
    if jax.default_backend() != "cpu" or "JAX_NUM_CPU_DEVICES" not in os.environ:
        return None
    if devices >= min(cores, int(os.environ["JAX_NUM_CPU_DEVICES"])):
        return None
    return (
        f"JAX had started before justright was imported, so {devices} of {cores} cores trains. "
        "Import justright before a Keras model is made."
    )


def _choose_keras_backend() -> None:
    if "keras" in sys.modules:
        running = sys.modules["keras"].config.backend()
        if running != "jax":
            raise BackendError(
                f"Keras is already imported on the {running} backend, and justright trains on "
                "JAX. Import justright before keras, or set the environment variable "
                "KERAS_BACKEND=jax before Python starts."
            )
        return
    wanted = os.environ.setdefault("KERAS_BACKEND", "jax")
    if wanted != "jax":
        raise BackendError(
            f"The environment variable KERAS_BACKEND is {wanted!r}, and justright trains on JAX. "
            "Set KERAS_BACKEND=jax, or unset it."
        )


def _choose_cpu_devices() -> None:
    """One CPU device a core: lanes on different devices train at the same time."""
    if "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", ""):
        return
    os.environ.setdefault("JAX_NUM_CPU_DEVICES", str(_cores()))
    if "jax" not in sys.modules:
        return
    import jax

    try:
        jax.config.update("jax_num_cpu_devices", int(os.environ["JAX_NUM_CPU_DEVICES"]))
    except RuntimeError:
        return  # JAX has started already: it keeps the devices that it started with.


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _user_cache() -> Path:
    if platform.system() == "Windows":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if platform.system() == "Darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))


def _processor_signature() -> str:
    """A short name for this kind of processor: code compiled for one may not run on another."""
    lines = [platform.machine(), platform.processor()]
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        wanted = ("model name", "flags", "Features")
        lines += [line for line in text.splitlines() if line.startswith(wanted)][:2]
    except OSError:
        lines.append(platform.platform())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
