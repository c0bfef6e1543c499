"""The catalog of techniques, read off the classes: docstrings, and what `strength` declares."""

from __future__ import annotations

import dataclasses
import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from justright.errors import RecipeError, did_you_mean
from justright.regularizers import TECHNIQUES
from justright.regularizers.option import Choice, allowed
from justright.regularizers.places import PLACES
from justright.regularizers.strength import Limits, limits_of
from justright.regularizers.technique import LISTED_BY, Technique, fields_of
from justright.regularizers.text import parse_recipe

if TYPE_CHECKING:
    import pandas as pd

_SECTIONS = ("Args", "Raises", "When", "Cost", "Try", "Source")
_HEAD = re.compile(rf"({'|'.join(_SECTIONS)}):\s*(.*)")


@dataclass(frozen=True)
class Argument:
    """One argument of a technique.

    Attributes:
        name: of the argument.
        limits: which values a strength may take; None for an option.
        allowed: which values an option may take that is a number; None for others.
        default: as code; empty where the argument must be given.
        text: what the docstring says of it.
    """

    name: str
    limits: Limits | None
    allowed: Limits | None
    default: str
    text: str

    @property
    def facts(self) -> str:
        """Range, neutral value, default, and whether it may differ by layer or epoch, in words."""
        limits = self.limits
        said = [f"default {self.default}" if self.default else "required"]
        said = [str(self.allowed), *said] if self.allowed else said
        if limits is not None:
            neutral = "no neutral value" if limits.neutral is None else f"{limits.neutral:g} is off"
            said = [str(limits), neutral, *said]
            said += ["may differ by layer"] * limits.by_layer
            said += ["takes no schedule"] * (not limits.scheduled)
        return "; ".join(said)


@dataclass(frozen=True)
class Entry:
    """What the catalog says of a technique.

    Attributes:
        kind: the class.
        places: of the training step that it fills, in the order of a step.
        description: what the docstring says before its sections, Markdown; the first line
            stands alone.
        arguments: in order.
        when: in which situation to try it.
        cost: what a step takes more, in words that begin with the number of extra passes.
        tried: a usual recipe as text, the technique last; empty if the docstring gives none.
        source: the papers.
    """

    kind: type[Technique]
    places: tuple[str, ...]
    description: str
    arguments: tuple[Argument, ...]
    when: str
    cost: str
    tried: str
    source: str

    @property
    def name(self) -> str:
        """The class's name."""
        return self.kind.__name__

    @property
    def summary(self) -> str:
        """The first line of the description."""
        return self.description.split("\n", 1)[0]

    @property
    def extra_passes(self) -> int:
        """Forward and backward passes in each step beside the usual one."""
        first = self.cost.split(" ", 1)[0]
        return int(first) if first.isdigit() else 0

    @property
    def own(self) -> str:
        """What of the usual recipe is this technique, without what it needs beside it."""
        return self.tried.rsplit(",", 1)[-1]

    @property
    def code(self) -> str:
        """The usual recipe in Python."""
        return " + ".join(f"jr.{one!r}" for one in parse_recipe(self.tried).techniques)

    @property
    def strengths(self) -> str:
        """The strengths with their ranges and neutral values."""
        return "; ".join(
            f"{one.name}: {one.limits}"
            + ("" if one.limits.neutral is None else f", {one.limits.neutral:g} is off")
            for one in self.arguments
            if one.limits is not None
        )


def entry_of(kind: type[Technique]) -> Entry:
    """Read a technique's entry off its class."""
    description, sections = _sections(kind)
    told = _arguments_told(sections.get("Args", ""))
    plain = {name: " ".join(text.split()) for name, text in sections.items()}
    return Entry(
        kind=kind,
        places=tuple(name for name, place in PLACES.items() if issubclass(kind, place)),
        description=description,
        arguments=tuple(
            Argument(
                field.name,
                limits_of(field),
                None if isinstance(said := allowed(field), Choice) else said,
                "" if field.default is dataclasses.MISSING else repr(field.default),
                told.get(field.name, ""),
            )
            for field in fields_of(kind)
        ),
        when=plain.get("When", ""),
        cost=plain.get("Cost", ""),
        tried=plain.get("Try", "").strip("`"),
        source=plain.get("Source", ""),
    )


def entries_by_place() -> dict[str, list[Entry]]:
    """All entries, each under the first place of a step that it fills."""
    grouped: dict[str, list[Entry]] = {place: [] for place in PLACES}
    for kind in TECHNIQUES:
        entry = entry_of(kind)
        grouped[entry.places[0]].append(entry)
    return grouped


def find_entry(name: str) -> Entry:
    """The entry of a technique by its key or its class's name.

    Raises:
        RecipeError: an unknown name.
    """
    keys = {kind.key(): kind for kind in TECHNIQUES}
    names = keys | {kind.__name__.lower(): kind for kind in TECHNIQUES}
    wanted = name.strip().lower().replace("-", "_")
    if wanted not in names:
        raise RecipeError(f"{name!r} is no regularizer. {did_you_mean(wanted, keys, LISTED_BY)}")
    return entry_of(names[wanted])


def techniques() -> pd.DataFrame:
    """All techniques that ship, one a row.

    Columns: name, key (on the command line), places (of a training step), strengths (with
    range and the value that switches it off), when (to use it), extra_passes (forward and
    back, in each step), example (a recipe as text), source.

    >>> techniques().set_index("key").loc["sam", "extra_passes"]
    np.int64(1)
    """
    import pandas as pd

    grouped = entries_by_place().values()
    return pd.DataFrame([_row(entry) for entries in grouped for entry in entries])


def _row(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "key": entry.kind.key(),
        "places": ", ".join(entry.places),
        "strengths": entry.strengths,
        "when": entry.when,
        "extra_passes": entry.extra_passes,
        "example": entry.tried,
        "source": entry.source,
    }


def _sections(kind: type[Technique]) -> tuple[str, dict[str, str]]:
    """The description and the sections of a docstring; what stands between sections is left out."""
    description: list[str] = []
    sections: dict[str, list[str]] = {}
    current: list[str] | None = description
    for line in inspect.cleandoc(kind.__doc__ or "").splitlines():
        head = _HEAD.match(line)
        if head:
            current = sections[head[1]] = [head[2]]
        elif not line and sections:
            current = None
        elif current is not None:
            current.append(line)
    return "\n".join(description).strip(), {name: "\n".join(s) for name, s in sections.items()}


def _arguments_told(text: str) -> dict[str, str]:
    """What an Args section says of each argument; several may stand before one colon."""
    told: dict[str, str] = {}
    for part in re.split(r"\n(?=\S)", inspect.cleandoc(text)):
        names, _, words = part.partition(":")
        told |= {name.strip(): " ".join(words.split()) for name in names.split(",")}
    return told
