"""Which strength the evidence asks for, read off trainings at several; and when not to trust it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from justright.evidence.measure import minus

# Nats by which the posterior could still rise where training counts as come to rest.
_SETTLED = 10.0
# A network of which the data decide less than one weight says the same for every row.
_COLLAPSED = 1.0
# Nats by which the evidence falls between two maxima that count as two.
_DIP = 3.0
# Factor between the evidence's maximum and MacKay's fixed point from which both are told apart.
_APART = 4.0
_FEW_TERMS = 50


@dataclass(frozen=True)
class Readings:
    """The evidence of trainings with several strengths and seeds; NaN for those that failed.

    Attributes:
        strengths: λ, rising, (strengths,).
        log_evidence, effective, unsettled, update: as in `Evidence`, (strengths, seeds).
        weights: how many there are that L2 acts on.
        terms: how many terms −log p(D|w) sums up.
    """

    strengths: np.ndarray
    log_evidence: np.ndarray
    effective: np.ndarray
    unsettled: np.ndarray
    update: np.ndarray
    weights: int
    terms: int

    @property
    def mean(self) -> np.ndarray:
        """The mean log evidence over seeds, −∞ where one has failed, (strengths,)."""
        mean = self.log_evidence.mean(axis=1)
        return np.where(np.isfinite(mean), mean, -np.inf)

    @property
    def best(self) -> int:
        """Where that is highest."""
        return int(self.mean.argmax())

    @property
    def fixed_point(self) -> float | None:
        """λ that MacKay's update leaves as it is; the lowest, if there are several.

        Between two strengths the logarithm of update over strength is taken to be linear.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            excess = np.log(np.median(self.update, axis=1) / self.strengths)
        for i in range(len(excess) - 1):
            up, down = excess[i : i + 2]
            if np.isfinite([up, down]).all() and up > 0 >= down:
                a, b = np.log(self.strengths[i : i + 2])
                return float(np.exp(a + (b - a) * up / (up - down)))
        return None

    @property
    def vertex(self) -> float | None:
        """λ where a parabola through the highest point and its neighbors has its vertex.

        None where the highest point is at an end, or the vertex within 1 % of it.
        """
        i, x = self.best, np.log(self.strengths)
        if not 0 < i < len(x) - 1 or not np.isfinite(self.mean[i - 1 : i + 2]).all():
            return None
        (a, b, c), (u, v, w) = x[i - 1 : i + 2], self.mean[i - 1 : i + 2]
        bend = (b - a) * (v - w) + (c - b) * (v - u)
        if bend <= 0:
            return None
        at = b - 0.5 * ((b - a) ** 2 * (v - w) - (b - c) ** 2 * (v - u)) / bend
        return float(np.exp(at)) if abs(at - b) > 0.01 else None


@dataclass(frozen=True)
class Choice:
    """The strength to use.

    Attributes:
        index: which of the strengths that were trained is the best to go on with.
        strength: λ; MacKay's fixed point where the evidence prefers a network that says nothing.
        doubts: why not to trust it, in sentences; empty if nothing speaks against it.
    """

    index: int
    strength: float
    doubts: tuple[str, ...]


def chosen(readings: Readings) -> Choice:
    """The strength of the highest evidence, and what speaks against it."""
    best, strengths = readings.best, readings.strengths
    strength, doubts = float(strengths[best]), []
    decided = float(np.nanmean(readings.effective[best]))
    if decided < _COLLAPSED:
        fixed = readings.fixed_point
        doubts.append(
            f"The evidence is highest at λ = {strength:.2g}, where the network gives every row the "
            "same: it says that these rows do not support a network of this size."
        )
        if fixed is not None:
            strength = fixed
            best = int(np.abs(np.log(strengths / fixed)).argmin())
            doubts.append("The strength given instead is the fixed point of MacKay's update.")
    elif best in (0, len(strengths) - 1):
        doubts.append(_edge(readings, best))
    return Choice(best, strength, (*doubts, *_of_shape(readings), *_of_training(readings, best)))


def _edge(readings: Readings, best: int) -> str:
    low = best == 0
    at = readings.strengths[best]
    meaning = "these rows hardly ask for L2" if low else "they ask for more"
    return (
        f"The evidence is highest at the {'lowest' if low else 'highest'} strength tried, "
        f"{at:.2g}: {meaning}. Try {'lower' if low else 'higher'} ones."
    )


