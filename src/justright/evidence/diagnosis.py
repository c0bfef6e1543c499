"""A diagnosis: what ails a training, the sign that it rests on, and what to try next."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from justright.evidence.diagnosis_advice import Advice, advice_for
from justright.evidence.diagnosis_means import Means
from justright.evidence.diagnosis_rate import Source, rate_in_words
from justright.evidence.diagnosis_reading import Reading
from justright.evidence.diagnosis_rules import RULES
from justright.evidence.diagnosis_sign import Condition, Sign, reach_in_words

# What makes the other findings worthless comes first: a leak leaves no validation figure to read,
# an unstable training no curve, and labels without meaning no fit.
WEIGHTS: dict[Condition, float] = {
    "leak": 1.0,
    "unstable": 0.9,
    "shuffled_labels": 0.8,
    "underfitting": 0.6,
    "overfitting": 0.5,
    "too_little_validation": 0.3,
    "fine": 0.0,
}
TITLES: dict[Condition, str] = {
    "leak": "Leak suspected",
    "unstable": "Unstable training",
    "shuffled_labels": "Shuffled labels suspected",
    "underfitting": "Underfitting",
    "overfitting": "Overfitting",
    "too_little_validation": "Too little validation data to tell",
    "fine": "Fine",
}
_WIDTH = 79


@dataclass(frozen=True)
class Finding:
    """One condition that a training shows.

    Attributes:
        condition: leak, unstable, shuffled_labels, underfitting, overfitting,
            too_little_validation or fine.
        recipe: of which recipe of a study; `""` elsewhere.
        epoch: from which it shows, where that has a meaning.
        signs: what it rests on, in sentences with their numbers.
        numbers: the same numbers by name.
        shown, trainings: in how many of how many trainings it shows.
        advice: what to try next, in words.
        python: the same as code, with the names `model`, `train` and `validation`.
        command: the same on the command line.
        weight: from 0 to 1: findings that make others worthless weigh more.
    """

    condition: Condition
    recipe: str
    epoch: int | None
    signs: tuple[str, ...]
    numbers: dict[str, float]
    shown: int
    trainings: int
    advice: str
    python: str
    command: str
    weight: float

    @property
    def title(self) -> str:
        """The condition in words, with its epoch."""
        since = "" if self.epoch is None else f" from epoch {self.epoch}"
        of = f" (in {self.shown} of {self.trainings} trainings)" if self.trainings > 1 else ""
        return f"{TITLES[self.condition]}{since}{of}"

    @property
    def label(self) -> str:
        """What stands before the signs: of several trainings they are one's in the middle."""
        of_one = self.trainings > 1 and self.condition != "fine"
        return "Sign in one of them" if of_one else "Sign"

    def __str__(self) -> str:
        said = _paragraph(f"{self.label}: ", *self.signs), _paragraph("Next: ", self.advice)
        code = [textwrap.indent(one, " " * 4) for one in (self.python, self.command) if one]
        return "\n\n".join(["\n".join([self.title, *said]), *code])

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
            "signs": list(self.signs),
            "numbers": {name: float(value) for name, value in self.numbers.items()},
        }


