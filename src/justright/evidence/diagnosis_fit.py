"""Rules for how well a network fits: too closely, too little, or too few rows to tell."""

from __future__ import annotations

import numpy as np

from justright.evidence.diagnosis_reading import Reading, last
from justright.evidence.diagnosis_sign import Sign, percent, reach_in_words
from justright.evidence.interval import wilson_interval

# Well-posed trainings lose up to 0.05 of what validation had gained, those of tiny data 1 and more.
LOST_AGAIN = 0.25
# Well-posed trainings learn up to 0.25 more of the training rows than of the others.
LARGE_GAP = 0.35
# References learn at most 0.02 more than well-posed networks do of their own training rows.
REFERENCE_AHEAD = 0.05
# Well-posed trainings have 0.05 of their fall in the last fifth of the epochs, slow ones 0.13.
STILL_FALLING = 0.08
# … and what is learned by then is not yet most of it.
UNFINISHED = 0.9
# Of curves alone: the training loss falls by less than this share of its first value.
POOR = 0.4
# Half the width of the 95 % interval of an accuracy, or of a loss as a share of it.
WIDE_ACCURACY = 0.1
WIDE_LOSS = 0.5
# Standard errors by which a figure differs from a guess or from another.
ERRORS = 2.0


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
        f"{reach_in_words(r.measure, *r.told)}.",
        {"train": r.told[0], "validation": r.told[1]},
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
    theirs, own = r.measure.show(best.figure), r.measure.show(r.told[0])
    return Sign(
        "underfitting",
        f"With {best.name}, {r.measure.words} is {theirs} on validation rows; the network has "
        f"{own} on the rows that it was trained on.",
        {"reference": best.figure, "train": r.told[0]},
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
        f"Both losses are still falling at the end: {percent(r.still_falling)} of the training "
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
        low, high = wilson_interval(r.val_figure, rows)
        wide = (high - low) / 2 > WIDE_ACCURACY
        low, high = wilson_interval(r.told[1], rows)
    else:
        # A mean of squared normal errors varies by √(2/n) of itself.
        share = 1.96 * np.sqrt(2 / rows)
        low, high = r.told[1] / (1 + share), r.told[1] * (1 + share)
        wide = share > WIDE_LOSS
    if not wide:
        return None
    return Sign(
        "too_little_validation",
        f"With {rows} validation rows, {r.measure.words} {r.measure.show(r.told[1])} may be "
        f"anything from {r.measure.show(low)} to {r.measure.show(high)} (95 %).",
        {"validation_rows": rows, "low": low, "high": high},
    )
