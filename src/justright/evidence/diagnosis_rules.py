"""The rules of a diagnosis: one condition and one sign each, pure functions of a reading.

Thresholds were set between what the trainings of the tuning half of `benchmarks/bed` show with
and without the condition; docs/diagnosis.md says how often that is wrong on the other half.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from justright.evidence.diagnosis_reading import Reading, last

Condition = Literal[
    "leak",
    "unstable",
    "shuffled_labels",
    "overfitting",
    "underfitting",
    "too_little_validation",
    "fine",
]
Cause = Literal["", "rate", "rows", "column", "time", "size"]

# Well-posed trainings lose up to 0.05 of what validation had gained, those of tiny data 1 and more.
LOST_AGAIN = 0.25
# Well-posed trainings learn up to 0.25 more of the training rows than of the others.
LARGE_GAP = 0.35
# Where a loss is worse than that of a constant by this factor, the steps are at fault.
WORSE_THAN_GUESSING = 1.5
# … or at any epoch by this one: no well-posed training is above a constant's loss at all.
BLEW_UP = 3.0
# Well-posed trainings jump by up to 0.05 of their loss, memorizing ones by 0.08.
JITTER = 0.1
# A tenth of the rate pays if it leaves at most this share of the loss …
SLOWER_LEAVES = 0.5
# … and this share of a guess's loss less.
SLOWER_GAINS = 0.015
# References learn at most 0.02 more than well-posed networks do of their own training rows.
REFERENCE_AHEAD = 0.05
# Well-posed trainings have 0.05 of their fall in the last fifth of the epochs, slow ones 0.13.
STILL_FALLING = 0.08
# … and what is learned by then is not yet most of it.
UNFINISHED = 0.9
# Of curves alone: the training loss falls by less than this share of its first value.
POOR = 0.4
# Fitted: so much of the training rows is learned that validation should show some of it.
FITTED = 0.15
# Where 1 means as easy to fit as permuted targets: memorized ones have up to 0.55, shuffled ones
# 0.9 and more.
PERMUTED_PACE = 0.75
# Standard errors by which a figure differs from a guess or from another.
ERRORS = 2.0
# Of fewer rows a forest learns little, whatever the target.
FOREST_ROWS = 60
# Validation is near a guess: wider, because something else decides between the two.
NEAR_GUESS = 3.0
# Validation rows that also train, beyond those that chance would bring, as a share.
SHARED = 0.02
# One input tells so much of the target by itself …
TELLING = 0.98
# … and the next one less by this.
TELLING_AHEAD = 0.1
# Half the width of the 95 % interval of an accuracy, or of a loss as a share of it.
WIDE_ACCURACY = 0.1
WIDE_LOSS = 0.5
# Of curves alone: validation follows training to where most of the loss is gone. Rows that are the
# same have ratios of 0.92 to 1.05, well-posed trainings on easy tasks 1.09 and more.
FOLLOWS = 1.06
NEARLY_PERFECT = 0.06
# Of curves alone: the training loss falls below this share of its first value …
FALLEN = 0.92
# … and the validation loss is never lower than its own by more than this.
NEVER_MOVES = 0.1
# Of curves alone, without the number of classes: no accuracy above this is called chance.
CHANCE = 0.6


@dataclass(frozen=True)
class Sign:
    """That a training shows a condition.

    Attributes:
        condition: which.
        words: what shows it, a sentence with its numbers.
        numbers: the same numbers by name.
        epoch: from which it shows, as the log numbers them; None where that has no meaning.
        cause: what to mend, where the condition leaves it open.
        name: of the input that it speaks of.
    """

    condition: Condition
    words: str
    numbers: dict[str, float] = field(default_factory=dict)
    epoch: int | None = None
    cause: Cause = ""
    name: str = ""


Rule = Callable[[Reading], Sign | None]


def rows_in_both_parts(r: Reading) -> Sign | None:
    """Leak: more validation rows stand among the training rows than repeat by chance."""
    shared = r.facts.shared
    if shared is None:
        return None
    excess = shared.count - shared.expected - ERRORS * np.sqrt(shared.expected)
    if excess <= max(1.0, SHARED * shared.rows):
        return None
    chance = f", where {shared.expected:.0f} would by chance" if shared.expected >= 0.5 else ""
    return Sign(
        "leak",
        f"{shared.count} of the {shared.rows} validation rows are training rows too, target and "
        f"all{chance}.",
        {"shared": shared.count, "expected": shared.expected, "validation_rows": shared.rows},
        cause="rows",
    )


def target_among_inputs(r: Reading) -> Sign | None:
    """Leak: one input tells nearly all of the target, and no other comes near."""
    telling = r.facts.telling
    if telling is None or telling.score < TELLING:
        return None
    if telling.score - telling.next_score < TELLING_AHEAD:
        return None
    return Sign(
        "leak",
        f"The input {telling.name!r} alone tells {_percent(telling.score)} of what there is to "
        f"know of the target; the next one tells {_percent(max(telling.next_score, 0))}.",
        {"told": telling.score, "told_by_next": telling.next_score},
        cause="column",
        name=telling.name,
    )


def validation_follows_training(r: Reading) -> Sign | None:
    """Leak, of curves alone: validation follows training to the end, as the same rows would."""
    if r.knows_rows or not r.is_finite:
        return None
    train, val = last(r.train_loss), last(r.val_loss)
    few = few_validation_rows(r) is not None
    if few or train > NEARLY_PERFECT * r.guess_loss or val > FOLLOWS * train:
        return None
    return Sign(
        "leak",
        f"The validation loss follows the training loss down to {val:.3g} against {train:.3g}, "
        "as it would if the rows were the same: a leak, or an easy task.",
        {"train_loss": train, "val_loss": val},
        cause="rows",
    )


def diverged(r: Reading) -> Sign | None:
    """Unstable: a loss becomes infinite or not a number."""
    bad = ~(np.isfinite(r.epochs.train_loss) & np.isfinite(r.epochs.val_loss))
    if not bad.any():
        return None
    epoch = r.number(int(bad.argmax()))
    return Sign(
        "unstable",
        f"The loss is infinite or not a number in epoch {epoch}: the training diverged.",
        {"epoch": epoch},
        epoch,
        "rate",
    )


def worse_than_guessing(r: Reading) -> Sign | None:
    """Unstable: the training loss ends above that of a constant output, and does not fall."""
    if not r.is_finite or r.still_falling > STILL_FALLING:
        return None
    end, guess = last(r.train_loss), r.guess_loss
    if r.facts.guess_loss is None and r.has_accuracy:
        guess = _largest_guess_loss(r.train_figure, r.facts.classes)
    if end <= WORSE_THAN_GUESSING * guess:
        return None
    return Sign(
        "unstable",
        f"The training loss ends at {end:.3g}, and a constant output would have {guess:.3g}: "
        "steps too large have carried the weights away.",
        {"train_loss": end, "guess_loss": guess},
        cause="rate",
    )


def blew_up(r: Reading) -> Sign | None:
    """Unstable: the training loss is, at some epoch, many times that of a constant output."""
    if not r.is_finite or r.facts.guess_loss is None:
        return None
    high = max(r.guess_loss, r.facts.zero_loss or 0.0)
    losses = r.epochs.train_loss
    top = int(losses.argmax())
    if losses[top] <= BLEW_UP * high:
        return None
    return Sign(
        "unstable",
        f"The training loss is {losses[top]:.3g} in epoch {r.number(top)}, where a constant "
        f"output has {r.guess_loss:.3g}.",
        {"train_loss": float(losses[top]), "guess_loss": r.guess_loss},
        r.number(top),
        "rate",
    )


def oscillating(r: Reading) -> Sign | None:
    """Unstable: the training loss jumps about from epoch to epoch."""
    if not r.is_finite or len(r.epochs) < 10 or r.jitter <= JITTER:
        return None
    return Sign(
        "unstable",
        f"The training loss jumps by {_percent(r.jitter)} of its size from epoch to epoch.",
        {"jitter": r.jitter},
        cause="rate",
    )


def smaller_rate_fits_better(r: Reading) -> Sign | None:
    """Unstable: a tenth of the learning rate fits the training rows far better."""
    slower = r.facts.slower_loss
    if slower is None or not r.is_finite:
        return None
    end = last(r.train_loss)
    if slower >= SLOWER_LEAVES * end or end - slower < SLOWER_GAINS * r.guess_loss:
        return None
    return Sign(
        "unstable",
        f"With a tenth of the learning rate the training loss ends at {slower:.3g} instead of "
        f"{end:.3g}: the rate is too high.",
        {"train_loss": end, "train_loss_at_a_tenth": slower},
        cause="rate",
    )


def fitted_but_at_chance(r: Reading) -> Sign | None:
    """Shuffled labels: the training rows are fitted, and validation is as good as a guess."""
    if not r.is_finite or r.learned_train < FITTED:
        return None
    if r.learned_val > NEAR_GUESS * r.val_error or r.learned_train < NEAR_GUESS * r.val_error:
        return None
    pace = r.facts.permuted_pace
    if pace is not None and pace < PERMUTED_PACE:
        return None
    if pace is None and not _forest_learns_nothing(r):
        return None
    numbers = {"train": r.train_figure, "validation": r.val_figure, "guess": r.guess}
    words = f"{_reach(r)}, where a guess has {r.measure.show(r.guess)}."
    if pace is not None:
        numbers["permuted_pace"] = pace
        words += f" Targets permuted on purpose are as easy to fit ({_times(pace)} the loss)."
    if _forest_learns_nothing(r):
        words += " A random forest learns nothing of the training rows either."
    return Sign("shuffled_labels", words, numbers)


def validation_never_moves(r: Reading) -> Sign | None:
    """Shuffled labels, of curves alone: validation stays where it starts while training falls."""
    if r.knows_rows or not r.is_finite:
        return None
    if r.has_accuracy and r.val_figure > (r.guess + 0.15 if r.facts.classes else CHANCE):
        return None
    train, low = last(r.train_loss), float(r.val_loss.min())
    gained = 1 - low / max(r.guess_loss, 1e-12)
    if train > FALLEN * r.guess_loss or gained > NEVER_MOVES:
        return None
    return Sign(
        "shuffled_labels",
        f"The training loss falls to {train:.3g}, and the validation loss is never lower than "
        f"{low:.3g}, where it starts.",
        {"train_loss": train, "lowest_val_loss": low},
    )


def validation_loss_rises(r: Reading) -> Sign | None:
    """Overfitting: the training loss goes on falling while the validation loss rises."""
    if not r.is_finite or r.best >= r.count - 1 or r.lost_again <= LOST_AGAIN:
        return None
    begin, end = float(r.train_loss[r.best]), last(r.train_loss)
    if end >= 0.9 * begin:
        return None
    low, high, epoch = float(r.val_loss[r.best]), last(r.val_loss), r.number(r.best)
    return Sign(
        "overfitting",
        f"From epoch {epoch} on the training loss falls from {begin:.3g} to {end:.3g}, while the "
        f"validation loss rises from {low:.3g} to {high:.3g}.",
        {"train_loss": end, "val_loss": high, "lowest_val_loss": low},
        epoch,
    )


def large_gap(r: Reading) -> Sign | None:
    """Overfitting: far more is learned of the training rows than of the others."""
    if not r.is_finite:
        return None
    gap = r.learned_train - r.learned_val
    if gap <= LARGE_GAP or gap <= ERRORS * r.val_error:
        return None
    return Sign(
        "overfitting",
        f"{_reach(r)}.",
        {"train": r.train_figure, "validation": r.val_figure},
        r.number(r.best) if r.best < r.count - 1 else None,
    )


def others_learn_more(r: Reading) -> Sign | None:
    """Underfitting: a simple model does better on new rows than the network on its own."""
    if not r.is_finite or not r.facts.references:
        return None
    best = r.facts.references[0]
    ahead = r.learned(best.figure) - r.learned_train
    if ahead <= REFERENCE_AHEAD or ahead <= ERRORS * r.val_error:
        return None
    theirs, own = r.measure.show(best.figure), r.measure.show(r.train_figure)
    return Sign(
        "underfitting",
        f"With {best.name}, {r.measure.words} is {theirs} on validation rows; the network has "
        f"{own} on the rows that it was trained on.",
        {"reference": best.figure, "train": r.train_figure},
        cause="size",
    )


def not_finished(r: Reading) -> Sign | None:
    """Underfitting: training ends while both losses are falling."""
    stopped = r.count < len(r.epochs)  # It went on, and that did not help.
    if not r.is_finite or stopped or r.still_falling <= STILL_FALLING:
        return None
    if r.best < 0.9 * (r.count - 1):
        return None
    learned = 1 - last(r.train_loss) / r.guess_loss
    if learned >= UNFINISHED:
        return None
    return Sign(
        "underfitting",
        f"Both losses are still falling at the end: {_percent(r.still_falling)} of the training "
        "loss's fall lies in the last fifth of the epochs.",
        {"still_falling": r.still_falling, "train_loss": last(r.train_loss)},
        cause="time",
    )


def both_poor(r: Reading) -> Sign | None:
    """Underfitting, of curves alone: neither loss comes down."""
    if r.knows_rows or not r.is_finite:
        return None
    train, val = last(r.train_loss), last(r.val_loss)
    if train < (1 - POOR) * r.guess_loss:
        return None
    return Sign(
        "underfitting",
        f"Both losses stay high: training goes from {r.train_loss[0]:.3g} to {train:.3g}, "
        f"validation from {r.val_loss[0]:.3g} to {val:.3g}.",
        {"train_loss": train, "val_loss": val},
        cause="size",
    )


def few_validation_rows(r: Reading) -> Sign | None:
    """Too little validation data: the interval of the validation figure is too wide to tell."""
    rows = r.facts.validation_rows
    if not rows or not r.is_finite:
        return None
    if r.has_accuracy:
        low, high = wilson(r.val_figure, rows)
        wide = (high - low) / 2 > WIDE_ACCURACY
    else:
        # A mean of squared normal errors varies by √(2/n) of itself.
        share = 1.96 * np.sqrt(2 / rows)
        low, high = r.val_figure / (1 + share), r.val_figure * (1 + share)
        wide = share > WIDE_LOSS
    if not wide:
        return None
    return Sign(
        "too_little_validation",
        f"With {rows} validation rows, {r.measure.words} {r.measure.show(r.val_figure)} may be "
        f"anything from {r.measure.show(low)} to {r.measure.show(high)} (95 %).",
        {"validation_rows": rows, "low": low, "high": high},
    )


RULES: tuple[Rule, ...] = (
    rows_in_both_parts,
    target_among_inputs,
    validation_follows_training,
    diverged,
    worse_than_guessing,
    blew_up,
    smaller_rate_fits_better,
    oscillating,
    fitted_but_at_chance,
    validation_never_moves,
    validation_loss_rises,
    large_gap,
    others_learn_more,
    not_finished,
    both_poor,
    few_validation_rows,
)


def wilson(share: float, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share of independent rows.

    >>> [round(end, 3) for end in wilson(0.9, 10)]
    [0.596, 0.982]

    Source: Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association, 1927.
    """
    z = 1.96
    middle = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
    reach = z / (1 + z**2 / rows) * np.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2))
    return float(max(0.0, middle - reach)), float(min(1.0, middle + reach))


def _reach(r: Reading) -> str:
    train, val = r.measure.show(r.train_figure), r.measure.show(r.val_figure)
    return (
        f"{r.measure.words.capitalize()} is {train} on training rows and {val} on validation rows"
    )


def _forest_learns_nothing(r: Reading) -> bool:
    """Whether a forest does no better than a guess, within two standard errors of a share."""
    learned, rows = r.facts.out_of_bag, r.facts.training_rows or 0
    return learned is not None and rows >= FOREST_ROWS and learned <= ERRORS / np.sqrt(rows)


def _largest_guess_loss(accuracy: float, classes: int | None) -> float:
    """The largest cross-entropy of a constant output that is right this often.

    Args:
        accuracy: of it.
        classes: how many there are; twenty, or more if so few are right, where unknown.
    """
    if classes is not None:
        return float(np.log(classes))
    others = max(20.0, 2 / max(accuracy, 1e-3)) - 1
    p = min(max(accuracy, 1e-3), 0.5)
    return float(-p * np.log(p) - (1 - p) * np.log((1 - p) / others))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _times(pace: float) -> str:
    return f"{pace:.2f} times"