def _of_shape(readings: Readings) -> list[str]:
    """Doubts from the curve of the evidence, and from seeds that do not agree."""
    said, strengths, mean = [], readings.strengths, readings.mean
    peaks = _peaks(mean)
    if len(peaks) > 1:
        listed = " and ".join(f"{strengths[i]:.2g}" for i in peaks)
        said.append(f"The evidence has more than one maximum: at λ = {listed}.")
    usable = readings.log_evidence[:, np.isfinite(readings.log_evidence).all(axis=0)]
    votes = strengths[usable.argmax(axis=0)] if usable.size else strengths[:0]
    if len(votes) and votes.max() > 10 * votes.min():
        said.append(
            f"Seeds do not agree: their own maxima lie between {votes.min():.2g} and "
            f"{votes.max():.2g}."
        )
    fixed = readings.fixed_point
    if fixed is not None:
        factor = fixed / strengths[readings.best]
        if max(factor, 1 / factor) > _APART:
            said.append(
                f"The fixed point of MacKay's update is at λ = {fixed:.2g}, far from the maximum: "
                "the approximation is not consistent with itself here."
            )
    failed = ~np.isfinite(readings.log_evidence)
    if failed.any():
        said.append(
            f"{int(failed.sum())} of {failed.size} trainings failed; strengths with a failed one "
            "are left out."
        )
    return said


def _of_training(readings: Readings, best: int) -> list[str]:
    said = []
    unsettled = float(np.nanmedian(readings.unsettled[best]))
    if unsettled > _SETTLED:
        said.append(
            f"Training has not come to rest: a Newton step would still raise the log posterior by "
            f"{unsettled:.3g}. Give it more epochs, or a learning rate that falls to 0."
        )
    decided = float(np.nanmean(readings.effective[best]))
    if decided > readings.terms:
        said.append(
            f"The approximation has {decided:.0f} weights decided by {readings.terms} numbers, "
            "which is more than there can be. Take curvature='full'."
        )
    if readings.terms < _FEW_TERMS:
        said.append(
            f"There are {readings.terms} numbers to learn from: the posterior is wide, and not "
            "the Gaussian that it is taken for."
        )
    return said


def _peaks(mean: np.ndarray) -> list[int]:
    """Positions of maxima between which the evidence falls by more than `_DIP`."""
    first, *others = np.flatnonzero(np.isfinite(mean)).tolist()
    peaks, lowest = [first], mean[first]
    for i in others:
        lowest = min(lowest, mean[i])
        if min(mean[i], mean[peaks[-1]]) - lowest > _DIP:
            peaks, lowest = [*peaks, i], mean[i]
        elif mean[i] > mean[peaks[-1]]:
            peaks[-1], lowest = i, mean[i]
    return peaks


def told(
    readings: Readings, choice: Choice, deviation: float, noise: float | None, rows: int
) -> str:
    """What the evidence says, in a few sentences.

    Args:
        readings: the evidence.
        choice: what was made of it.
        deviation: of the prior that the choice is.
        noise: of the targets, if they are numbers.
        rows: how many there are.
    """
    i, mean = choice.index, readings.mean
    decided, seeds = float(np.nanmean(readings.effective[i])), readings.log_evidence.shape[1]
    said = (
        f"{rows:,} rows without a validation set ask for L2({choice.strength:.3g}): a Gaussian "
        f"prior of deviation {deviation:.3g} on each of {readings.weights:,} weights, of which the "
        f"data decide {decided:.0f}. The log evidence at λ = {readings.strengths[i]:.2g} is "
        f"{minus(f'{mean[i]:.1f}')}{f' (mean of {seeds} seeds)' * (seeds > 1)}"
    )
    others = [j for j in (0, len(mean) - 1) if j != i and np.isfinite(mean[j])]
    ends = [f"{minus(f'{mean[j]:.1f}')} at {readings.strengths[j]:.2g}" for j in others]
    said += f", against {' and '.join(ends)}." if ends else "."
    if noise is not None:
        said += f" The noise of the targets is fitted as {noise:.3g}."
    return said
