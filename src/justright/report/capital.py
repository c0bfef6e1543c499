"""Words at the beginning of a sentence."""

from __future__ import annotations


def capital(text: str) -> str:
    """Text that begins with a capital; the rest of it stays as it is.

    >>> capital("l2 strength 0.1"), capital("")
    ('L2 strength 0.1', '')
    """
    return text[:1].upper() + text[1:]
