"""Functions and classes of the user's that a configuration only names."""

from __future__ import annotations

from typing import Any

import keras


def registered_in(text: str) -> tuple[Any, ...]:
    """The registered objects that a configuration names: another one under a name is another key.

    Args:
        text: a configuration as JSON or as `repr` gives it.
    """
    objects = keras.saving.get_custom_objects()
    return tuple(objects[name] for name in sorted(objects) if name.split(">")[-1] in text)
