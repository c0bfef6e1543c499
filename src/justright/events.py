"""What happens in a run, told to Python's `logging`: to whoever listens, and by default to nobody.

The logger is `justright`, the level INFO. A record reads `ended recipe='L2 0.01' seed=3 …`; its
attributes `event` and `facts` hold the same for machines, and `JsonLines` writes them as such.
"""

from __future__ import annotations

import json
import logging
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from justright.errors import DataError

LOGGER = logging.getLogger("justright")
LOGGER.addHandler(logging.NullHandler())


def tell(event: str, **facts: Any) -> None:
    """Tell of something that has happened.

    Args:
        event: its name.
        **facts: numbers (NumPy's too), text, truth values, None.
    """
    if LOGGER.isEnabledFor(logging.INFO):
        words = " ".join([event, *(f"{name}={value!r}" for name, value in facts.items())])
        LOGGER.info("%s", words, extra={"event": event, "facts": facts})


class JsonLines(logging.Formatter):
    """Writes each event as one line of JSON: time (UTC), event, facts; null where not finite."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        facts = getattr(record, "facts", {"message": record.getMessage()})
        line = {"time": when, "event": getattr(record, "event", "message"), **facts}
        return json.dumps({name: _finite(value) for name, value in line.items()}, default=_plain)


def write_events(path: Path) -> None:
    """Add all events of this process to a file, as lines of JSON.

    Raises:
        DataError: a file that cannot be written.
    """
    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        said = f"{path} cannot be a log: {error.strerror}. Name a file in a folder that exists."
        raise DataError(said) from error
    handler.setFormatter(JsonLines())
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
