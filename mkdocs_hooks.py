"""What the guide needs beyond MkDocs: the pages of the repository that lie outside docs/.

They keep their places in the repository, where links among them and from docs/ work; here they
become pages of the site, and links are made to fit.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parent
OUTSIDE = {
    "README.md": "overview.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
}
_LINK = re.compile(r"(\]\()(?!\w+:|#)([^)#\s]+)")


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
        return link[1] + posixpath.relpath(placed(target), here or ".")

    return _LINK.sub(fit, text)


def placed(path: str) -> str:
    """Where the site has what the repository has at a path.

    >>> placed("docs/search.md"), placed("benchmarks/README.md")
    ('search.md', 'benchmarks.md')
    """
    return OUTSIDE.get(path, path.removeprefix("docs/"))
