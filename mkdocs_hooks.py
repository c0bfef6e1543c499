"""What the guide needs beyond MkDocs: the pages of the repository that lie outside docs/.

They keep their places in the repository, where links among them and from docs/ work; here they
become pages of the site, and links are made to fit.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

import griffe
from mkdocs.structure.files import File

ROOT = Path(__file__).parent
OUTSIDE = {
    "README.md": "overview.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
}
_DOCTEST = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)
_REMARK = re.compile(r"^(When|Cost|Try|Source):", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)]*)?\)")


def on_files(files: Any, config: Any) -> Any:
    """Add the pages from outside docs/."""
    for source, page in OUTSIDE.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=relinked(text, source)))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Make links of a page of docs/ that lead outside it lead to the pages above."""
    if page.file.src_uri in OUTSIDE.values():
        return markdown
    return relinked(markdown, "docs/" + page.file.src_uri)


def relinked(text: str, source: str) -> str:
    """The text of a page with links as the site has them.

    Args:
        text: Markdown.
        source: its path in the repository, from which its links lead.
    """
    here = posixpath.dirname(placed(source))

    def fit(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[2]))
        if target not in OUTSIDE and not target.startswith("docs/"):
            return link[1]  # What the site does not have: a folder, a notebook.
        return f"[{link[1]}]({posixpath.relpath(placed(target), here or '.')}{link[3] or ''})"

    return _LINK.sub(fit, text)


def placed(path: str) -> str:
    """Where the site has what the repository has at a path.

    >>> placed("docs/search.md"), placed("benchmarks/README.md")
    ('search.md', 'benchmarks.md')
    """
    return OUTSIDE.get(path, path.removeprefix("docs/"))


class AsInPython(griffe.Extension):
    """What the source alone does not say: docstrings as Markdown, arguments of techniques."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the docstring of anything that has one."""
        if obj.docstring:
            obj.docstring.value = in_markdown(obj.docstring.value)

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Give a technique the arguments that `@technique` makes of its fields."""
        if any(str(one.value) == "technique" for one in cls.decorators):
            fields = [one for one in cls.attributes.values() if "instance-attribute" in one.labels]
            init = griffe.Function("__init__", parent=cls)
            init.parameters = griffe.Parameters(*map(argument, fields))
            cls.set_member("__init__", init)


def argument(field: griffe.Attribute) -> griffe.Parameter:
    """The argument that a field of a technique is, with the default that its declaration names."""
    default = field.value
    if isinstance(default, griffe.ExprCall):
        given = default.arguments
        named = [one.value for one in given if getattr(one, "name", "") == "default"]
        placed = [one for one in given if not isinstance(one, griffe.ExprKeyword)]
        default = next(iter(named + placed), None)
    kind = griffe.ParameterKind.positional_or_keyword
    return griffe.Parameter(field.name, annotation=field.annotation, kind=kind, default=default)


def in_markdown(docstring: str) -> str:
    """A docstring with its doctests in fences and its remarks in paragraphs of their own.

    >>> in_markdown("Try: `twice=2`").strip()
    '**Try:** `twice=2`'
    """
    fenced = _DOCTEST.sub(r"```pycon\n\g<0>\n```", docstring)
    return _REMARK.sub(r"\n**\1:**", fenced).replace("\n\n\n", "\n\n")