@dataclass(frozen=True)
class Diagnosis:
    """What a training, or each recipe of a study, shows.

    Attributes:
        findings: recipe by recipe, the weightiest first; of a training without any there is
            one, that it is fine.
        source: what it rests on: `"curves"` alone, `"sizes"` too (how many validation rows and
            classes), the `"rows"`, or `"trainings"`, helpers among them.
        notes: what was done for it, in sentences.
    """

    findings: tuple[Finding, ...]
    source: Source
    notes: tuple[str, ...] = ()

    @property
    def condition(self) -> Condition:
        """The condition of the first finding."""
        return self.findings[0].condition

    @property
    def recipes(self) -> tuple[str, ...]:
        """The recipes that were diagnosed, in order."""
        return tuple(dict.fromkeys(finding.recipe for finding in self.findings))

    def of(self, recipe: str) -> Diagnosis:
        """The findings on one recipe.

        Raises:
            DataError: an unknown recipe.
        """
        from justright.errors import DataError, did_you_mean

        if recipe not in self.recipes:
            raise DataError(
                f"The diagnosis has no recipe {recipe!r}. {did_you_mean(recipe, self.recipes)}"
            )
        found = tuple(one for one in self.findings if one.recipe == recipe)
        return Diagnosis(found, self.source, self.notes)

    @property
    def rate(self) -> str:
        """How often diagnoses from such a source are wrong, in a sentence."""
        return rate_in_words(self.source)

    def __str__(self) -> str:
        blocks = []
        for recipe in self.recipes:
            blocks += [f"── {recipe} ──"] if recipe else []
            blocks += [str(one) for one in self.findings if one.recipe == recipe]
        tail = _filled(" ".join([*self.notes, self.rate]))
        return "\n\n".join([*blocks, tail])

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "findings": [one.to_dict() for one in self.findings],
            "source": self.source,
            "notes": list(self.notes),
            "rate": self.rate,
        }


def judged(readings: Sequence[Reading], means: Means, recipe: str = "") -> tuple[Finding, ...]:
    """The findings on trainings that differ in their seed, the weightiest first.

    A condition holds where more than half of them show it; one that diverges is enough.

    Args:
        readings: one a training.
        means: what commands can name.
        recipe: its name in a study.
    """
    shown = [[sign for rule in RULES if (sign := rule(one)) is not None] for one in readings]
    findings = []
    for condition in WEIGHTS:
        signs = [[s for s in one if s.condition == condition] for one in shown]
        count = sum(map(bool, signs))
        broken = condition == "unstable" and not all(one.is_finite for one in readings)
        if count > len(readings) / 2 or (count and broken):
            findings.append(_finding(_typical(signs), count, len(readings), means, recipe))
    return tuple(findings or [_fine(readings, means, recipe)])


def _paragraph(label: str, *sentences: str) -> str:
    return _filled(" ".join(sentences), f"  {label}", " " * (2 + len(label)))


def _filled(text: str, first: str = "", others: str = "") -> str:
    """Text in lines, in which a number and its percent sign stay together."""
    joined = text.replace(" %", "\0%")
    lines = textwrap.fill(
        joined, _WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False
    )
    return lines.replace("\0", " ")


def _typical(signs: Sequence[Sequence[Sign]]) -> Sequence[Sign]:
    """The signs of the training whose epoch is in the middle of those that show any."""
    some = sorted(filter(None, signs), key=lambda one: one[0].epoch or 0)
    return some[len(some) // 2]


def _finding(
    signs: Sequence[Sign], shown: int, trainings: int, means: Means, recipe: str
) -> Finding:
    first = signs[0]
    advice: Advice = advice_for(signs, means)
    return Finding(
        first.condition,
        recipe,
        next((sign.epoch for sign in signs if sign.epoch is not None), None),
        tuple(sign.words for sign in signs),
        {name: value for sign in reversed(signs) for name, value in sign.numbers.items()},
        shown,
        trainings,
        advice.words,
        advice.python,
        advice.command,
        WEIGHTS[first.condition],
    )


def _fine(readings: Sequence[Reading], means: Means, recipe: str) -> Finding:
    measure = readings[0].measure
    train, val = map(float, np.mean([one.told for one in readings], axis=0))
    gap = measure.advantage(train, val)
    mean = f" (means of {len(readings)} trainings)" if len(readings) > 1 else ""
    sign = Sign(
        "fine",
        f"{reach_in_words(measure, train, val)}, a gap of {measure.show_difference(gap)}{mean}, "
        "and no rule finds a sign of anything else.",
        {"train": train, "validation": val, "gap": gap},
    )
    return _finding([sign], len(readings), len(readings), means, recipe)
