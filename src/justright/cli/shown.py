"""Text from files and arguments on a terminal: shown, and never obeyed."""

from __future__ import annotations

import unicodedata

_OBEYED = ("Cc", "Cs")
_KEPT = "\n\t"
# These make what follows run from right to left, whatever it is.
_TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def visible(text: str) -> str:
    r"""Text whose characters that would move, color or turn around what is shown are written out.

    The name of a column may hold what a terminal takes for a command.

    >>> visible("\x1b[31mred"), visible("two\nlines")
    ('\\x1b[31mred', 'two\nlines')
    """
    return "".join(
        one.encode("unicode_escape").decode()
        if one in _TURNS or (unicodedata.category(one) in _OBEYED and one not in _KEPT)
        else one
        for one in text
    )


def plain_markup(text: str) -> str:
    """The same for what rich prints, to which square brackets are markup."""
    from rich.markup import escape

    return escape(visible(text))
