"""Rules for steps that are too large: training diverges, blows up, or jumps about."""

from __future__ import annotations

import numpy as np

from justright.evidence.diagnosis_fit import STILL_FALLING
from justright.evidence.diagnosis_reading import Reading, last
from justright.evidence.diagnosis_sign import Sign, percent

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


def oscillating(r: Reading) -> Sign | None:
    """Unstable: the training loss jumps about from epoch to epoch."""
    if not r.is_finite or len(r.epochs) < 10 or r.jitter <= JITTER:
        return None
    return Sign(
        "unstable",
        f"The training loss jumps by {percent(r.jitter)} of its size from epoch to epoch.",
        {"jitter": r.jitter},
        cause="rate",
    )


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
