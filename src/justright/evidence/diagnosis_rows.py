"""Rules for what is wrong with the rows: leaks, and labels without meaning."""

from __future__ import annotations

import numpy as np

from justright.evidence.diagnosis_fit import ERRORS, few_validation_rows
from justright.evidence.diagnosis_reading import Reading, last
from justright.evidence.diagnosis_sign import Sign, percent, reach_in_words

# Validation rows that also train, beyond those that chance would bring, as a share.
SHARED = 0.02
# One input tells so much of the target by itself …
TELLING = 0.98
# … and the next one less by this.
TELLING_AHEAD = 0.1
# Fitted: so much of the training rows is learned that validation should show some of it.
FITTED = 0.15
# Where 1 means as easy to fit as permuted targets: memorized ones have up to 0.55, shuffled ones
# 0.9 and more.
PERMUTED_PACE = 0.75
# Of fewer rows a forest learns little, whatever the target.
FOREST_ROWS = 60
# Validation is near a guess: wider, because something else decides between the two.
NEAR_GUESS = 3.0
# … and the interval excludes that so much is learned of new rows, which takes some fifty of them.
LITTLE = 1 / 3
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
        f"The input {telling.name!r} alone tells {percent(telling.score)} of what there is to "
        f"know of the target; the next one tells {percent(max(telling.next_score, 0))}.",
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


def fitted_but_at_chance(r: Reading) -> Sign | None:
    """Shuffled labels: the training rows are fitted, and validation is as good as a guess."""
    if not at_chance(r) or _forest_learns(r):
        return None
    pace = r.facts.permuted_pace
    if pace is not None and pace < PERMUTED_PACE:
        return None
    if pace is None and not _forest_learns_nothing(r):
        return None
    numbers = {"train": r.told[0], "validation": r.told[1], "guess": r.guess}
    words = f"{reach_in_words(r.measure, *r.told)}, where a guess has {r.measure.show(r.guess)}."
    if r.test_counts and r.test_figure is not None:
        numbers["test"] = r.test_figure
        words += f" On test rows it is {r.measure.show(r.test_figure)}."
    if pace is not None:
        numbers["permuted_pace"] = pace
        words += f" Targets permuted on purpose are as easy to fit ({pace:.2f} times the loss)."
    if _forest_learns_nothing(r):
        words += " A random forest learns nothing of the training rows either."
    return Sign("shuffled_labels", words, numbers)


def at_chance(r: Reading) -> bool:
    """Whether training rows are fitted, and new rows are no better than a guess.

    New rows are those of validation and of the test; where they are few, the interval of their
    figure reaches far, and what it may hold besides a guess is not denied.
    """
    if not r.is_finite or r.learned_train < FITTED:
        return False
    learned, error = r.learned_new, r.new_error
    if learned > NEAR_GUESS * error or r.learned_train < NEAR_GUESS * error:
        return False
    return learned + ERRORS * error < LITTLE


def validation_never_moves(r: Reading) -> Sign | None:
    """Shuffled labels, of curves alone: validation stays where it starts while training falls."""
    if r.knows_rows or not r.is_finite:
        return None
    if r.facts.validation_rows and r.learned_val + ERRORS * r.val_error >= LITTLE:
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


def _forest_learns(r: Reading) -> bool:
    """Whether a forest does better than a guess on training rows that its trees have not seen."""
    learned, rows = r.facts.out_of_bag, r.facts.training_rows or 0
    return learned is not None and bool(rows) and learned > NEAR_GUESS / np.sqrt(rows)


def _forest_learns_nothing(r: Reading) -> bool:
    """Whether a forest does no better than a guess, within two standard errors of a share."""
    learned, rows = r.facts.out_of_bag, r.facts.training_rows or 0
    return learned is not None and rows >= FOREST_ROWS and learned <= ERRORS / np.sqrt(rows)
