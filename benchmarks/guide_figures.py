"""Draw the figures of docs/themes anew: run the Python blocks of its pages, each in that folder.

    python benchmarks/guide_figures.py [PAGE …]

Blocks end with `savefig`, so a page's figures are what its code draws. What the pages say of them
is held by `tests/test_guide.py`.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

THEMES = Path(__file__).parents[1] / "docs" / "themes"


def main(pages: list[str]) -> None:
    os.chdir(THEMES)
    for page in [THEMES / name for name in pages] or sorted(THEMES.glob("*.md")):
        print(f"\n== {page.name}", flush=True)
        blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        exec(compile("\n".join(blocks), page.name, "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    main(sys.argv[1:])
