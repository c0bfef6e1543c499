"""Several verdicts of one study, corrected for their number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from html import escape
from itertools import combinations
from typing import TYPE_CHECKING, overload

from justright.errors import DataError, did_you_mean
from justright.evidence.verdict import Verdict

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Verdicts(Sequence[Verdict]):
    """Verdicts in the order of the study's recipes; printed, one line each.

    Attributes:
        verdicts: all of them, corrected together.
    """

    verdicts: tuple[Verdict, ...]

    @overload
    def __getitem__(self, index: int) -> Verdict: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Verdict, ...]: ...

    def __getitem__(self, index: int | slice) -> Verdict | tuple[Verdict, ...]:
        return self.verdicts[index]

    def __len__(self) -> int:
        return len(self.verdicts)

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self.verdicts)

    @property
    def table(self) -> pd.DataFrame:
        """One row a verdict, with the columns a, b, column, difference, low, high and so on.

        `evidence` says them in words. Where pairs are too few for an interval, it says so, low and
        high are infinite, and `needed` is NaN.
        """
        import pandas as pd

        columns = [field.name for field in fields(Verdict) if field.name != "measure"]
        rows = [asdict(verdict) | _claimed(verdict) for verdict in self]
        return pd.DataFrame(rows, columns=[*columns, "evidence"])

    def __str__(self) -> str:
        lines = [str(verdict) for verdict in self]
        if len(self) and self[0].comparisons > 1:
            lines.append(correction_in_words(self[0].comparisons))
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{escape(line)}</li>" for line in str(self).splitlines())
        return f"<ul>{lines}</ul>"


def _claimed(verdict: Verdict) -> dict[str, object]:
    """What a verdict says of the size of a difference: nothing that its words do not."""
    said: dict[str, object] = {"evidence": verdict.evidence_text}
    if not verdict.enough:
        said |= {"low": -math.inf, "high": math.inf, "needed": math.nan}
    return said


def correction_in_words(comparisons: int) -> str:
    """What the correction is for."""
    return f"What is claimed is corrected for {comparisons} comparisons (Holm)."


def pairs_of(recipes: Sequence[str], baseline: str | None) -> list[tuple[str, str]]:
    """Which recipes to compare: the others with a baseline, or each with those before it.

    Raises:
        DataError: an unknown baseline.

    >>> pairs_of(["plain", "a", "b"], None)
    [('a', 'plain'), ('b', 'plain'), ('b', 'a')]
    """
    if baseline is None:
        return [(later, earlier) for earlier, later in combinations(recipes, 2)]
    if baseline not in recipes:
        raise DataError(
            f"baseline={baseline!r} is no recipe of the study. {did_you_mean(baseline, recipes)}"
        )
    return [(name, baseline) for name in recipes if name != baseline]
