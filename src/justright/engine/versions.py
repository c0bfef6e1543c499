"""What made a number: the versions that a training's figures carry."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple


class Versions(NamedTuple):
    """The programs and the device that a training ran on; "" where it is not known."""

    justright: str = ""
    jax: str = ""
    jaxlib: str = ""
    keras: str = ""
    numpy: str = ""
    python: str = ""
    device: str = ""

    def __str__(self) -> str:
        named = (("justright", self.justright), ("JAX", self.jax), ("Keras", self.keras))
        return f"{', '.join(f'{name} {one}' for name, one in named)} on {self.device}"


@cache
def present() -> Versions:
    """Those of this process."""
    import jax

    device = jax.devices()[0]
    packages = ("justright", "jax", "jaxlib", "keras", "numpy")
    found = {package: _version(package) for package in packages}
    said = _said(device.platform, device)
    return Versions(**found, python=platform.python_version(), device=said)


def _said(kind: str, device: object) -> str:
    """A device by its kind; a CPU says its machine, which is what its arithmetic follows from."""
    named = str(getattr(device, "device_kind", kind))
    return f"{kind} {platform.machine()}" if named == kind else f"{kind} {named}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # Run from a checkout that is not installed.
        return ""
