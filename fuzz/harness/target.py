"""What a fuzzer needs to know of a place where input comes in."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from justright.errors import JustrightError

Draw = random.Random


@dataclass(frozen=True)
class Target:
    """A place where input from outside comes in.

    Attributes:
        name: of the target.
        corpus: inputs to begin with, made by code.
        check: reads an input in the working folder and trains nothing. It returns where the input
            is taken, raises a `JustrightError` where it is refused, and nothing else may leave it.
        mutate: an input made of another one, for what bytes alone hardly reach.
    """

    name: str
    corpus: Callable[[], Sequence[bytes]]
    check: Callable[[bytes], None]
    mutate: Callable[[bytes, Draw], bytes]


@dataclass
class Tally:
    """What inputs have led to.

    Attributes:
        taken, refused: how many.
        findings: the first input by the place where something else was raised, and the trace.
    """

    taken: int = 0
    refused: int = 0
    findings: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    @property
    def inputs(self) -> int:
        """How many there were."""
        return self.taken + self.refused + self.failed

    failed: int = 0

    def try_one(self, target: Target, data: bytes) -> None:
        """Give a target an input, and note what comes of it."""
        try:
            target.check(data)
        except JustrightError:
            self.refused += 1
        except Exception as error:
            self.failed += 1
            self.findings.setdefault(_place(error), (data, traceback.format_exc()))
        else:
            self.taken += 1


def _place(error: Exception) -> str:
    """What two findings have in common that are one."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f"{one.filename.rpartition('/')[2]}:{one.lineno}" for one in frames]
    return f"{type(error).__name__} at {ours[-1]}, by {', '.join(ours[-4:-1])}"
