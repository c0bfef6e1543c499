"""Libraries that only some exports need: imported when asked for, named when missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from justright.errors import DataError


def extra(module: str, install: str, purpose: str) -> ModuleType:
    """A module of an optional library.

    Args:
        module: to import.
        install: the extra of justright that brings it, as in `pip install .[onnx]`.
        purpose: what it is for, to go on with "needs …".

    Raises:
        DataError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        library = module.split(".", maxsplit=1)[0]
        raise DataError(
            f"{purpose} needs {library}, which cannot be imported ({error}). "
            f"Install it, in justright's folder: pip install '.[{install}]'."
        ) from error
