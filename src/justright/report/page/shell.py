"""One HTML file of a template, with its scripts and styles in it and nothing asked for outside."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def rendered(
    template: str,
    folders: Sequence[Path],
    *,
    scripts: Sequence[str],
    styles: Sequence[str],
    **shown: Any,
) -> str:
    """A page as text.

    The template has `script` and `style` to put in, and `script_hash` and `style_hash` for a
    content security policy that lets these two work and no others.

    Args:
        template: its file.
        folders: where the template, scripts and styles are looked for, the first one first.
        scripts: files that become one script, in order.
        styles: files that become one style, in order.
        shown: what else the template names; text is escaped.
    """
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["tight"] = tight
    script, style = _joined(scripts, folders), _joined(styles, folders)
    return environment.get_template(template).render(
        script=Markup(script),
        style=Markup(style),
        script_hash=_hash(script),
        style_hash=_hash(style),
        **shown,
    )


def tight(text: str) -> str:
    """Text in which numbers and their percent signs stay on one line."""
    return text.replace(" %", "\u00a0%")


def inert(data: Any) -> Any:
    """JSON as markup that ends no script element, whatever text is in it.

    Raises:
        ValueError: a number that is not finite.
    """
    from markupsafe import Markup

    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    # All that is not ASCII is escaped already, and with it the line ends U+2028 and U+2029.
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _joined(names: Sequence[str], folders: Sequence[Path]) -> str:
    files = [next(f / name for f in folders if (f / name).is_file()) for name in names]
    texts = [file.read_text(encoding="utf-8").replace("\r\n", "\n") for file in files]
    return "".join(texts)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
