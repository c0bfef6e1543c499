"""What libraries raise that read a damaged file, and why in one line."""

from __future__ import annotations

import lzma
import zipfile
import zlib

UNREADABLE = (
    *(ValueError, OSError, EOFError, RuntimeError, MemoryError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)
"""Of a file with rows, also of a packed one; RuntimeError is a zip file that is encrypted."""
DAMAGED = (*UNREADABLE, LookupError, TypeError, AttributeError, SyntaxError, OverflowError)
"""Of what describes something else: its parts are missing, or of another kind."""


def reason_of(error: Exception) -> str:
    r"""The first line of what an error says, or its kind where it says nothing.

    >>> reason_of(ValueError("no number\nat all")), reason_of(EOFError())
    ('no number', 'EOFError')
    """
    return (str(error).strip() or type(error).__name__).splitlines()[0]
