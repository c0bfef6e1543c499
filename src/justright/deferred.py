"""Imports that take long, at a time when nobody waits for them.

Parts of Keras that a training does not need are imported when they are first used.

`import keras` brings in scikit-learn, pandas and matplotlib for its wrappers,
plots and data frames, which takes longer than all the rest of Keras. Their
modules are made lazily here: they stand in `sys.modules` as ever, and are
executed at the first look at an attribute. What is needed after a training can
be imported while it runs.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# Each is used by its attributes only, so that nothing needs it while Keras is imported.
RARELY_USED = (
    "keras.wrappers",
    "keras.visualization",
    "keras.src.legacy.saving.legacy_h5_format",
    "keras.src.visualization",
    "keras.src.trainers.data_adapters.array_slicing",
)


class _Deferring(MetaPathFinder):
    """Finds the modules of `RARELY_USED`, each once, and lets Python load them later."""

    def __init__(self) -> None:
        self._waiting = set(RARELY_USED)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname not in self._waiting:
            return None
        self._waiting.discard(fullname)
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Later(spec.loader)
        return spec


class _Later(Loader):
    """Executes a module at the first look at one of its attributes, once, whoever looks."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__justright_loader__"] = self._loader
        module.__class__ = _Unread


class _Unread(ModuleType):
    """A module that is not executed yet. `importlib.util.LazyLoader` is not safe with threads."""

    def __getattribute__(self, name: str) -> Any:
        inside = object.__getattribute__(self, "__dict__")
        # What the import system itself asks for.
        if name.startswith("__") and name in inside:
            return inside[name]
        with _reading:
            loader = inside.pop("__justright_loader__", None)
            if loader is not None:
                loader.exec_module(self)
                object.__setattr__(self, "__class__", ModuleType)
        return ModuleType.__getattribute__(self, name)


_reading = threading.RLock()
_wanted: list[str] = []
_wanting = threading.Lock()


def defer_rarely_used() -> None:
    """Defer them, if Keras is not imported yet."""
    if "keras" not in sys.modules:
        sys.meta_path.insert(0, _Deferring())


def import_meanwhile(*modules: str) -> None:
    """Import modules as soon as Python has nothing else to do; see `python_is_idle`."""
    with _wanting:
        _wanted.extend(module for module in modules if module not in sys.modules)


def python_is_idle() -> None:
    """Say that a thread goes on in machine code, so that imports hold nobody up.

    What is wrong with a module is said where it is used.
    """

    def work(modules: Sequence[str]) -> None:
        for module in modules:
            with suppress(Exception):
                importlib.import_module(module)

    with _wanting:
        modules = tuple(_wanted)
        _wanted.clear()
    if modules:
        threading.Thread(target=work, args=(modules,), name="justright-imports").start()
